// SPDX-License-Identifier: Apache-2.0
//! The part of qetl/plugin.h that a transform needs, written by hand. `layout.rs` prints the size of
//! each struct and the place of each field, to be compared with those of the header.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const ABI_VERSION: u32 = 1 << 16;

pub const OK: i32 = 0;
pub const END: i32 = 4;
pub const NEED_INPUT: i32 = 5;
pub const OUTPUT: i32 = 6;
pub const E_FATAL: i32 = -1;
pub const E_CONFIG: i32 = -2;
pub const E_DATA: i32 = -3;
pub const E_NO_MEMORY: i32 = -10;
pub const E_UNSUPPORTED: i32 = -11;

pub const TRANSFORM: u32 = 2;
pub const FORM_VALUE: u32 = 1;
pub const ROWS_SUBSET: u32 = 2;
pub const EVENT_BATCH: u32 = 1;
pub const EVENT_END: u32 = 7;
pub const FLAG_NULLABLE: i64 = 2;
pub const EXT_OPTIONS: &[u8] = b"qetl.options/1\0";

/// The host's handle of one instance: passed back, never looked into.
#[repr(C)]
pub struct Ctx {
    _private: [u8; 0],
}

/// Declares structs as C lays them out, and what `layout.rs` prints of them.
macro_rules! structs {
    ($($(#[$doc:meta])* $c:literal $name:ident { $($field:ident: $type:ty,)* })*) => {
        $($(#[$doc])* #[repr(C)] #[derive(Clone, Copy)] pub struct $name { $(pub $field: $type,)* })*
        /// (struct, field, offset); an empty field: the size.
        pub fn layout() -> Vec<(&'static str, &'static str, usize)> {
            let mut out = Vec::new();
            $({
                let it = std::mem::MaybeUninit::<$name>::uninit();
                let base = it.as_ptr();
                out.push(($c, "", std::mem::size_of::<$name>()));
                $(out.push(($c, stringify!($field), unsafe {
                    (std::ptr::addr_of!((*base).$field) as usize) - (base as usize)
                }));)*
            })*
            out
        }
    };
}

structs! {
    "ArrowSchema" ArrowSchema {
        format: *const c_char,
        name: *const c_char,
        metadata: *const c_char,
        flags: i64,
        n_children: i64,
        children: *mut *mut ArrowSchema,
        dictionary: *mut ArrowSchema,
        release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
        private_data: *mut c_void,
    }
    "ArrowArray" ArrowArray {
        length: i64,
        null_count: i64,
        offset: i64,
        n_buffers: i64,
        n_children: i64,
        buffers: *mut *const c_void,
        children: *mut *mut ArrowArray,
        dictionary: *mut ArrowArray,
        release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
        private_data: *mut c_void,
    }
    "qetl_error_info" ErrorInfo {
        struct_size: u32,
        code: i32,
        message: *const c_char,
        suggestion: *const c_char,
        option: *const c_char,
        vendor_code: *const c_char,
        retry_after_ms: i64,
        text: *const c_char,
        text_begin: i64,
        text_end: i64,
    }
    "qetl_reject" Reject {
        struct_size: u32,
        port: i32,
        row: i64,
        column: i64,
        code: *const c_char,
        message: *const c_char,
        bytes: *const c_void,
        bytes_size: i64,
        bytes_offset: i64,
        bytes_cut: i64,
    }
    "qetl_host" Host {
        struct_size: u32,
        abi: u32,
        error: unsafe extern "C" fn(*mut Ctx, *const ErrorInfo) -> i32,
        log: unsafe extern "C" fn(*mut Ctx, i32, *const c_char),
        reject: unsafe extern "C" fn(*mut Ctx, *const Reject),
        wake: unsafe extern "C" fn(*mut Ctx),
        cancelled: unsafe extern "C" fn(*mut Ctx) -> i32,
        request_epoch: unsafe extern "C" fn(*mut Ctx),
        buffer_alloc: unsafe extern "C" fn(*mut Ctx, usize) -> *mut c_void,
        buffer_retain: unsafe extern "C" fn(*mut c_void),
        buffer_free: unsafe extern "C" fn(*mut c_void),
        get_extension: unsafe extern "C" fn(*mut Ctx, *const c_char) -> *const c_void,
    }
    "qetl_writer" Writer {
        stream: *mut c_void,
        write: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> i32,
    }
    "qetl_reader" Reader {
        stream: *mut c_void,
        read: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> i64,
    }
    "qetl_component" Component {
        struct_size: u32,
        kind: u32,
        id: *const c_char,
        state_size: usize,
        create: Option<unsafe extern "C" fn(*mut c_void, *const Host, *mut Ctx, *const c_char) -> i32>,
        destroy: Option<unsafe extern "C" fn(*mut c_void)>,
        start: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
        stop: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
        interrupt: Option<unsafe extern "C" fn(*mut c_void)>,
        save: Option<unsafe extern "C" fn(*mut c_void, *mut u32, *const Writer) -> i32>,
        restore: Option<unsafe extern "C" fn(*mut c_void, u32, *const Reader) -> i32>,
        get_extension: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void>,
        source: *const c_void,
        transform: *const Transform,
        sink: *const c_void,
        format: *const c_void,
    }
    "qetl_plugin" Plugin {
        struct_size: u32,
        abi: u32,
        id: *const c_char,
        version: *const c_char,
        n_components: u32,
        components: *const *const Component,
    }
    "qetl_binder" Binder {
        struct_size: u32,
        read: unsafe extern "C" fn(*mut Binder, u32, i64, u32) -> i32,
        copy: unsafe extern "C" fn(*mut Binder, u32, i64, u32, i64, *const c_char) -> i32,
        derive: unsafe extern "C" fn(*mut Binder, u32, *mut ArrowSchema, i64, *const i64) -> i32,
        rows: unsafe extern "C" fn(*mut Binder, u32, u32) -> i32,
        distribution: unsafe extern "C" fn(*mut Binder, u32, i64, *const i64) -> i32,
        input: unsafe extern "C" fn(*mut Binder, u32, u32) -> i32,
    }
    "qetl_event" Event {
        struct_size: u32,
        kind: u32,
        port: u32,
        stream: u32,
        batch: *mut ArrowArray,
        rows: i64,
        epoch: u64,
        watermark_us: i64,
        schema: *const ArrowSchema,
    }
    "qetl_output" Output {
        struct_size: u32,
        port: u32,
        batch: ArrowArray,
        rows: i64,
        row_map: *const i32,
        rows_filtered: i64,
        rows_added: i64,
        rows_reduced: i64,
        rows_held: i64,
        derived_map: *const i32,
    }
    "qetl_transform" Transform {
        struct_size: u32,
        bind: Option<unsafe extern "C" fn(*mut c_void, u32, *const *const ArrowSchema, *mut Binder) -> i32>,
        process: Option<unsafe extern "C" fn(*mut c_void, *const Event, *mut Output) -> i32>,
        merge: Option<unsafe extern "C" fn(*mut c_void, u32, *const Reader) -> i32>,
    }
    "qetl_options" Options {
        struct_size: u32,
        kind: unsafe extern "C" fn(*mut Ctx, *const c_char) -> i32,
        count: unsafe extern "C" fn(*mut Ctx, *const c_char) -> i64,
        key: unsafe extern "C" fn(*mut Ctx, *const c_char, i64) -> *const c_char,
        text: unsafe extern "C" fn(*mut Ctx, *const c_char) -> *const c_char,
        integer: unsafe extern "C" fn(*mut Ctx, *const c_char) -> i64,
        real: unsafe extern "C" fn(*mut Ctx, *const c_char) -> f64,
        boolean: unsafe extern "C" fn(*mut Ctx, *const c_char) -> i32,
    }
}
