// SPDX-License-Identifier: Apache-2.0
//! newplugin: a sink. Each epoch's rows become one more file of a folder. A file appears under its name when its epoch was decided,
//! whole, and once: also when the run is killed on the way.
//!
//!   write    into a hidden file                 nobody sees it
//!   prepare  to disk; a handle names it         it will not be lost, and still nobody sees it
//!   commit   renamed                            may be repeated, also by the next process
//!   abort    removed                            so may this
//!
//! What you will change: what these four do, and the options, which the manifest newplugin.qetl.json declares.

mod qetl;

use qetl::*;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::mem::size_of;
use std::os::raw::c_void;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

const STATE_VERSION: u32 = 1;

/// One instance. There are no globals, since a pipeline may use the plugin twice.
struct Parts {
    env: Env,
    folder: PathBuf,
    suffix: String,
    /// Whose hidden files these are: they begin with it. A process that goes on with a run has the same name as the one that was
    /// killed, so that it can tell what that one left behind from what others are writing.
    owner: String,
    file: Option<(File, String)>, // the hidden file that is being written, and its name
}

impl Instance for Parts {
    fn new(env: Env) -> Result<Parts, Failure> {
        let owner = env.owner().unwrap_or_else(|| format!("run-{}", std::process::id()));
        Ok(Parts {
            env,
            folder: PathBuf::from(env.option("/path")?),
            suffix: env.option("/suffix")?,
            owner: format!(".{}.", owner.chars().take(100).collect::<String>().replace('/', "_")),
            file: None,
        })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some((_, name)) = self.file.take() {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }
}

fn told<T>(code: i32, name: &str, result: io::Result<T>) -> Result<T, Failure> {
    result.or_else(|error| fail(code, "/path", "make room, or mend the folder's permissions", format!("{}: {}", name, error)))
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn text(blob: &Blob) -> String {
    String::from_utf8_lossy(unsafe { blob_bytes(blob) }).into_owned()
}

impl Parts {
    /// Behind `new`, and before any other call: the place to connect.
    fn start(&mut self) -> Answer {
        let name = self.folder.display().to_string();
        if !self.folder.is_dir() {
            told(E_ENVIRONMENT, &name, fs::create_dir(&self.folder))?;
        }
        Ok(OK)
    }

    /// What was prepared and decided has been committed by now, and the rest aborted. Hidden files of this owner that are still
    /// here were never prepared.
    fn open(&mut self) -> Answer {
        for entry in told(E_ENVIRONMENT, "the folder", fs::read_dir(&self.folder))? {
            let entry = told(E_ENVIRONMENT, "the folder", entry)?;
            if entry.file_name().to_string_lossy().starts_with(&self.owner) {
                told(E_ENVIRONMENT, "a left-over", gone_is_fine(fs::remove_file(entry.path())))?;
            }
        }
        Ok(OK)
    }

    fn file_begin(&mut self) -> Answer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_nanos()).unwrap_or(0);
        let name = format!("{}{:x}", self.owner, now);
        let file = OpenOptions::new().write(true).create_new(true).open(self.folder.join(&name));
        self.file = Some((told(E_ENVIRONMENT, &name, file)?, name));
        Ok(OK)
    }

    fn write(&mut self, bytes: &[u8]) -> Answer {
        if self.file.is_none() {
            self.file_begin()?;
        }
        if let Some((file, name)) = &mut self.file {
            told(E_ENVIRONMENT, name, file.write_all(bytes))?;
        }
        Ok(OK)
    }

    fn folder_synchronise(&self, code: i32) -> Answer {
        told(code, "the folder", File::open(&self.folder).and_then(|folder| folder.sync_all()))?;
        Ok(OK)
    }

    /// The last chance to fail: behind it the epoch may be decided.
    unsafe fn prepare(&mut self, handle: *const Writer) -> Answer {
        if let Some((file, name)) = &self.file {
            told(E_ENVIRONMENT, name, file.sync_all())?;
            self.folder_synchronise(E_ENVIRONMENT)?;
            write_all(handle, name.as_bytes())?;
        } // else: an epoch without rows
        self.file = None;
        Ok(OK)
    }

