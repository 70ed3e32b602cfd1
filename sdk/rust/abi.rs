// SPDX-License-Identifier: Apache-2.0
//! qetl/plugin.h, version 1.0, in Rust: structs, codes, names of extensions. What each callback may do and answer is said in the
//! header. `layout` tells where each field stands, to be compared with the header by a compiler of C.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const ABI_VERSION: u32 = 1 << 16;

pub const OK: i32 = 0;
pub const BATCH: i32 = 1;
pub const BYTES: i32 = 2;
pub const IDLE: i32 = 3;
pub const END: i32 = 4;
pub const NEED_INPUT: i32 = 5;
pub const OUTPUT: i32 = 6;
pub const MORE: i32 = 7;
pub const BLOCKED: i32 = 8;
pub const BUSY: i32 = 9;
pub const E_FATAL: i32 = -1;
pub const E_CONFIG: i32 = -2;
pub const E_DATA: i32 = -3;
pub const E_AUTH: i32 = -4;
pub const E_ENVIRONMENT: i32 = -5;
pub const E_RETRY_CALL: i32 = -6;
pub const E_RETRY_EPOCH: i32 = -7;
pub const E_THROTTLED: i32 = -8;
pub const E_CANCELLED: i32 = -9;
pub const E_NO_MEMORY: i32 = -10;
pub const E_UNSUPPORTED: i32 = -11;
pub const E_CLOSED: i32 = -12;
pub const E_FENCED: i32 = -13;
pub const E_IN_DOUBT: i32 = -14;
pub const E_ROW: i32 = -15;

pub const SOURCE: u32 = 1;
pub const TRANSFORM: u32 = 2;
pub const SINK: u32 = 3;
pub const FORMAT: u32 = 4;

pub const FORM_VALUE: u32 = 1;
pub const FORM_LEXICAL: u32 = 2;

pub const EMITS_BATCHES: u32 = 1;
pub const EMITS_BYTES: u32 = 2;
pub const REPLAYABLE: u32 = 1;
pub const ITEM_CUT: u32 = 1;
pub const ITEM_OBJECT_START: u32 = 2;
pub const ITEM_OBJECT_END: u32 = 4;

pub const ROWS_KEEP: u32 = 1;
pub const ROWS_SUBSET: u32 = 2;
pub const DISTRIBUTION_SINGLE: u32 = 2;
pub const EVENT_BATCH: u32 = 1;
pub const EVENT_END: u32 = 7;

pub const TAKES_BATCHES: u32 = 1;
pub const TAKES_BYTES: u32 = 2;
pub const TRANSACTIONAL: u32 = 1;
pub const IDEMPOTENT: u32 = 2;
pub const APPEND: u32 = 3;
pub const COMMIT_NONE: u32 = 0;
pub const COMMIT_TWO_PHASE: u32 = 1;

pub const ENCODE_CONCATENABLE: u32 = 1;
pub const DECODE_VALUES: u32 = 2;

pub const OPTION_NULL: i32 = 1; // 0: it is absent
pub const LOG_ERROR: i32 = 0;
pub const LOG_WARN: i32 = 1;
pub const LOG_INFO: i32 = 2;
pub const LOG_DEBUG: i32 = 3;

pub const FLAG_NULLABLE: i64 = 2;
pub const EXT_OPTIONS: &[u8] = b"qetl.options/1\0";
pub const EXT_RUN: &[u8] = b"qetl.run/1\0";

/// The host's handle of one instance: passed back, never looked into.
#[repr(C)]
pub struct Ctx {
    _private: [u8; 0],
}

