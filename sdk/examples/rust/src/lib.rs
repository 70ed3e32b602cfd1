// SPDX-License-Identifier: Apache-2.0
//! A transform that adds a column with the number of characters in a column of text. Nothing but
//! the standard library and the header's structs; no panic leaves a callback.

mod arrow;
mod qetl;

use arrow::{field_new, Column, Numbers};
use qetl::*;
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null;

/// The manifest, as the ELF note that the host reads without loading the library.
const MANIFEST: &[u8] = include_bytes!("../measure.qetl.json");

#[repr(C, align(4))]
pub struct Note {
    name_size: u32,
    size: u32,
    kind: u32,
    name: [u8; 8],
    manifest: [u8; MANIFEST.len()],
}

#[used]
#[link_section = ".note.qetl"]
pub static NOTE: Note = Note {
    name_size: 5,
    size: MANIFEST.len() as u32,
    kind: 1,
    name: *b"qetl\0\0\0\0",
    manifest: *include_bytes!("../measure.qetl.json"),
};

/// A status and, unless the host has been told already, what is wrong: option, message, mend.
struct Failure(i32, Option<(&'static str, String, &'static str)>);

fn checked(status: i32) -> Result<i32, Failure> {
    if status < 0 { Err(Failure(status, None)) } else { Ok(status) }
}

struct Measure {
    host: *const Host,
    ctx: *mut Ctx,
    column: String,
    most: i64,
    format: String,
    kept: Vec<i32>,
}

/// What the host's zeroed memory holds.
struct State(*mut Measure);

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "?")).unwrap_or_default()
}

unsafe fn report(host: *const Host, ctx: *mut Ctx, failure: Failure) -> i32 {
    let Failure(code, told) = failure;
    if let Some((option, message, mend)) = told {
        let (option, message, mend) = (c_text(option), c_text(&message), c_text(mend));
        let info = ErrorInfo {
            struct_size: std::mem::size_of::<ErrorInfo>() as u32,
            code,
            message: message.as_ptr(),
            suggestion: mend.as_ptr(),
            option: option.as_ptr(),
            vendor_code: null(),
            retry_after_ms: 0,
            text: null(),
            text_begin: 0,
            text_end: 0,
        };
        return ((*host).error)(ctx, &info);
    }
    code
}

/// The border: errors become statuses, and so do panics.
unsafe fn guarded(host: *const Host, ctx: *mut Ctx, body: impl FnOnce() -> Result<i32, Failure>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => report(host, ctx, failure),
        Err(_) => report(host, ctx, Failure(E_FATAL, Some(("", "measure has a bug".into(), "report it")))),
    }
}

impl Measure {
    unsafe fn new(host: *const Host, ctx: *mut Ctx) -> Result<Measure, Failure> {
        let options = ((*host).get_extension)(ctx, EXT_OPTIONS.as_ptr() as *const c_char) as *const Options;
        if options.is_null() {
            return Err(Failure(E_UNSUPPORTED, Some(("", "no qetl.options/1".into(), "use a newer qetl"))));
        }
        let column = ((*options).text)(ctx, b"/column\0".as_ptr() as *const c_char);
        if column.is_null() {
            return Err(Failure(E_CONFIG, Some(("/column", "a name is missing".into(), "name a column"))));
        }
        Ok(Measure {
            host,
            ctx,
            column: CStr::from_ptr(column).to_string_lossy().into_owned(),
            most: ((*options).integer)(ctx, b"/most\0".as_ptr() as *const c_char),
            format: String::new(),
            kept: Vec::new(),
        })
    }

    unsafe fn bind(&mut self, input: &ArrowSchema, binder: *mut Binder) -> Result<i32, Failure> {
        let mut found = None;
        for i in 0..input.n_children {
            let child = *input.children.add(i as usize);
            checked(((*binder).copy)(binder, 0, -1, 0, i, null()))?;
            if CStr::from_ptr((*child).name).to_bytes() == self.column.as_bytes() {
                found = Some((i, CStr::from_ptr((*child).format).to_string_lossy().into_owned()));
            }
        }
        let (at, format) = found.ok_or_else(|| {
            Failure(E_CONFIG, Some(("/column", format!("there is no column \"{}\"", self.column), "name one of the input")))
        })?;
        if !["vu", "u", "U"].contains(&format.as_str()) {
            return Err(Failure(E_CONFIG, Some(("/column", format!("column \"{}\" is no text", self.column), "name a column of text"))));
        }
        self.format = format;
        checked(((*binder).read)(binder, 0, at, FORM_VALUE))?;
        let mut field = field_new(&format!("{}_length", self.column), "l");
        let status = ((*binder).derive)(binder, 0, &mut field, 1, &at);
        if let Some(release) = field.release {
            release(&mut field); // it was not taken
        }
        checked(status)?;
        Ok(((*binder).rows)(binder, 0, ROWS_SUBSET))
    }

