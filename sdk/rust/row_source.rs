// SPDX-License-Identifier: Apache-2.0
//! A source that makes one row after the other:
//!
//!     impl RowSource for Files { … }
//!     row_source!(Files, "files", "0.1.0", "../files.qetl.json");
//!
//! Each batch is handed over with the position behind its last row.

use super::abi::*;
use super::parcel::{Opened, Parcel};
use super::row::{reject_tell, Next, RowOut};
use super::types::fields;
use super::{arrow, blob_bytes, call, fail, Answer, Env, Failure, Instance};
use std::mem::size_of;
use std::os::raw::c_void;
use std::time::{Duration, Instant};

const GATHER: Duration = Duration::from_millis(100); // so long are rows gathered where they come slowly …
const GATHER_BYTES: usize = 1 << 24; // … and so many bytes where nobody says

pub trait RowSource: Sized {
    /// "id bigint, city text, price decimal(9,2)"
    const COLUMNS: &'static str;
    /// Raised when the fields of the position change.
    const POSITION_VERSION: u8 = 1;

    /// Reads its options; connects to nothing yet.
    fn new(env: Env) -> Result<Self, Failure>;
    /// Begins behind the position (None: at the beginning), whose fields are taken in the order in which they were put.
    fn open(&mut self, position: Option<&mut Opened>) -> Result<(), Failure>;
    /// Makes the next row, and moves the position behind it. It returns soon once `env.cancelled()`. It is called again behind
    /// E_RETRY_CALL and E_THROTTLED alone, which leave the position as it was.
    fn row(&mut self, out: &mut RowOut) -> Result<Next, Failure>;
    /// Where to go on, also in another process; None: a run that was cut short begins anew.
    fn position(&self, _parcel: Parcel) -> Option<Parcel> {
        None
    }
    /// Whether it goes on for ever.
    fn endless(&self) -> bool {
        false
    }
}

pub struct SourceOf<T: RowSource> {
    env: Env,
    it: T,
    out: RowOut,
    position: Vec<u8>,
    ended: bool,
    failed: bool,
}

impl<T: RowSource> Instance for SourceOf<T> {
    fn new(env: Env) -> Result<Self, Failure> {
        let out = RowOut::new(fields(T::COLUMNS)?);
        Ok(SourceOf { env, it: T::new(env)?, out, position: Vec::new(), ended: false, failed: false })
    }

    fn env(&self) -> Env {
        self.env
    }
}

fn may_be_repeated(failure: &Failure) -> bool {
    failure.code == E_RETRY_CALL || failure.code == E_THROTTLED
}

impl<T: RowSource> SourceOf<T> {
    unsafe fn describe(&mut self, info: *mut SourceInfo) -> Answer {
        let columns = fields(T::COLUMNS)?;
        let named: Vec<(&str, &str)> = columns.iter().map(|field| (field.name.as_str(), field.format.as_str())).collect();
        (*info).emits = EMITS_BATCHES;
        (*info).delivery = REPLAYABLE;
        (*info).bytes_expected = -1;
        (*info).rows_expected = -1;
        (*info).endless = u32::from(self.it.endless());
        (*info).schema = arrow::schema(&named);
        Ok(OK)
    }

    fn open(&mut self, position: Option<&[u8]>) -> Answer {
        self.out.clear();
        self.ended = false;
        self.failed = false;
        match position {
            None => self.it.open(None)?,
            Some(bytes) => {
                let mut parcel = Opened::of(bytes, T::POSITION_VERSION);
                parcel.check("the saved position")?;
                self.it.open(Some(&mut parcel))?;
                parcel.close("the saved position")?;
            }
        }
        Ok(OK)
    }

    /// Rows until there are enough, or something else comes. The first: whether any was taken, whatever became of it.
    fn gather(&mut self, demand: &Demand) -> (bool, Result<Next, Failure>) {
        let (began, mut taken, mut n) = (Instant::now(), false, 0);
        let bytes = if demand.max_bytes > 0 { demand.max_bytes as usize } else { GATHER_BYTES };
        while n < demand.max_rows && self.out.bytes() < bytes && (!taken || began.elapsed() < GATHER) {
            self.out.begin();
            let answer = self.it.row(&mut self.out);
            match self.out.finish(answer) {
                Ok(Next::Row) => n += 1,
                Ok(Next::Nothing) => {}
                Ok(Next::Reject(reject)) => {
                    reject_tell(self.env, n, &reject);
                    n += 1;
                }
                other => return (taken, other),
            }
            taken = true;
        }
        (taken, Ok(Next::Row))
    }

    unsafe fn next(&mut self, demand: &Demand, item: *mut Item) -> Answer {
        if self.failed {
            return fail(E_FATAL, "", "", "the source has failed before".into());
        }
        let (taken, last) = if self.ended { (false, Ok(Next::End)) } else { self.gather(demand) };
        self.ended |= matches!(last, Ok(Next::End));
        match last {
            Err(failure) if !(taken && may_be_repeated(&failure)) => {
                self.failed = !may_be_repeated(&failure);
                return Err(failure);
            }
            Ok(Next::End) if !taken => return Ok(END),
            Ok(Next::Idle) if !taken => return Ok(IDLE),
            _ => {}
        }
        let all: Vec<usize> = (0..fields(T::COLUMNS)?.len()).collect();
        self.failed = true; // rows that are lost now do not come again
        (*item).batch = self.out.close(self.env, &all)?;
        self.failed = false;
        if let Some(parcel) = self.it.position(Parcel::new(T::POSITION_VERSION)) {
            self.position = parcel.done();
            (*item).flags = ITEM_CUT;
            (*item).position = Blob { data: self.position.as_ptr() as *const c_void, size: self.position.len() };
        }
        Ok(BATCH)
    }
}

unsafe extern "C" fn describe<T: RowSource>(state: *mut c_void, out: *mut SourceInfo) -> i32 {
    call(state, |source: &mut SourceOf<T>| source.describe(out))
}

unsafe extern "C" fn open<T: RowSource>(state: *mut c_void, _split: Blob, position: *const Blob) -> i32 {
    let position = if position.is_null() { None } else { Some(blob_bytes(position)) };
    call(state, |source: &mut SourceOf<T>| source.open(position))
}

unsafe extern "C" fn next<T: RowSource>(state: *mut c_void, demand: *const Demand, out: *mut Item) -> i32 {
    call(state, |source: &mut SourceOf<T>| source.next(&*demand, out))
}

pub const fn source_table<T: RowSource>() -> Source {
    Source {
        struct_size: size_of::<Source>() as u32,
        describe: Some(describe::<T>),
        negotiate: None,
        plan_splits: None,
        open: Some(open::<T>),
        next: Some(next::<T>),
        ack: None,
        nack: None,
        on_revoke: None,
    }
}

#[macro_export]
macro_rules! row_source {
    ($type:ty, $id:literal, $version:literal, $manifest:literal) => {
        static TABLE: $crate::qetl::Shared<$crate::qetl::Source> = $crate::qetl::Shared($crate::qetl::row_source::source_table::<$type>());
        static COMPONENT: $crate::qetl::Shared<$crate::qetl::Component> = $crate::qetl::Shared($crate::qetl::Component {
            source: &TABLE.0,
            ..$crate::qetl::component::<$crate::qetl::row_source::SourceOf<$type>>($crate::qetl::SOURCE, concat!($id, "\0").as_bytes())
        });
        $crate::plugin!($id, $version, COMPONENT, $manifest);
    };
}