/// Declares structs as C lays them out, and what `layout` tells of them.
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
    "qetl_blob" Blob {
        data: *const c_void,
        size: usize,
    }
    "qetl_epoch" Epoch {
        struct_size: u32,
        flags: u32,
        number: u64,
        generation: u64,
        pipeline: *const c_char,
        component: *const c_char,
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
        source: *const Source,
        transform: *const Transform,
        sink: *const Sink,
        format: *const Format,
    }
    "qetl_plugin" Plugin {
        struct_size: u32,
        abi: u32,
        id: *const c_char,
        version: *const c_char,
        n_components: u32,
        components: *const *const Component,
    }
    "qetl_demand" Demand {
        struct_size: u32,
        max_rows: i64,
        max_bytes: i64,
        deadline_ns: i64,
        space: *mut c_void,
        flags: u32,
        reserved: u32,
    }
    "qetl_item" Item {
        struct_size: u32,
        flags: u32,
        stream: u32,
        reserved: u32,
        batch: ArrowArray,
        schema: ArrowSchema,
        bytes: i64,
        object: *const c_char,
        offset: i64,
        position: Blob,
        bytes_read: i64,
        watermark_us: i64,
        object_id: u64,
    }
    "qetl_source_info" SourceInfo {
        struct_size: u32,
        emits: u32,
        delivery: u32,
        schema: ArrowSchema,
        bytes_expected: i64,
        rows_expected: i64,
        endless: u32,
    }
    "qetl_source" Source {
        struct_size: u32,
        describe: Option<unsafe extern "C" fn(*mut c_void, *mut SourceInfo) -> i32>,
        negotiate: Option<unsafe extern "C" fn(*mut c_void, *mut c_void) -> i32>,
        plan_splits: Option<unsafe extern "C" fn(*mut c_void, i64, *const Writer) -> i32>,
        open: Option<unsafe extern "C" fn(*mut c_void, Blob, *const Blob) -> i32>,
        next: Option<unsafe extern "C" fn(*mut c_void, *const Demand, *mut Item) -> i32>,
        ack: Option<unsafe extern "C" fn(*mut c_void, Blob) -> i32>,
        nack: Option<unsafe extern "C" fn(*mut c_void, Blob) -> i32>,
        on_revoke: Option<unsafe extern "C" fn(*mut c_void, Blob) -> i32>,
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
    "qetl_sink_info" SinkInfo {
        struct_size: u32,
        takes: u32,
        delivery: u32,
        commit: u32,
        reserved: u64,
    }
    "qetl_write" Write {
        struct_size: u32,
        stream: u32,
        batch: *mut ArrowArray,
        bytes: *const c_void,
        bytes_size: i64,
        rows: i64,
        rows_written: i64,
        n_keys: i64,
        keys: *const Blob,
    }
    "qetl_sink" Sink {
        struct_size: u32,
        describe: Option<unsafe extern "C" fn(*mut c_void, *mut SinkInfo) -> i32>,
        forms: Option<unsafe extern "C" fn(*mut c_void, *const ArrowSchema, *mut u32) -> i32>,
        open: Option<unsafe extern "C" fn(*mut c_void, u32, *const ArrowSchema) -> i32>,
        write: Option<unsafe extern "C" fn(*mut c_void, *mut Write) -> i32>,
        prepare: Option<unsafe extern "C" fn(*mut c_void, *const Epoch, *const Writer) -> i32>,
        commit: Option<unsafe extern "C" fn(*mut c_void, *const Epoch, i64, *const Blob) -> i32>,
        abort: Option<unsafe extern "C" fn(*mut c_void, *const Epoch, i64, *const Blob) -> i32>,
        last_committed: Option<unsafe extern "C" fn(*mut c_void, *const Epoch, *mut u64) -> i32>,
    }
    "qetl_sample" Sample {
        struct_size: u32,
        whole: u32,
        data: *const u8,
        size: i64,
        object: *const c_char,
        glimpse: Option<unsafe extern "C" fn(*mut c_void, i64, *mut c_void, i64) -> i64>,
        stream: *mut c_void,
        object_size: i64,
    }
    "qetl_inferred" Inferred {
        struct_size: u32,
        schema: ArrowSchema,
        prologue: Blob,
        summary: *const c_char,
        instead: *const c_char,
    }
    "qetl_want" Want {
        column: i64,
        form: u32,
        flags: u32,
    }
    "qetl_frame" Frame {
        struct_size: u32,
        flags: u32,
        data: *const u8,
        size: i64,
        max_record: i64,
        object: *const c_char,
        offset: i64,
        begin: i64,
        used: i64,
        rejected: i64,
        empty: i64,
        note: Blob,
    }
    "qetl_chunk" Chunk {
        struct_size: u32,
        more: u32,
        data: *const u8,
        size: i64,
        buffer: *mut c_void,
        object: *const c_char,
        offset: i64,
        tail_room: i64,
        note: Blob,
    }
    "qetl_decoded" Decoded {
        struct_size: u32,
        batch: ArrowArray,
        schema: ArrowSchema,
        rows: i64,
        records: i64,
        record_map: *const i32,
        record_offsets: *const i32,
    }
    "qetl_space" Space {
        data: *mut u8,
        size: i64,
        capacity: i64,
        reserve: unsafe extern "C" fn(*mut Space, i64) -> i32,
    }
    "qetl_format_info" FormatInfo {
        struct_size: u32,
        encode: u32,
        decode: u32,
        reserved: u32,
        reserved_2: u64,
    }
    "qetl_format" Format {
        struct_size: u32,
        describe: Option<unsafe extern "C" fn(*mut c_void, *mut FormatInfo) -> i32>,
        infer: Option<unsafe extern "C" fn(*mut c_void, *const Sample, *mut Inferred) -> i32>,
        open_decode: Option<unsafe extern "C" fn(*mut c_void, *const ArrowSchema, Blob, i64, *const Want) -> i32>,
        frame: Option<unsafe extern "C" fn(*mut c_void, *mut Frame) -> i32>,
        decode: Option<unsafe extern "C" fn(*mut c_void, *const Chunk, *mut Decoded) -> i32>,
        forms: Option<unsafe extern "C" fn(*mut c_void, *const ArrowSchema, *mut u32) -> i32>,
        open_encode: Option<unsafe extern "C" fn(*mut c_void, *const ArrowSchema) -> i32>,
        begin: Option<unsafe extern "C" fn(*mut c_void, *mut Space) -> i32>,
        finish: Option<unsafe extern "C" fn(*mut c_void, *mut Space) -> i32>,
        encode: Option<unsafe extern "C" fn(*mut c_void, *const ArrowArray, *mut Space) -> i32>,
        decode_late: Option<unsafe extern "C" fn(*mut c_void, i64, *const i32, *mut ArrowArray) -> i32>,
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
    "qetl_run_facts" RunFacts {
        struct_size: u32,
        endless: unsafe extern "C" fn(*mut Ctx) -> i32,
        resumes: unsafe extern "C" fn(*mut Ctx) -> i32,
        checkpoints: unsafe extern "C" fn(*mut Ctx) -> i32,
        owner: Option<unsafe extern "C" fn(*mut Ctx) -> *const c_char>,
    }
}
