// SPDX-License-Identifier: Apache-2.0
//! A sink that takes one row after the other, or the bytes that the pipeline's format has made of them, and perhaps commits what
//! it took with each epoch.
//!
//!     impl RowSink for Lines { … }
//!     row_sink!(Lines, "lines", "0.1.0", "../lines.qetl.json");

use super::abi::*;
use super::parcel::{Opened, Parcel};
use super::row::{reject_tell, refused, Batch, Next, Reject, RowIn};
use super::types::{fields_of, Field};
use super::{blob_bytes, blobs, bytes_of, call, fail, write_all, Answer, Env, Failure, Instance};
use std::mem::size_of;
use std::os::raw::c_void;

const STATE_VERSION: u32 = 1;

fn missing<T>(what: &str) -> Result<T, Failure> {
    fail(E_FATAL, "", "mend the plugin", format!("the sink has no {}", what))
}

pub trait RowSink: Sized {
    /// APPEND, IDEMPOTENT; of one that commits TRANSACTIONAL. As the manifest says.
    const DELIVERY: u32;
    /// It takes bytes, by `bytes`, and not rows, by `row`.
    const TAKES_BYTES: bool = false;
    /// In two phases, by prepare, commit and abort; it carries nothing from one epoch into the next.
    const COMMITS: bool = false;
    /// Raised when the fields of a handle change.
    const HANDLE_VERSION: u8 = 1;

