// SPDX-License-Identifier: Apache-2.0
//! A format of records, each of which is one row at most:
//!
//!     impl RowFormat for Pairs { … }
//!     row_format!(Pairs, "pairs", "0.1.0", "../pairs.qetl.json");
//!
//! Each record is a row, is none on purpose, or is rejected with its bytes and its place; a row that cannot be written leaves no
//! bytes. Many instances decode and encode at once: nothing is kept from one record to the next.

use super::abi::*;
use super::row::{refused, reject_tell, reject_tell_of, Batch, Next, RowIn, RowOut};
use super::types::{fields, fields_of, Field};
use super::{arrow, bytes_of, call, fail, Answer, Env, Failure, Instance};
use std::mem::size_of;
use std::os::raw::{c_int, c_void};
use std::ptr::null;

fn missing<T>(what: &str) -> Result<T, Failure> {
    fail(E_FATAL, "", "mend the plugin", format!("the format has no {}", what))
}

pub trait RowFormat: Sized {
    /// Of what is read: "key text, value bigint"; "": `columns` says.
    const COLUMNS: &'static str = "";
    /// So many records of each object stand before the rows, and are passed over.
    const HEADER: u32 = 0;
    /// Records end at line feeds, which `decode` does not get, nor a carriage return before one; else `record` says where.
    const LINES: bool = true;

    /// Reads its options.
    fn new(env: Env) -> Result<Self, Failure>;

    // ---- reading; or nothing of it, and "reads": false in the manifest ----

    /// In the place of COLUMNS, those of the object whose beginning the sample is. None: it is too little to say.
    fn columns(&mut self, _sample: &[u8], _whole: bool) -> Result<Option<String>, Failure> {
        missing("COLUMNS, nor columns")
    }
    /// The columns that `decode` puts, as this instance found them, or another.
    fn decode_open(&mut self, _columns: &[Field]) -> Result<(), Failure> {
        Ok(())
    }
    /// The row of a record: Next::Row, Next::Nothing (a comment, say: it does not count as a record) or `reject`, which adds the
    /// record's bytes.
    fn decode(&mut self, _record: &[u8], _out: &mut RowOut) -> Result<Next, Failure> {
        missing("decode")
    }
    /// Where LINES is false: the size of the first record, with its end; 0: that is not there yet. ended: nothing comes behind the
    /// data, so that all of it belongs to records. It is asked for the same record by several instances.
    fn record(&mut self, _data: &[u8], _ended: bool) -> Result<usize, Failure> {
        missing("record, and LINES is false")
    }

    // ---- writing; or nothing of it, and "writes": false in the manifest ----

    /// The columns, by whose numbers `encode` reads.
    fn encode_open(&mut self, _columns: &[Field]) -> Result<(), Failure> {
        Ok(())
    }
    /// What an object begins with.
    fn begin(&mut self, _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }
    /// Appends the row and its end: Next::Row; or `reject`.
    fn encode(&mut self, _row: &RowIn, _out: &mut Vec<u8>) -> Result<Next, Failure> {
        missing("encode")
    }
}

pub struct FormatOf<T: RowFormat> {
    env: Env,
    it: T,
    out: RowOut,
    wanted: Vec<usize>,
    record_map: Vec<i32>, // row -> record
    starts: Vec<i32>,     // of records, in the chunk
    header: u32,          // records of it that are still to come
    passing: bool,        // a record that is too long goes on
    batch: Batch,
    bytes: Vec<u8>, // what is written
}

impl<T: RowFormat> Instance for FormatOf<T> {
    fn new(env: Env) -> Result<Self, Failure> {
        Ok(FormatOf {
            env,
            it: T::new(env)?,
            out: RowOut::new(Vec::new()),
            wanted: Vec::new(),
            record_map: Vec::new(),
            starts: Vec::new(),
            header: 0,
            passing: false,
            batch: Batch::new(Vec::new()),
            bytes: Vec::new(),
        })
    }