    /// Repeated until it succeeds, perhaps by another process: what is renamed already is no mistake.
    fn commit(&mut self, number: u64, handles: &[Blob]) -> Answer {
        for hidden in handles.iter().map(text) {
            let when = hidden.rsplit('.').next().unwrap_or("");
            let shown = self.folder.join(format!("part-{:012}-{}{}", number, when, self.suffix));
            match fs::rename(self.folder.join(&hidden), &shown) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if !shown.exists() {
                        told(E_IN_DOUBT, &hidden, Err(error))?; // somebody removed it: that must be told
                    }
                }
                result => told(E_RETRY_CALL, &hidden, result)?,
            }
        }
        self.folder_synchronise(E_RETRY_CALL)
    }

    fn abort(&mut self, handles: &[Blob]) -> Answer {
        for hidden in handles.iter().map(text) {
            told(E_RETRY_CALL, &hidden, gone_is_fine(fs::remove_file(self.folder.join(&hidden))))?;
        }
        if let Some((_, name)) = &self.file {
            told(E_RETRY_CALL, name, gone_is_fine(fs::remove_file(self.folder.join(name))))?;
        }
        self.file = None; // and what was written since
        Ok(OK)
    }
}

unsafe extern "C" fn start(state: *mut c_void) -> i32 {
    call(state, |parts: &mut Parts| parts.start())
}

unsafe extern "C" fn describe(state: *mut c_void, out: *mut SinkInfo) -> i32 {
    call(state, |_: &mut Parts| {
        (*out).takes = TAKES_BYTES; // the format of the pipeline has made them of the rows
        (*out).delivery = TRANSACTIONAL;
        (*out).commit = COMMIT_TWO_PHASE;
        Ok(OK)
    })
}

unsafe extern "C" fn open(state: *mut c_void, _stream: u32, _schema: *const ArrowSchema) -> i32 {
    call(state, |parts: &mut Parts| parts.open())
}

unsafe extern "C" fn write(state: *mut c_void, what: *mut qetl::Write) -> i32 {
    call(state, |parts: &mut Parts| {
        parts.write(bytes_of((*what).bytes as *const u8, (*what).bytes_size as usize))?;
        (*what).rows_written = (*what).rows; // the host's ledger must balance
        Ok(OK)
    })
}

unsafe extern "C" fn prepare(state: *mut c_void, _epoch: *const Epoch, handle: *const Writer) -> i32 {
    call(state, |parts: &mut Parts| parts.prepare(handle))
}

unsafe extern "C" fn commit(state: *mut c_void, epoch: *const Epoch, n: i64, handles: *const Blob) -> i32 {
    call(state, |parts: &mut Parts| parts.commit((*epoch).number, blobs(handles, n)))
}

unsafe extern "C" fn abort(state: *mut c_void, _epoch: *const Epoch, n: i64, handles: *const Blob) -> i32 {
    call(state, |parts: &mut Parts| parts.abort(blobs(handles, n)))
}

/// Behind each prepare: what the rows to come depend on. Here that is nothing, which has to be said: a two-phase sink without save
/// has one epoch, the last.
unsafe extern "C" fn save(state: *mut c_void, version: *mut u32, _out: *const Writer) -> i32 {
    call(state, |_: &mut Parts| {
        *version = STATE_VERSION;
        Ok(OK)
    })
}

unsafe extern "C" fn restore(state: *mut c_void, version: u32, _input: *const Reader) -> i32 {
    call(state, |_: &mut Parts| {
        if version == STATE_VERSION {
            return Ok(OK);
        }
        let message = "the state is of another version of this plugin".into();
        fail(E_UNSUPPORTED, "", "begin anew with --full-refresh", message)
    })
}

static SINK_TABLE: Shared<Sink> = Shared(Sink {
    struct_size: size_of::<Sink>() as u32,
    describe: Some(describe),
    forms: None,
    open: Some(open),
    write: Some(write),
    prepare: Some(prepare),
    commit: Some(commit),
    abort: Some(abort),
    last_committed: None,
});

static COMPONENT: Shared<Component> = Shared(Component {
    start: Some(start),
    save: Some(save),
    restore: Some(restore),
    sink: &SINK_TABLE.0,
    ..component::<Parts>(SINK, b"newplugin\0")
});

plugin!("newplugin", "0.1.0", COMPONENT, "../newplugin.qetl.json");
