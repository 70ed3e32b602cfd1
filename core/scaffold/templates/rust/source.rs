// SPDX-License-Identifier: Apache-2.0
//! newplugin: a source. One row for each file of a folder: its name, its size, when it was changed.
//!
//! What you will change: the columns, `row`, and the options, which the manifest newplugin.qetl.json declares. What may be said
//! beside it stands in qetl/row_source.rs.

mod qetl;

use qetl::parcel::{Opened, Parcel};
use qetl::row::{reject_bytes, Next, RowOut};
use qetl::row_source::RowSource;
use qetl::*;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// One instance. There are no globals, since a pipeline may use the plugin twice.
struct Files {
    path: PathBuf,
    suffix: String,
    names: Vec<OsString>,
    at: usize,
    last: OsString, // the position: the name of the newest file that was looked at
}

impl RowSource for Files {
    const COLUMNS: &'static str = "name text, size bigint, modified timestamp with time zone";

    fn new(env: Env) -> Result<Files, Failure> {
        let (path, suffix) = (PathBuf::from(env.option("/path")?), env.option("/suffix")?);
        Ok(Files { path, suffix, names: Vec::new(), at: 0, last: OsString::new() })
    }

    /// The place to connect. position: what `position` gave out in a run that was cut short.
    fn open(&mut self, position: Option<&mut Opened>) -> Result<(), Failure> {
        let names = std::fs::read_dir(&self.path).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        self.names = match names {
            Ok(names) => names,
            Err(error) => {
                let message = format!("{}: {}", self.path.display(), error);
                return fail(E_ENVIRONMENT, "/path", "name a folder that can be read", message);
            }
        };
        self.names.sort(); // so that a position means something
        self.last = position.map_or(OsString::new(), |parcel| OsStr::from_bytes(parcel.bytes()).into());
        self.at = self.names.partition_point(|name| *name <= self.last);
        Ok(())
    }

    /// One value for each column.
    fn row(&mut self, out: &mut RowOut) -> Result<Next, Failure> {
        let name = match self.names.get(self.at) {
            Some(name) => name,
            None => return Ok(Next::End),
        };
        self.at += 1;
        self.last = name.clone();
        let about = match std::fs::metadata(self.path.join(name)) {
            Ok(about) if about.is_file() && name.as_bytes().ends_with(self.suffix.as_bytes()) => about,
            _ => return Ok(Next::Nothing),
        };
        match name.to_str() {
            Some(name) => out.put(0, name),
            // No reason to fail: it goes to the dead letters.
            None => return reject_bytes("bad_utf8", "the file's name is not UTF-8", name.as_bytes()),
        }
        out.put(1, about.size());
        out.put(2, about.mtime() * 1_000_000 + about.mtime_nsec() / 1000);
        Ok(Next::Row)
    }

    /// Any fields that `open` takes again, in their order, also in another process.
    fn position(&self, parcel: Parcel) -> Option<Parcel> {
        Some(parcel.bytes(self.last.as_bytes()))
    }
}

row_source!(Files, "newplugin", "0.1.0", "../newplugin.qetl.json");