    fn env(&self) -> Env {
        self.env
    }
}

extern "C" {
    fn memchr(bytes: *const c_void, byte: c_int, size: usize) -> *const c_void;
    fn memrchr(bytes: *const c_void, byte: c_int, size: usize) -> *const c_void;
}

type Search = unsafe extern "C" fn(*const c_void, c_int, usize) -> *const c_void;

fn feed_by(search: Search, data: &[u8]) -> Option<usize> {
    let begin = data.as_ptr() as *const c_void;
    let found = if data.is_empty() { null() } else { unsafe { search(begin, c_int::from(b'\n'), data.len()) } };
    if found.is_null() {
        None
    } else {
        Some(found as usize - begin as usize)
    }
}

// ---- where records end ----

impl<T: RowFormat> FormatOf<T> {
    fn record_size(&mut self, data: &[u8], ended: bool) -> Result<usize, Failure> {
        if T::LINES {
            return Ok(feed_by(memchr, data).map_or(if ended { data.len() } else { 0 }, |at| at + 1));
        }
        let found = self.it.record(data, ended)?;
        if found > data.len() || (found == 0 && ended) {
            let end = if ended { " that end there" } else { "" };
            return fail(E_FATAL, "", "mend the plugin", format!("record answered {} of {} bytes{}", found, data.len(), end));
        }
        Ok(found)
    }

    fn record_text(record: &[u8]) -> &[u8] {
        match record.strip_suffix(b"\n") {
            Some(line) if T::LINES => line.strip_suffix(b"\r").unwrap_or(line),
            _ => record,
        }
    }

    /// One that has no line feed cannot be passed over.
    unsafe fn oversize(&mut self, io: *mut Frame) -> Result<(), Failure> {
        let (at, most) = ((*io).begin, (*io).max_record);
        if !T::LINES {
            let message = format!("a record at byte {} is longer than max_record, {} bytes", (*io).offset + at, most);
            return fail(E_DATA, "", "raise max_record, if it is one", message);
        }
        let bytes = bytes_of((*io).data.add(at as usize), most as usize);
        let message = format!("the record is longer than max_record, {} bytes", most);
        self.env.reject_cut((*io).rejected, "oversize_record", &message, bytes, at);
        (*io).rejected += 1;
        Ok(())
    }

    /// One by one, up to the first that is too long; those that are in front are passed over.
    unsafe fn records_frame(&mut self, io: *mut Frame, data: &[u8], last: bool) -> Answer {
        let most = (*io).max_record as usize;
        let mut at = (*io).begin as usize;
        while at < data.len() {
            let size = self.record_size(&data[at..], last)?;
            if size == 0 {
                break;
            }
            if Self::record_text(&data[at..at + size]).len() > most {
                if at as i64 > (*io).begin {
                    break;
                }
                self.oversize(io)?;
                (*io).begin = (at + size) as i64;
            }
            at += size;
        }
        (*io).used = at as i64;
        if at as i64 > (*io).begin || data.len() - at <= most + 2 {
            return Ok(OK);
        }
        self.oversize(io)?; // its end is not there yet
        self.passing = true;
        (*io).begin = data.len() as i64;
        (*io).used = (*io).begin;
        Ok(OK)
    }

    unsafe fn frame(&mut self, io: *mut Frame) -> Answer {
        let data = bytes_of((*io).data, (*io).size as usize);
        let last = (*io).flags & ITEM_OBJECT_END != 0;
        let mut at = 0;
        (*io).rejected = 0;
        if (*io).flags & ITEM_OBJECT_START != 0 {
            self.passing = false;
            self.header = T::HEADER;
        }
        if self.passing {
            let feed = feed_by(memchr, data);
            self.passing = feed.is_none() && !last;
            at = feed.map_or(data.len(), |feed| feed + 1);
        }
        while self.header > 0 && at < data.len() {
            let size = self.record_size(&data[at..], last)?;
            if size == 0 {
                break;
            }
            at += size;
            self.header -= 1;
        }
        (*io).begin = at as i64;
        (*io).used = (*io).begin;
        if self.header > 0 || self.passing {
            return Ok(OK);
        }
        if !T::LINES || (data.len() - at) as i64 > (*io).max_record {
            return self.records_frame(io, data, last);
        }
        let end = if last { Some(data.len()) } else { feed_by(memrchr, &data[at..]).map(|feed| at + feed + 1) };
        (*io).used = end.unwrap_or(at) as i64;
        Ok(OK)
    }

