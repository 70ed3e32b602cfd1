// SPDX-License-Identifier: Apache-2.0
//! newplugin: a sink. Each epoch's rows become one more file of a folder. A file appears under its name when its epoch was decided,
//! whole, and once: also when the run is killed on the way.
//!
//!   write    into a hidden file                 nobody sees it
//!   prepare  to disk; a handle names it         it will not be lost, and still nobody sees it
//!   commit   renamed                            may be repeated, also by the next process
//!   abort    removed                            so may this
//!
//! What you will change: what these four do, and the options, which the manifest newplugin.qetl.json declares. A sink that wants
//! rows and not bytes has a `row`: see qetl/row_sink.rs.

mod qetl;

use qetl::parcel::{Opened, Parcel};
use qetl::row_sink::RowSink;
use qetl::types::Field;
use qetl::*;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// One instance. There are no globals, since a pipeline may use the plugin twice.
struct Parts {
    folder: PathBuf,
    suffix: String,
    /// Whose hidden files these are: they begin with it. A process that goes on with a run has the same name as the one that was
    /// killed, so that it can tell what that one left behind from what others are writing.
    owner: String,
    file: Option<(File, String)>, // the hidden file that is being written, and its name
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

impl Parts {
    fn file_begin(&mut self) -> Result<(), Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_nanos()).unwrap_or(0);
        let name = format!("{}{}", self.owner, now);
        let file = OpenOptions::new().write(true).create_new(true).open(self.folder.join(&name));
        self.file = Some((told(E_ENVIRONMENT, &name, file)?, name));
        Ok(())
    }

    fn folder_synchronise(&self, code: i32) -> Result<(), Failure> {
        told(code, "the folder", File::open(&self.folder).and_then(|folder| folder.sync_all()))
    }
}

impl RowSink for Parts {
    const DELIVERY: u32 = TRANSACTIONAL;
    const TAKES_BYTES: bool = true; // the format of the pipeline has made them of the rows
    const COMMITS: bool = true;

    fn new(env: Env) -> Result<Parts, Failure> {
        let owner = env.owner().unwrap_or_else(|| format!("run-{}", std::process::id()));
        Ok(Parts {
            folder: PathBuf::from(env.option("/path")?),
            suffix: env.option("/suffix")?,
            owner: format!(".{}.", owner.chars().take(100).collect::<String>().replace('/', "_")),
            file: None,
        })
    }

    /// The place to connect. A folder that was made is on the disk once the one that it lies in is.
    fn start(&mut self) -> Result<(), Failure> {
        if self.folder.is_dir() {
            return Ok(());
        }
        let made = fs::create_dir(&self.folder).and_then(|_| File::open(self.folder.join(".."))).and_then(|above| above.sync_all());
        told(E_ENVIRONMENT, &self.folder.display().to_string(), made)
    }

    /// What was prepared and decided has been committed by now, and the rest aborted. Hidden files of this owner that are still
    /// here were never prepared.
    fn open(&mut self, _columns: &[Field]) -> Result<(), Failure> {
        for entry in told(E_ENVIRONMENT, "the folder", fs::read_dir(&self.folder))? {
            let entry = told(E_ENVIRONMENT, "the folder", entry)?;
            if entry.file_name().to_string_lossy().starts_with(&self.owner) {
                told(E_ENVIRONMENT, "a left-over", gone_is_fine(fs::remove_file(entry.path())))?;
            }
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.file.is_none() {
            self.file_begin()?;
        }
        match &mut self.file {
            Some((file, name)) => told(E_ENVIRONMENT, name, file.write_all(bytes)),
            None => Ok(()),
        }
    }

    /// The last chance to fail: behind it the epoch may be decided.
    fn prepare(&mut self, _epoch: u64, handle: Parcel) -> Result<Option<Parcel>, Failure> {
        let (file, name) = match &self.file {
            Some(written) => written,
            None => return Ok(None), // an epoch without rows
        };
        told(E_ENVIRONMENT, name, file.sync_all())?;
        self.folder_synchronise(E_ENVIRONMENT)?;
        let handle = handle.bytes(name.as_bytes());
        self.file = None;
        Ok(Some(handle))
    }

    /// Repeated until it succeeds, perhaps by another process: what is renamed already is no mistake.
    fn commit(&mut self, epoch: u64, handle: &mut Opened) -> Result<(), Failure> {
        let hidden = handle.text();
        let when = hidden.rsplit('.').next().unwrap_or("");
        let shown = self.folder.join(format!("part-{:012}-{}{}", epoch, when, self.suffix));
        match fs::rename(self.folder.join(&hidden), &shown) {
            // Somebody removed it: that must be told.
            Err(error) if error.kind() == ErrorKind::NotFound && !shown.exists() => told(E_IN_DOUBT, &hidden, Err(error)),
            result => told(E_RETRY_CALL, &hidden, gone_is_fine(result)),
        }
    }

    fn abort(&mut self, _epoch: u64, handle: Option<&mut Opened>) -> Result<(), Failure> {
        let hidden = match (handle, self.file.take()) {
            (Some(handle), kept) => {
                self.file = kept;
                handle.text()
            }
            (None, Some((_, name))) => name, // what was written since
            (None, None) => return Ok(()),
        };
        told(E_RETRY_CALL, &hidden, gone_is_fine(fs::remove_file(self.folder.join(&hidden))))
    }

    /// Behind the handles of an epoch.
    fn settle(&mut self) -> Result<(), Failure> {
        self.folder_synchronise(E_RETRY_CALL)
    }
}

row_sink!(Parts, "newplugin", "0.1.0", "../newplugin.qetl.json");
