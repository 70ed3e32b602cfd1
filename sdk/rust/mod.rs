// SPDX-License-Identifier: Apache-2.0
//! qetl for plugins in Rust, with nothing but the standard library (1.63 or later). It stands as the folder `src/qetl` beside
//! the plugin's own `src/lib.rs`: `mod qetl; use qetl::*;`. Nothing in it is the plugin's: take a newer one as a whole.
//!
//!   abi      qetl/plugin.h in Rust
//!   row      a row at a time, without `unsafe`: what is read, made, rejected; `row_source!`, `row_transform!`, `row_sink!` and
//!            `row_format!` in row_source, row_transform, row_sink and row_format
//!   types    columns' types by their SQL names; values: reading and building columns of them
//!   parse    values from texts; render: texts of values
//!   border   callbacks to methods, errors and panics to statuses, options, rejects, `plugin!`
//!   arrow    schemas, columns of texts and integers, for those who write callbacks themselves
//!   parcel   small records: positions, handles, states
//!   memory   what happens when there is no memory
#![allow(dead_code)]

pub mod abi;
pub mod arrow;
pub mod border;
pub mod memory;
pub mod parcel;
pub mod parse;
pub mod render;
pub mod row;
pub mod row_format;
pub mod row_sink;
pub mod row_source;
pub mod row_transform;
pub mod types;
pub mod values;

pub use abi::*;
pub use border::*;