    unsafe fn reject(&self, row: i64, length: i64) {
        let message = c_text(&format!("{} characters, where {} are the most", length, self.most));
        let reject = Reject {
            struct_size: std::mem::size_of::<Reject>() as u32,
            port: 0,
            row,
            column: 0,
            code: b"too_long\0".as_ptr() as *const c_char,
            message: message.as_ptr(),
            bytes: null(),
            bytes_size: 0,
            bytes_offset: 0,
            bytes_cut: 0,
        };
        ((*self.host).reject)(self.ctx, &reject);
    }

    unsafe fn process(&mut self, event: &Event, out: &mut Output) -> Result<i32, Failure> {
        if event.kind != EVENT_BATCH {
            return Ok(if event.kind == EVENT_END { END } else { NEED_INPUT });
        }
        let column = Column::of_child(&*event.batch, 0, &self.format);
        let mut made = Numbers::new(&*self.host, self.ctx, event.rows).ok_or(Failure(E_NO_MEMORY, None))?;
        self.kept.clear();
        for row in 0..event.rows {
            let length = column.text(row).map(|bytes| bytes.iter().filter(|b| (**b & 0xc0) != 0x80).count() as i64);
            match length {
                Some(n) if self.most > 0 && n > self.most => self.reject(row, n),
                _ => {
                    made.push(length);
                    self.kept.push(row as i32);
                }
            }
        }
        out.rows = self.kept.len() as i64;
        out.row_map = self.kept.as_ptr();
        out.batch = made.into_batch();
        Ok(OUTPUT)
    }
}

unsafe fn of<'a>(this: *mut c_void) -> &'a mut Measure {
    &mut *(*(this as *mut State)).0
}

unsafe extern "C" fn create(this: *mut c_void, host: *const Host, ctx: *mut Ctx, _config: *const c_char) -> i32 {
    guarded(host, ctx, || {
        (*(this as *mut State)).0 = Box::into_raw(Box::new(Measure::new(host, ctx)?));
        Ok(OK)
    })
}

unsafe extern "C" fn destroy(this: *mut c_void) {
    let made = (*(this as *mut State)).0;
    if !made.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(made))));
    }
}

unsafe extern "C" fn bind(this: *mut c_void, _n: u32, inputs: *const *const ArrowSchema, binder: *mut Binder) -> i32 {
    let m = of(this);
    guarded(m.host, m.ctx, || m.bind(&**inputs, binder))
}

unsafe extern "C" fn process(this: *mut c_void, event: *const Event, out: *mut Output) -> i32 {
    let m = of(this);
    guarded(m.host, m.ctx, || m.process(&*event, &mut *out))
}

/// Tables hold pointers, which Rust does not share between threads unless it is told that it may.
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

static TRANSFORM_TABLE: Transform = Transform {
    struct_size: std::mem::size_of::<Transform>() as u32,
    bind: Some(bind),
    process: Some(process),
    merge: None,
};

static COMPONENT: Shared<Component> = Shared(Component {
    struct_size: std::mem::size_of::<Component>() as u32,
    kind: TRANSFORM,
    id: b"measure\0".as_ptr() as *const c_char,
    state_size: std::mem::size_of::<State>(),
    create: Some(create),
    destroy: Some(destroy),
    start: None,
    stop: None,
    interrupt: None,
    save: None,
    restore: None,
    get_extension: None,
    source: null(),
    transform: &TRANSFORM_TABLE,
    sink: null(),
    format: null(),
});

static COMPONENTS: Shared<[*const Component; 1]> = Shared([&COMPONENT.0]);

static PLUGIN: Shared<Plugin> = Shared(Plugin {
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi: ABI_VERSION,
    id: b"measure\0".as_ptr() as *const c_char,
    version: b"0.1.0\0".as_ptr() as *const c_char,
    n_components: 1,
    components: COMPONENTS.0.as_ptr(),
});

/// The one exported symbol.
///
/// # Safety
/// The host calls it, with its own pointers.
#[no_mangle]
pub unsafe extern "C" fn qetl_plugin_entry(_host: *const Host, _ctx: *mut Ctx, abi: *mut u32, out: *mut *const Plugin) -> i32 {
    if *abi >> 16 != ABI_VERSION >> 16 {
        return E_UNSUPPORTED;
    }
    *abi = (*abi).min(ABI_VERSION);
    *out = &PLUGIN.0;
    OK
}