    /// Reads its options.
    fn new(env: Env) -> Result<Self, Failure>;
    /// The place to connect, behind `new` and before all else.
    fn start(&mut self) -> Result<(), Failure> {
        Ok(())
    }
    /// The columns, by whose numbers `row` reads. What was prepared by other processes is settled by now.
    fn open(&mut self, _columns: &[Field]) -> Result<(), Failure> {
        Ok(())
    }
    /// Next::Row: it was taken; or Reject. It comes again with the same row behind E_RETRY_CALL (this row was not taken, all before
    /// it are) and E_THROTTLED alone. E_RETRY_EPOCH: what was taken since the last epoch is lost, too, and comes again.
    fn row(&mut self, _row: &RowIn) -> Result<Next, Failure> {
        missing("row")
    }
    /// Whole records.
    fn bytes(&mut self, _bytes: &[u8]) -> Result<(), Failure> {
        missing("bytes")
    }
    /// Behind the last row.
    fn stop(&mut self) -> Result<(), Failure> {
        Ok(())
    }
    /// Makes durable what came since the last one, where nobody sees it; the handle says how it is found again. None: nothing came.
    fn prepare(&mut self, _epoch: u64, _handle: Parcel) -> Result<Option<Parcel>, Failure> {
        missing("prepare")
    }
    /// Shows it; may be repeated, also by a process that never wrote.
    fn commit(&mut self, _epoch: u64, _handle: &mut Opened) -> Result<(), Failure> {
        missing("commit")
    }
    /// Removes it; likewise. None: what was written since the last prepare.
    fn abort(&mut self, _epoch: u64, _handle: Option<&mut Opened>) -> Result<(), Failure> {
        missing("abort")
    }
    /// Once behind the handles of a commit or an abort: what makes all of them durable.
    fn settle(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

pub struct SinkOf<T: RowSink> {
    env: Env,
    it: T,
    batch: Batch,
    next: i64, // the batch is done up to this row: behind a failure that passes it comes again, and goes on here
    taken: i64,
    rejects: Vec<(i64, Reject)>, // told with the whole batch, as a call that fails has rejected nothing
}

impl<T: RowSink> Instance for SinkOf<T> {
    fn new(env: Env) -> Result<Self, Failure> {
        Ok(SinkOf { env, it: T::new(env)?, batch: Batch::new(Vec::new()), next: 0, taken: 0, rejects: Vec::new() })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl<T: RowSink> SinkOf<T> {
    fn rows_take(&mut self, rows: i64) -> Result<(), Failure> {
        while self.next < rows {
            let answer = self.it.row(&RowIn { batch: &self.batch, index: self.next });
            self.batch.misread()?;
            match answer.or_else(refused)? {
                Next::Row => self.taken += 1,
                Next::Reject(reject) => self.rejects.push((self.next, reject)),
                _ => return fail(E_FATAL, "", "mend the plugin", "row of a sink answers Row or Reject".into()),
            }
            self.next += 1;
        }
        Ok(())
    }

    fn batch_forget(&mut self) {
        self.next = 0;
        self.taken = 0;
        self.rejects.clear();
    }

    unsafe fn write(&mut self, what: *mut Write) -> Answer {
        if T::TAKES_BYTES {
            self.it.bytes(bytes_of((*what).bytes as *const u8, (*what).bytes_size as usize))?;
            (*what).rows_written = (*what).rows;
            return Ok(OK);
        }
        self.batch.open((*what).batch);
        self.rows_take((*what).rows)?;
        (*what).rows_written = self.taken;
        for (row, reject) in &self.rejects {
            reject_tell(self.env, *row, reject);
        }
        self.batch_forget();
        Ok(OK)
    }

    /// Each handle; one that is damaged is refused before anything is done with it.
    unsafe fn each(&mut self, handles: &[Blob], mut settle: impl FnMut(&mut T, &mut Opened) -> Result<(), Failure>) -> Answer {
        for handle in handles {
            let mut parcel = Opened::of(blob_bytes(handle), T::HANDLE_VERSION);
            parcel.check("the handle of an epoch")?;
            settle(&mut self.it, &mut parcel)?;
        }
        self.it.settle()?;
        Ok(OK)
    }

    unsafe fn prepare(&mut self, epoch: u64, handle: *const Writer) -> Answer {
        match self.it.prepare(epoch, Parcel::new(T::HANDLE_VERSION))? {
            Some(parcel) => write_all(handle, &parcel.done()),
            None => Ok(OK),
        }
    }
}

unsafe extern "C" fn start<T: RowSink>(state: *mut c_void) -> i32 {
    call(state, |sink: &mut SinkOf<T>| sink.it.start().map(|()| OK))
}

unsafe extern "C" fn stop<T: RowSink>(state: *mut c_void) -> i32 {
    call(state, |sink: &mut SinkOf<T>| sink.it.stop().map(|()| OK))
}

unsafe extern "C" fn describe<T: RowSink>(state: *mut c_void, out: *mut SinkInfo) -> i32 {
    call(state, |_: &mut SinkOf<T>| {
        (*out).takes = if T::TAKES_BYTES { TAKES_BYTES } else { TAKES_BATCHES };
        (*out).delivery = T::DELIVERY;
        (*out).commit = if T::COMMITS { COMMIT_TWO_PHASE } else { COMMIT_NONE };
        Ok(OK)
    })
}

unsafe extern "C" fn open<T: RowSink>(state: *mut c_void, _stream: u32, schema: *const ArrowSchema) -> i32 {
    call(state, |sink: &mut SinkOf<T>| {
        sink.batch_forget();
        sink.batch = Batch::new(fields_of(schema));
        sink.it.open(&sink.batch.fields).map(|()| OK)
    })
}

unsafe extern "C" fn write<T: RowSink>(state: *mut c_void, what: *mut Write) -> i32 {
    call(state, |sink: &mut SinkOf<T>| sink.write(what))
}

unsafe extern "C" fn prepare<T: RowSink>(state: *mut c_void, epoch: *const Epoch, handle: *const Writer) -> i32 {
    call(state, |sink: &mut SinkOf<T>| sink.prepare((*epoch).number, handle))
}

unsafe extern "C" fn commit<T: RowSink>(state: *mut c_void, epoch: *const Epoch, n: i64, handles: *const Blob) -> i32 {
    let number = (*epoch).number;
    call(state, |sink: &mut SinkOf<T>| sink.each(blobs(handles, n), |it, handle| it.commit(number, handle)))
}

unsafe extern "C" fn abort<T: RowSink>(state: *mut c_void, epoch: *const Epoch, n: i64, handles: *const Blob) -> i32 {
    let number = (*epoch).number;
    call(state, |sink: &mut SinkOf<T>| {
        sink.batch_forget();
        sink.it.abort(number, None)?;
        sink.each(blobs(handles, n), |it, handle| it.abort(number, Some(handle)))
    })
}

/// Nothing of an epoch goes on in the next one. That there is a save says so: without one, the host would have a single epoch.
unsafe extern "C" fn save<T: RowSink>(state: *mut c_void, version: *mut u32, _out: *const Writer) -> i32 {
    call(state, |_: &mut SinkOf<T>| {
        *version = STATE_VERSION;
        Ok(OK)
    })
}

unsafe extern "C" fn restore<T: RowSink>(state: *mut c_void, version: u32, _input: *const Reader) -> i32 {
    call(state, |_: &mut SinkOf<T>| {
        if version == STATE_VERSION {
            return Ok(OK);
        }
        fail(E_UNSUPPORTED, "", "begin anew with --full-refresh", "the state is of another version of this plugin".into())
    })
}

pub const fn sink_table<T: RowSink>() -> Sink {
    let sink = Sink {
        struct_size: size_of::<Sink>() as u32,
        describe: Some(describe::<T>),
        forms: None,
        open: Some(open::<T>),
        write: Some(write::<T>),
        prepare: None,
        commit: None,
        abort: None,
        last_committed: None,
    };
    if T::COMMITS {
        Sink { prepare: Some(prepare::<T>), commit: Some(commit::<T>), abort: Some(abort::<T>), ..sink }
    } else {
        sink
    }
}

pub const fn sink_component<T: RowSink>(id: &'static [u8], table: &'static Sink) -> Component {
    let component = super::component::<SinkOf<T>>(SINK, id);
    let component = Component { start: Some(start::<T>), stop: Some(stop::<T>), sink: table, ..component };
    if T::COMMITS {
        Component { save: Some(save::<T>), restore: Some(restore::<T>), ..component }
    } else {
        component
    }
}

#[macro_export]
macro_rules! row_sink {
    ($type:ty, $id:literal, $version:literal, $manifest:literal) => {
        static TABLE: $crate::qetl::Shared<$crate::qetl::Sink> = $crate::qetl::Shared($crate::qetl::row_sink::sink_table::<$type>());
        static COMPONENT: $crate::qetl::Shared<$crate::qetl::Component> =
            $crate::qetl::Shared($crate::qetl::row_sink::sink_component::<$type>(concat!($id, "\0").as_bytes(), &TABLE.0));
        $crate::plugin!($id, $version, COMPONENT, $manifest);
    };
}
