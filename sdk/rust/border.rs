// SPDX-License-Identifier: Apache-2.0
//! Between qetl's C callbacks and methods in Rust: errors become status codes, and so do panics, which may not leave a callback.

use super::abi::*;
use super::memory;
use std::any::Any;
use std::ffi::{CStr, CString};
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null;

/// What a call answers for a failure; `what` None: the host has been told already.
pub struct Failure {
    pub code: i32,
    pub what: Option<What>,
}

pub struct What {
    pub message: String,
    pub option: &'static str,
    pub mend: &'static str,
    pub retry_after_ms: i64,
}

pub type Answer = Result<i32, Failure>;

pub fn fail<T>(code: i32, option: &'static str, mend: &'static str, message: String) -> Result<T, Failure> {
    Err(Failure { code, what: Some(What { message, option, mend, retry_after_ms: 0 }) })
}

/// The other side wants to be left alone for so long (0: it does not say).
pub fn throttled<T>(wait_ms: i64, option: &'static str, message: String) -> Result<T, Failure> {
    Err(Failure { code: E_THROTTLED, what: Some(What { message, option, mend: "", retry_after_ms: wait_ms }) })
}

/// Of a call into the host.
pub fn reported(status: i32) -> Answer {
    if status < 0 {
        Err(Failure { code: status, what: None })
    } else {
        Ok(status)
    }
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "?")).unwrap_or_default()
}

/// Host and context of an instance.
#[derive(Clone, Copy)]
pub struct Env {
    pub host: *const Host,
    pub ctx: *mut Ctx,
}

impl Env {
    fn report(&self, failure: Failure) -> i32 {
        let what = match failure.what {
            None => return failure.code,
            Some(what) => what,
        };
        let texts = [c_text(&what.message), c_text(what.option), c_text(what.mend)];
        let or_null = |text: &CString| if text.as_bytes().is_empty() { null() } else { text.as_ptr() };
        let info = ErrorInfo {
            struct_size: size_of::<ErrorInfo>() as u32,
            code: failure.code,
            message: texts[0].as_ptr(),
            suggestion: or_null(&texts[2]),
            option: or_null(&texts[1]),
            vendor_code: null(),
            retry_after_ms: what.retry_after_ms,
            text: null(),
            text_begin: 0,
            text_end: 0,
        };
        unsafe { ((*self.host).error)(self.ctx, &info) }
    }

    /// The value of an option, which was checked against the manifest's schema already, with its default filled in. None: NULL,
    /// or left out where that is allowed.
    fn given<T>(&self, pointer: &str, read: impl FnOnce(&Options, *const c_char) -> T) -> Option<T> {
        let name = c_text(pointer);
        unsafe {
            let options = ((*self.host).get_extension)(self.ctx, EXT_OPTIONS.as_ptr() as *const c_char) as *const Options;
            let options = options.as_ref()?;
            if (options.kind)(self.ctx, name.as_ptr()) <= OPTION_NULL {
                return None;
            }
            Some(read(options, name.as_ptr()))
        }
    }

    fn needed<T>(&self, pointer: &'static str, value: Option<T>) -> Result<T, Failure> {
        match value {
            Some(value) => Ok(value),
            None => fail(
                E_CONFIG,
                pointer,
                "write it into the pipeline file if `qetl plugin info` shows it; else mend the plugin: declare it in the manifest, \
                 as required or with a default",
                format!("the plugin needs the option {}, which is missing, and which its manifest does not require", pointer),
            ),
        }
    }

    pub fn option_if(&self, pointer: &'static str) -> Option<String> {
        self.given(pointer, |options, name| unsafe {
            let text = (options.text)(self.ctx, name);
            if text.is_null() {
                None
            } else {
                Some(CStr::from_ptr(text).to_string_lossy().into_owned())
            }
        })?
    }

    /// The text of an option that has to be there.
    pub fn option(&self, pointer: &'static str) -> Result<String, Failure> {
        self.needed(pointer, self.option_if(pointer))
    }

    pub fn integer_if(&self, pointer: &'static str) -> Option<i64> {
        self.given(pointer, |options, name| unsafe { (options.integer)(self.ctx, name) })
    }

    pub fn integer(&self, pointer: &'static str) -> Result<i64, Failure> {
        self.needed(pointer, self.integer_if(pointer))
    }