    // ---- reading ----

    unsafe fn infer(&mut self, sample: *const Sample, out: *mut Inferred) -> Answer {
        let data = bytes_of((*sample).data, (*sample).size as usize);
        let columns = if T::COLUMNS.is_empty() { self.it.columns(data, (*sample).whole != 0)? } else { Some(T::COLUMNS.into()) };
        let found = match columns {
            Some(columns) => fields(&columns)?,
            None => return Ok(NEED_INPUT),
        };
        let named: Vec<(&str, &str)> = found.iter().map(|field| (field.name.as_str(), field.format.as_str())).collect();
        (*out).schema = arrow::schema(&named);
        Ok(OK)
    }

    /// All columns are made, so that a record is rejected whatever is wanted of it; those that nobody wants are thrown away.
    unsafe fn open_decode(&mut self, schema: *const ArrowSchema, wants: &[Want]) -> Answer {
        let columns = fields_of(schema);
        self.it.decode_open(&columns)?;
        self.out = RowOut::new(columns);
        self.wanted = wants.iter().map(|want| want.column as usize).collect();
        Ok(OK)
    }

    fn records_decode(&mut self, data: &[u8]) -> Result<(), Failure> {
        let mut at = 0;
        while at < data.len() {
            let size = self.record_size(&data[at..], true)?;
            let record = Self::record_text(&data[at..at + size]);
            let number = self.starts.len() as i64;
            self.out.begin();
            let answer = self.it.decode(record, &mut self.out).or_else(refused);
            match self.out.finish(answer)? {
                Next::Row => self.record_map.push(number as i32),
                Next::Reject(reject) => reject_tell_of(self.env, number, &reject, (record, at as i64)),
                Next::Nothing => {
                    at += size;
                    continue;
                }
                _ => return fail(E_FATAL, "", "mend the plugin", "decode answers Row, Nothing or Reject".into()),
            }
            self.starts.push(at as i32);
            at += size;
        }
        Ok(())
    }

    unsafe fn decode(&mut self, data: &[u8], out: *mut Decoded) -> Answer {
        self.record_map.clear();
        self.starts.clear();
        if let Err(failure) = self.records_decode(data) {
            self.out.clear();
            return Err(failure);
        }
        (*out).rows = self.record_map.len() as i64;
        (*out).records = self.starts.len() as i64;
        (*out).batch = self.out.close(self.env, &self.wanted)?;
        (*out).record_map = self.record_map.as_ptr();
        (*out).record_offsets = self.starts.as_ptr();
        Ok(OK)
    }

    // ---- writing ----

    unsafe fn encode(&mut self, batch: *const ArrowArray, out: *mut Space) -> Answer {
        self.bytes.clear();
        self.batch.open(batch);
        for index in 0..(*batch).length {
            let from = self.bytes.len();
            let answer = self.it.encode(&RowIn { batch: &self.batch, index }, &mut self.bytes);
            self.batch.misread()?;
            match answer.or_else(refused)? {
                Next::Row => {}
                Next::Reject(reject) => {
                    self.bytes.truncate(from);
                    reject_tell(self.env, index, &reject);
                }
                _ => return fail(E_FATAL, "", "mend the plugin", "encode answers Row or Reject".into()),
            }
        }
        arrow::put(out, &self.bytes)?;
        Ok(OK)
    }

