// SPDX-License-Identifier: Apache-2.0
//! newplugin: a source. One row for each file of a folder: its name, its size, when it was changed.
//!
//! What you will change: `row_append`, the columns, and the options, which the manifest newplugin.qetl.json declares. What has to
//! stay true is said where it matters.

mod qetl;

use qetl::arrow::{self, Integers, Texts};
use qetl::parcel::{Opened, Parcel};
use qetl::*;
use std::ffi::OsString;
use std::mem::size_of;
use std::os::raw::c_void;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

const POSITION_VERSION: u8 = 1; // another layout of positions: another number

/// Names and Arrow formats: "vu" is text, "l" bigint.
const COLUMNS: [(&str, &str); 3] = [("name", "vu"), ("size", "l"), ("modified", "tsu:UTC")];

/// One instance. There are no globals, since a pipeline may use the plugin twice.
struct Files {
    env: Env,
    path: PathBuf,
    suffix: String,
    names: Vec<OsString>,
    at: usize,
    position: Vec<u8>,
    texts: Texts,
    sizes: Integers,
    times: Integers,
}

impl Instance for Files {
    fn new(env: Env) -> Result<Files, Failure> {
        Ok(Files {
            env,
            path: PathBuf::from(env.option("/path")?),
            suffix: env.option("/suffix")?,
            names: Vec::new(),
            at: 0,
            position: Vec::new(),
            texts: Texts::default(),
            sizes: Integers::default(),
            times: Integers::default(),
        })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl Files {
    /// Behind `new`, and before any data call: the place to connect.
    fn start(&mut self) -> Answer {
        let names = std::fs::read_dir(&self.path).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        match names {
            Ok(names) => self.names = names,
            Err(error) => {
                let message = format!("{}: {}", self.path.display(), error);
                return fail(E_ENVIRONMENT, "/path", "name a folder that can be read", message);
            }
        }
        self.names.sort(); // so that a position means something
        Ok(OK)
    }

    /// position: what `next` gave out last in a run that was cut short; None: from the beginning.
    fn open(&mut self, position: Option<&[u8]>) -> Answer {
        self.at = 0;
        if let Some(position) = position {
            let mut parcel = Opened::of(position, POSITION_VERSION);
            let last = parcel.bytes();
            parcel.close("the saved position")?;
            self.at = self.names.partition_point(|name| name.as_bytes() <= last);
        }
        Ok(OK)
    }

    /// One value for each column. False: it is no row.
    fn row_append(&mut self, row: i64) -> bool {
        let name = &self.names[self.at];
        let about = match std::fs::metadata(self.path.join(name)) {
            Ok(about) if about.is_file() && name.as_bytes().ends_with(self.suffix.as_bytes()) => about,
            _ => return false,
        };
        if std::str::from_utf8(name.as_bytes()).is_err() {
            // No reason to fail: it goes to the dead letters.
            self.env.reject(row, 0, "bad_utf8", "the file's name is not UTF-8", Some((name.as_bytes(), 0)));
            return true;
        }
        self.texts.push(name.as_bytes());
        self.sizes.push(about.size() as i64);
        self.times.push(about.mtime() * 1_000_000 + about.mtime_nsec() / 1000);
        true
    }

    /// A batch of at most max_rows, and where to go on behind it. No call waits for long.
    unsafe fn next(&mut self, demand: &Demand, out: *mut Item) -> Answer {
        let mut read = 0;
        if self.at == self.names.len() {
            return Ok(END);
        }
        while self.at < self.names.len() && read < demand.max_rows {
            read += i64::from(self.row_append(read));
            self.at += 1;
        }
        let rows = self.sizes.len();
        let columns = vec![self.texts.close(self.env), self.sizes.close(self.env), self.times.close(self.env)];
        (*out).batch = arrow::batch(self.env, rows, columns)?;
        // CUT: a run that is cut short may go on here. The position is any bytes that `open` knows again, also in another
        // process; they are read before the next call.
        self.position = Parcel::new(POSITION_VERSION).bytes(self.names[self.at - 1].as_bytes()).done();
        (*out).flags = ITEM_CUT;
        (*out).position = Blob { data: self.position.as_ptr() as *const c_void, size: self.position.len() };
        Ok(BATCH)
    }
}

unsafe extern "C" fn start(state: *mut c_void) -> i32 {
    call(state, |files: &mut Files| files.start())
}

unsafe extern "C" fn describe(state: *mut c_void, out: *mut SourceInfo) -> i32 {
    call(state, |_: &mut Files| {
        (*out).emits = EMITS_BATCHES;
        (*out).delivery = REPLAYABLE; // `open` at a position brings the same rows again
        (*out).bytes_expected = -1;
        (*out).rows_expected = -1;
        (*out).schema = arrow::schema(&COLUMNS);
        Ok(OK)
    })
}

unsafe extern "C" fn open(state: *mut c_void, _split: Blob, position: *const Blob) -> i32 {
    let position = if position.is_null() { None } else { Some(blob_bytes(position)) };
    call(state, |files: &mut Files| files.open(position))
}

unsafe extern "C" fn next(state: *mut c_void, demand: *const Demand, out: *mut Item) -> i32 {
    call(state, |files: &mut Files| files.next(&*demand, out))
}

static SOURCE_TABLE: Shared<Source> = Shared(Source {
    struct_size: size_of::<Source>() as u32,
    describe: Some(describe),
    negotiate: None,
    plan_splits: None,
    open: Some(open),
    next: Some(next),
    ack: None,
    nack: None,
    on_revoke: None,
});

static COMPONENT: Shared<Component> = Shared(Component {
    start: Some(start),
    source: &SOURCE_TABLE.0,
    ..component::<Files>(SOURCE, b"newplugin\0")
});

plugin!("newplugin", "0.1.0", COMPONENT, "../newplugin.qetl.json");