    pub fn real(&self, pointer: &'static str) -> Result<f64, Failure> {
        self.needed(pointer, self.given(pointer, |options, name| unsafe { (options.real)(self.ctx, name) }))
    }

    pub fn boolean(&self, pointer: &'static str) -> Result<bool, Failure> {
        self.needed(pointer, self.given(pointer, |options, name| unsafe { (options.boolean)(self.ctx, name) != 0 }))
    }

    /// Whether the run is to end: what waits has to come back soon. To be asked now and then.
    pub fn cancelled(&self) -> bool {
        unsafe { ((*self.host).cancelled)(self.ctx) != 0 }
    }

    /// A line of the run's log.
    pub fn log(&self, level: i32, message: &str) {
        unsafe { ((*self.host).log)(self.ctx, level, c_text(message).as_ptr()) }
    }

    /// For other threads: says that a source which was Idle has something.
    pub fn waker(&self) -> Waker {
        Waker(*self)
    }

    /// A name of this component that no other has; each process that goes on with a run has the same.
    pub fn owner(&self) -> Option<String> {
        unsafe {
            let run = ((*self.host).get_extension)(self.ctx, EXT_RUN.as_ptr() as *const c_char) as *const RunFacts;
            let owner = run.as_ref()?.owner?(self.ctx);
            if owner.is_null() {
                None
            } else {
                Some(CStr::from_ptr(owner).to_string_lossy().into_owned())
            }
        }
    }

    /// A row that cannot go on: to the dead letters, with its reason. bytes: what it came from, and where that stood.
    pub fn reject(&self, row: i64, column: i64, code: &str, message: &str, bytes: Option<(&[u8], i64)>) {
        self.reject_as(row, column, code, message, bytes, false)
    }

    /// The same of a record that goes on behind these bytes.
    pub(crate) fn reject_cut(&self, row: i64, code: &str, message: &str, bytes: &[u8], offset: i64) {
        self.reject_as(row, -1, code, message, Some((bytes, offset)), true)
    }

    fn reject_as(&self, row: i64, column: i64, code: &str, message: &str, bytes: Option<(&[u8], i64)>, cut: bool) {
        let texts = [c_text(code), c_text(message)];
        let (data, size, offset) = match bytes {
            Some((bytes, offset)) => (bytes.as_ptr() as *const c_void, bytes.len() as i64, offset),
            None => (null(), 0, 0),
        };
        let reject = Reject {
            struct_size: size_of::<Reject>() as u32,
            port: 0,
            row,
            column,
            code: texts[0].as_ptr(),
            message: texts[1].as_ptr(),
            bytes: data,
            bytes_size: size,
            bytes_offset: offset,
            bytes_cut: i64::from(cut),
        };
        unsafe { ((*self.host).reject)(self.ctx, &reject) }
    }
}

/// Outlives no instance: whoever has it is to be joined when that is dropped.
pub struct Waker(Env);
unsafe impl Send for Waker {}
unsafe impl Sync for Waker {}

impl Waker {
    pub fn wake(&self) {
        unsafe { ((*self.0.host).wake)(self.0.ctx) }
    }
}

/// What an instance is: made of its options, and asked by the callbacks.
pub trait Instance: Sized {
    fn new(env: Env) -> Result<Self, Failure>;
    fn env(&self) -> Env;
}

/// What the panic said, as the end of a message of one line.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let words: Vec<&str> = words.unwrap_or("").split_whitespace().collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(": {}", words.join(" "))
    }
}

fn guarded(env: Env, body: impl FnOnce() -> Answer) -> i32 {
    if memory::was_short() {
        let what = What { message: "no memory".into(), option: "", mend: "", retry_after_ms: 0 };
        return env.report(Failure { code: E_NO_MEMORY, what: Some(what) });
    }
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => env.report(failure),
        Err(panic) => env.report(Failure {
            code: E_FATAL,
            what: Some(What {
                message: format!("the plugin has panicked{}", words_of(&*panic)),
                option: "",
                mend: "report it to its author",
                retry_after_ms: 0,
            }),
        }),
    }
}

/// The host's memory for the state holds a pointer to the instance.
pub unsafe extern "C" fn create<T: Instance>(state: *mut c_void, host: *const Host, ctx: *mut Ctx, _config: *const c_char) -> i32 {
    let env = Env { host, ctx };
    guarded(env, || {
        *(state as *mut *mut T) = Box::into_raw(Box::new(T::new(env)?));
        Ok(OK)
    })
}