    unsafe fn begin(&mut self, out: *mut Space) -> Answer {
        self.bytes.clear();
        self.it.begin(&mut self.bytes)?;
        arrow::put(out, &self.bytes)?;
        Ok(OK)
    }
}

unsafe extern "C" fn describe<T: RowFormat>(state: *mut c_void, out: *mut FormatInfo) -> i32 {
    call(state, |_: &mut FormatOf<T>| {
        (*out).encode = ENCODE_CONCATENABLE;
        (*out).decode = DECODE_VALUES;
        Ok(OK)
    })
}

unsafe extern "C" fn infer<T: RowFormat>(state: *mut c_void, sample: *const Sample, out: *mut Inferred) -> i32 {
    call(state, |format: &mut FormatOf<T>| format.infer(sample, out))
}

unsafe extern "C" fn open_decode<T: RowFormat>(state: *mut c_void, schema: *const ArrowSchema, _: Blob, n: i64, wants: *const Want) -> i32 {
    let wants = if n == 0 { &[] } else { std::slice::from_raw_parts(wants, n as usize) };
    call(state, |format: &mut FormatOf<T>| format.open_decode(schema, wants))
}

unsafe extern "C" fn frame<T: RowFormat>(state: *mut c_void, io: *mut Frame) -> i32 {
    call(state, |format: &mut FormatOf<T>| format.frame(io))
}

unsafe extern "C" fn decode<T: RowFormat>(state: *mut c_void, chunk: *const Chunk, out: *mut Decoded) -> i32 {
    let data = bytes_of((*chunk).data, (*chunk).size as usize);
    call(state, |format: &mut FormatOf<T>| format.decode(data, out))
}

unsafe extern "C" fn forms<T: RowFormat>(state: *mut c_void, schema: *const ArrowSchema, welcome: *mut u32) -> i32 {
    call(state, |_: &mut FormatOf<T>| {
        for i in 0..(*schema).n_children as usize {
            *welcome.add(i) = FORM_VALUE;
        }
        Ok(OK)
    })
}

unsafe extern "C" fn open_encode<T: RowFormat>(state: *mut c_void, schema: *const ArrowSchema) -> i32 {
    call(state, |format: &mut FormatOf<T>| {
        format.batch = Batch::new(fields_of(schema));
        format.it.encode_open(&format.batch.fields).map(|()| OK)
    })
}

unsafe extern "C" fn begin<T: RowFormat>(state: *mut c_void, out: *mut Space) -> i32 {
    call(state, |format: &mut FormatOf<T>| format.begin(out))
}

unsafe extern "C" fn encode<T: RowFormat>(state: *mut c_void, batch: *const ArrowArray, out: *mut Space) -> i32 {
    call(state, |format: &mut FormatOf<T>| format.encode(batch, out))
}

pub const fn format_table<T: RowFormat>() -> Format {
    Format {
        struct_size: size_of::<Format>() as u32,
        describe: Some(describe::<T>),
        infer: Some(infer::<T>),
        open_decode: Some(open_decode::<T>),
        frame: Some(frame::<T>),
        decode: Some(decode::<T>),
        forms: Some(forms::<T>),
        open_encode: Some(open_encode::<T>),
        begin: Some(begin::<T>),
        finish: None,
        encode: Some(encode::<T>),
        decode_late: None,
    }
}

#[macro_export]
macro_rules! row_format {
    ($type:ty, $id:literal, $version:literal, $manifest:literal) => {
        static TABLE: $crate::qetl::Shared<$crate::qetl::Format> = $crate::qetl::Shared($crate::qetl::row_format::format_table::<$type>());
        static COMPONENT: $crate::qetl::Shared<$crate::qetl::Component> = $crate::qetl::Shared($crate::qetl::Component {
            format: &TABLE.0,
            ..$crate::qetl::component::<$crate::qetl::row_format::FormatOf<$type>>($crate::qetl::FORMAT, concat!($id, "\0").as_bytes())
        });
        $crate::plugin!($id, $version, COMPONENT, $manifest);
    };
}
