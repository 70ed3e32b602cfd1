// SPDX-License-Identifier: Apache-2.0
//! qetl for plugins in Rust, with nothing but the standard library (1.63 or later). It stands as the folder `src/qetl` beside
//! the plugin's own `src/lib.rs`: `mod qetl; use qetl::*;`. Nothing in it is the plugin's: take a newer one as a whole.
//!
//!   abi      qetl/plugin.h in Rust
//!   border   callbacks to methods, errors and panics to statuses, options, rejects, `plugin!`
//!   arrow    schemas, columns that are read, columns that are built
//!   parcel   small records: positions, handles, states
//!   memory   what happens when there is no memory
#![allow(dead_code)]

pub mod abi;
pub mod arrow;
pub mod border;
pub mod memory;
pub mod parcel;

pub use abi::*;
pub use border::*;