/// Called once, whatever create answered.
pub unsafe extern "C" fn destroy<T: Instance>(state: *mut c_void) {
    let instance = *(state as *mut *mut T);
    if !instance.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(instance))));
    }
}

/// A callback: `call(state, |instance| …)`.
pub unsafe fn call<T: Instance>(state: *mut c_void, body: impl FnOnce(&mut T) -> Answer) -> i32 {
    let instance = &mut **(state as *mut *mut T);
    let env = instance.env();
    guarded(env, || body(instance))
}

/// A component without callbacks; fill in those that there are, and the one table.
pub const fn component<T: Instance>(kind: u32, id: &'static [u8]) -> Component {
    Component {
        struct_size: size_of::<Component>() as u32,
        kind,
        id: id.as_ptr() as *const c_char,
        state_size: size_of::<*mut T>(),
        create: Some(create::<T>),
        destroy: Some(destroy::<T>),
        start: None,
        stop: None,
        interrupt: None,
        save: None,
        restore: None,
        get_extension: None,
        source: null(),
        transform: null(),
        sink: null(),
        format: null(),
    }
}

pub unsafe fn bytes_of<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, size)
    }
}

pub unsafe fn blob_bytes<'a>(blob: *const Blob) -> &'a [u8] {
    bytes_of((*blob).data as *const u8, (*blob).size)
}

pub unsafe fn blobs<'a>(blobs: *const Blob, n: i64) -> &'a [Blob] {
    if n == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(blobs, n as usize)
    }
}

/// All that a writer was given in one call.
pub unsafe fn write_all(out: *const Writer, bytes: &[u8]) -> Answer {
    reported(((*out).write)((*out).stream, bytes.as_ptr() as *const c_void, bytes.len()))
}

/// All that save wrote.
pub unsafe fn read_all(input: *const Reader) -> Result<Vec<u8>, Failure> {
    let (mut out, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let n = ((*input).read)((*input).stream, piece.as_mut_ptr() as *mut c_void, piece.len());
        if n < 0 {
            return Err(Failure { code: n as i32, what: None });
        }
        if n == 0 {
            return Ok(out);
        }
        if out.try_reserve(n as usize).is_err() {
            return fail(E_NO_MEMORY, "", "", "no memory for what was saved".into());
        }
        out.extend_from_slice(&piece[..n as usize]);
    }
}

/// Pointers of a constant table are the same for all threads.
pub struct Shared<T>(pub T);
unsafe impl<T> Sync for Shared<T> {}

/// What the exported function answers: the highest version that both sides know.
pub unsafe fn answer(plugin: &'static Plugin, abi: *mut u32, out: *mut *const Plugin) -> i32 {
    if *abi >> 16 != ABI_VERSION >> 16 {
        return E_UNSUPPORTED;
    }
    *abi = (*abi).min(ABI_VERSION);
    *out = plugin;
    OK
}

/// `plugin!("id", "0.1.0", COMPONENT, "id.qetl.json")`: the exported function, and the manifest as an ELF note, which the host
/// reads without loading the library.
#[macro_export]
macro_rules! plugin {
    ($id:literal, $version:literal, $component:expr, $manifest:literal) => {
        const MANIFEST: &[u8] = include_bytes!($manifest);

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
            manifest: *include_bytes!($manifest),
        };

        static COMPONENTS: $crate::qetl::Shared<[*const $crate::qetl::Component; 1]> = $crate::qetl::Shared([&$component.0]);
        static PLUGIN: $crate::qetl::Shared<$crate::qetl::Plugin> = $crate::qetl::Shared($crate::qetl::Plugin {
            struct_size: std::mem::size_of::<$crate::qetl::Plugin>() as u32,
            abi: $crate::qetl::ABI_VERSION,
            id: concat!($id, "\0").as_ptr() as *const _,
            version: concat!($version, "\0").as_ptr() as *const _,
            n_components: 1,
            components: COMPONENTS.0.as_ptr(),
        });

        #[no_mangle]
        pub unsafe extern "C" fn qetl_plugin_entry(
            _host: *const $crate::qetl::Host,
            _ctx: *mut $crate::qetl::Ctx,
            abi: *mut u32,
            out: *mut *const $crate::qetl::Plugin,
        ) -> i32 {
            $crate::qetl::answer(&PLUGIN.0, abi, out)
        }
    };
}
