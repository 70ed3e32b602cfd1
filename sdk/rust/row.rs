// SPDX-License-Identifier: Apache-2.0
//! Components that are written a row at a time, without `unsafe`: what is read of a row, what is made of it, and what becomes of
//! it. row_source, row_transform, row_sink and row_format say what an author writes.
//!
//! Every row goes on, is passed over on purpose, or is rejected with its reason. A value that the column's type cannot hold has
//! its row rejected; a column that is not there, or is of another type, ends the run with a message that names it.

use super::abi::*;
use super::types::{Field, Kind, Layout};
use super::values::{Fit, Maker, Reader};
use super::{arrow, fail, parse, render, Env, Failure};
use std::cell::RefCell;

const SHOWN_MOST: usize = 60;

/// What becomes of the row at hand.
pub enum Next {
    /// It goes on, as it was put; what was not put is NULL.
    Row,
    /// There is none, on purpose.
    Nothing,
    /// It goes to the dead letters: `return reject(…)`.
    Reject(Reject),
    /// Of a source: nothing yet; a `Waker` will say when.
    Idle,
    /// Of a source: there are no more. Of a transform: no row from this one on is wanted.
    End,
}

pub struct Reject {
    column: i64,
    code: &'static str,
    message: String,
    bytes: Option<Vec<u8>>,
}

/// column: of those that a transform or sink reads, or a source makes; None: the row as a whole.
pub fn reject(column: Option<usize>, code: &'static str, message: impl Into<String>) -> Result<Next, Failure> {
    let column = column.map_or(-1, |column| column as i64);
    Ok(Next::Reject(Reject { column, code, message: message.into(), bytes: None }))
}

/// The same, with the bytes that the row was to be made of.
pub fn reject_bytes(code: &'static str, message: impl Into<String>, bytes: &[u8]) -> Result<Next, Failure> {
    Ok(Next::Reject(Reject { column: -1, code, message: message.into(), bytes: Some(bytes.to_vec()) }))
}

/// Which row cannot be taken is known here.
pub(crate) fn refused(failure: Failure) -> Result<Next, Failure> {
    if failure.code != E_ROW {
        return Err(failure);
    }
    reject(None, "refused", failure.what.map_or_else(|| "the row was refused".into(), |what| what.message))
}

impl Reject {
    /// A value did not fit into a column that is made: told of the one whose place it takes, if there is one.
    pub(crate) fn column_of(&mut self, instead: &[Option<usize>]) {
        let made = usize::try_from(self.column).ok();
        self.column = made.and_then(|made| instead.get(made).copied().flatten()).map_or(-1, |reader| reader as i64);
    }
}

pub(crate) fn reject_tell(env: Env, row: i64, reject: &Reject) {
    env.reject(row, reject.column, reject.code, &reject.message, reject.bytes.as_deref().map(|bytes| (bytes, 0)));
}

/// With the bytes of the record, and where it stands, if the author gave none.
pub(crate) fn reject_tell_of(env: Env, row: i64, reject: &Reject, record: (&[u8], i64)) {
    let bytes = reject.bytes.as_deref().map_or(record, |bytes| (bytes, 0));
    env.reject(row, reject.column, reject.code, &reject.message, Some(bytes));
}

// ---- what is read ----

/// The columns of a batch that a component asked for.
pub(crate) struct Batch {
    pub fields: Vec<Field>,
    readers: Vec<Reader>,
    misread: RefCell<Option<Failure>>,
}

impl Batch {
    pub(crate) fn new(fields: Vec<Field>) -> Batch {
        Batch { fields, readers: Vec::new(), misread: RefCell::new(None) }
    }

    pub(crate) unsafe fn open(&mut self, batch: *const ArrowArray) {
        self.readers.clear();
        for (k, field) in self.fields.iter().enumerate() {
            self.readers.push(Reader::of(batch, k, field));
        }
    }

    /// The first mistake of the author's function, which counts before what it answered.
    pub(crate) fn misread(&self) -> Result<(), Failure> {
        self.misread.borrow_mut().take().map_or(Ok(()), Err)
    }

    fn misread_note(&self, column: usize, wanted: &str) {
        let told: Result<(), Failure> = match self.fields.get(column) {
            None => {
                let names: Vec<String> = self.fields.iter().enumerate().map(|(k, field)| format!("{} \"{}\"", k, field.name)).collect();
                let message = format!("column {} is read, and there are {}: {}", column, names.len(), names.join(", "));
                fail(E_FATAL, "", "mend the plugin: a transform reads what its bind has asked for, a sink what its open was told", message)
            }
            Some(field) => {
                let message = format!("column \"{}\" is of the type {}, and is read as {}", field.name, field.sql, wanted);
                fail(E_FATAL, "", "mend the plugin: ask for the type in bind or open, where the user can be told", message)
            }
        };
        self.misread.borrow_mut().get_or_insert_with(|| told.err().unwrap_or(Failure { code: E_FATAL, what: None }));
    }
}

/// One row of it. NULL, and what is read by mistake, is None.
pub struct RowIn<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) index: i64,
}

impl<'a> RowIn<'a> {
    fn get<T>(&self, column: usize, kinds: &[Kind], wanted: &str, value: impl FnOnce(&Reader, i64) -> T) -> Option<T> {
        match (self.batch.fields.get(column), self.batch.readers.get(column)) {
            (Some(field), Some(reader)) if kinds.is_empty() || kinds.contains(&field.kind) => {
                if unsafe { reader.is_null(self.index) } {
                    None
                } else {
                    Some(value(reader, self.index))
                }
            }
            _ => {
                self.batch.misread_note(column, wanted);
                None
            }
        }
    }

    pub fn is_null(&self, column: usize) -> bool {
        self.get(column, &[], "anything", |_, _| ()).is_none()
    }

    /// Whole numbers; dates in days, times and timestamps in the unit of their type, since 1970.
    pub fn int(&self, column: usize) -> Option<i64> {
        let value = self.get(column, &[Kind::Int, Kind::Time], "a whole number", |reader, row| unsafe { reader.int(row) })?;
        let unsigned = matches!(self.batch.fields[column].layout, Layout::Int { bytes: 8, signed: false });
        if value < 0 && unsigned {
            self.batch.misread_note(column, "a bigint, for which a value is too large: uint() reads it");
            return None;
        }
        Some(value)
    }

    /// Of an unsigned column.
    pub fn uint(&self, column: usize) -> Option<u64> {
        let value = self.get(column, &[Kind::Int], "a whole number", |reader, row| unsafe { reader.int(row) })?;
        if matches!(self.batch.fields[column].layout, Layout::Int { signed: true, .. }) {
            self.batch.misread_note(column, "an unsigned number: int() reads it");
            return None;
        }
        Some(value as u64)
    }

    pub fn bool(&self, column: usize) -> Option<bool> {
        self.get(column, &[Kind::Bool], "a boolean", |reader, row| unsafe { reader.int(row) != 0 })
    }

    pub fn real(&self, column: usize) -> Option<f64> {
        self.get(column, &[Kind::Real, Kind::Int], "a number", |reader, row| unsafe { reader.real(row) })
    }

    /// The digits without their point.
    pub fn decimal(&self, column: usize) -> Option<i128> {
        self.get(column, &[Kind::Decimal], "a decimal", |reader, row| unsafe { reader.decimal(row) })
    }

    pub fn bytes(&self, column: usize) -> Option<&'a [u8]> {
        self.get(column, &[Kind::Text, Kind::Binary], "a text", |reader, row| unsafe { reader.bytes(row) })
    }

    /// Appends the text of a value of any type, as CSV has it; of NULL nothing. Lists and structs have none here.
    pub fn render(&self, column: usize, out: &mut Vec<u8>) {
        let kinds = [Kind::Bool, Kind::Int, Kind::Real, Kind::Decimal, Kind::Text, Kind::Binary, Kind::Time];
        let fields = &self.batch.fields;
        self.get(column, &kinds, "a single value", |reader, row| unsafe { render::value(&fields[column], reader, row, out) });
    }

    pub fn text(&self, column: usize) -> Option<&'a str> {
        let bytes = self.get(column, &[Kind::Text], "a text", |reader, row| unsafe { reader.bytes(row) })?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => {
                self.batch.misread_note(column, "UTF-8, which it is not");
                None
            }
        }
    }
}

// ---- what is made ----

/// A value that can be put: integers, f64, bool, &str, &[u8] (a text has to be UTF-8), `Digits` of a decimal, and an Option of
/// each, None being NULL.
pub trait Value {
    fn put(self, maker: &mut Maker) -> Fit;
}

/// Of a decimal: the digits without their point; 12.50 in a decimal(9,2) is `Digits(1250)`.
pub struct Digits(pub i128);

macro_rules! values {
    ($($type:ty: $value:ident, $maker:ident => $put:expr;)*) => {
        $(impl Value for $type {
            fn put(self, $maker: &mut Maker) -> Fit {
                let $value = self;
                $put
            }
        })*
    };
}

values! {
    i16: value, maker => maker.int(i128::from(value));
    i32: value, maker => maker.int(i128::from(value));
    i64: value, maker => maker.int(i128::from(value));
    u32: value, maker => maker.int(i128::from(value));
    u64: value, maker => maker.int(i128::from(value));
    usize: value, maker => maker.int(value as i128);
    f64: value, maker => maker.real(value);
    bool: value, maker => maker.bool(value);
    Digits: value, maker => maker.decimal(value.0);
    &str: value, maker => maker.text(value);
    &String: value, maker => maker.text(value);
    &[u8]: value, maker => maker.bytes(value);
}

impl<T: Value> Value for Option<T> {
    fn put(self, maker: &mut Maker) -> Fit {
        match self {
            Some(value) => value.put(maker),
            None => maker.null(),
        }
    }
}

/// A text as far as one line may show it.
fn shown(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap_or("");
    let end = (0..=text.len().min(SHOWN_MOST)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{}", &text[..end], if end < text.len() { "…" } else { "" })
}

/// The row that is made, in columns.
pub struct RowOut {
    fields: Vec<Field>,
    makers: Vec<Maker>,
    heaps: Vec<usize>, // what the rows before have on them
    built: usize,
    bytes: usize,
    wrong: Option<(usize, Fit)>,
    unread: Option<String>, // the text that did not fit
}

impl RowOut {
    pub(crate) fn new(fields: Vec<Field>) -> RowOut {
        let makers: Vec<Maker> = fields.iter().map(Maker::new).collect();
        let heaps = vec![0; makers.len()];
        RowOut { fields, makers, heaps, built: 0, bytes: 0, wrong: None, unread: None }
    }

    /// The value of a column, by its number from 0; one for each row.
    pub fn put(&mut self, column: usize, value: impl Value) {
        let fit = match self.makers.get_mut(column) {
            Some(maker) if maker.rows() == self.built => value.put(maker),
            _ => Fit::Twice,
        };
        self.judge_put(column, fit, None);
    }

    /// The value that a text spells (as `parse` reads it), whatever the type of the column is; a text that is none has its row
    /// rejected (`bad_value`).
    pub fn put_parsed(&mut self, column: usize, text: impl AsRef<[u8]>) {
        let (text, built) = (text.as_ref(), self.built);
        let as_it_is = self.fields.get(column).map_or(false, |field| matches!(field.kind, Kind::Text | Kind::Binary));
        let fit = match (self.fields.get(column), self.makers.get_mut(column)) {
            (Some(field), Some(maker)) if maker.rows() == built => parse::put(field, maker, text),
            _ => Fit::Twice,
        };
        self.judge_put(column, fit, Some(text).filter(|_| !as_it_is));
    }

    fn judge_put(&mut self, column: usize, fit: Fit, text: Option<&[u8]>) {
        if !matches!(fit, Fit::Fits) && self.wrong.is_none() {
            self.wrong = Some((column, fit));
            self.unread = text.map(shown);
        }
    }

    pub(crate) fn begin(&mut self) {
        self.wrong = None;
        for (heap, maker) in self.heaps.iter_mut().zip(&self.makers) {
            *heap = maker.heap_size();
        }
    }

    fn forget(&mut self) {
        for (maker, heap) in self.makers.iter_mut().zip(&self.heaps) {
            maker.truncate(self.built, *heap);
        }
    }

    fn judge(&self) -> Result<Next, Failure> {
        let (column, fit) = match &self.wrong {
            Some((column, fit)) => (*column, fit),
            None => return Ok(Next::Row),
        };
        let field = match self.fields.get(column) {
            Some(field) => field,
            None => {
                let message = format!("a value was put into column {}, and there are {}, from 0 on", column, self.fields.len());
                return fail(E_FATAL, "", "mend the plugin", message);
            }
        };
        match fit {
            Fit::TooLarge => match &self.unread {
                Some(text) => {
                    let what = format!("and \"{}\" is none, or too large for it", text);
                    reject(Some(column), "bad_value", format!("column \"{}\" is of the type {}, {}", field.name, field.sql, what))
                }
                None => {
                    let message = format!("column \"{}\" is of the type {}, and cannot hold it", field.name, field.sql);
                    reject(Some(column), "does_not_fit", message)
                }
            },
            Fit::NoUtf8 => reject(Some(column), "bad_utf8", format!("the text for column \"{}\" is no UTF-8", field.name)),
            Fit::NoMemory => Err(Failure { code: E_NO_MEMORY, what: None }),
            Fit::Twice => {
                let message = format!("a second value for one row was put into column \"{}\"", field.name);
                fail(E_FATAL, "", "mend the plugin", message)
            }
            _ => {
                let message = format!("a value of another type was put into column \"{}\", which is {}", field.name, field.sql);
                fail(E_FATAL, "", "mend the plugin", message)
            }
        }
    }

    /// What becomes of the row, by what the author's function answered and what it has put.
    pub(crate) fn finish(&mut self, answer: Result<Next, Failure>) -> Result<Next, Failure> {
        let answer = match answer {
            Ok(Next::Row) => self.judge(),
            other => other,
        };
        if !matches!(answer, Ok(Next::Row)) {
            self.forget();
            return answer;
        }
        for (maker, heap) in self.makers.iter_mut().zip(&self.heaps) {
            if maker.rows() == self.built && !matches!(maker.null(), Fit::Fits) {
                return Err(Failure { code: E_NO_MEMORY, what: None });
            }
            self.bytes += 16 + maker.heap_size() - heap;
        }
        self.built += 1;
        Ok(Next::Row)
    }

    pub(crate) fn built(&self) -> usize {
        self.built
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.makers.iter_mut().for_each(|maker| maker.truncate(0, 0));
        self.built = 0;
        self.bytes = 0;
    }

    /// The rows as a batch, its columns in this order.
    pub(crate) unsafe fn close(&mut self, env: Env, order: &[usize]) -> Result<ArrowArray, Failure> {
        let rows = self.built;
        let columns = order.iter().map(|k| self.makers[*k].close(env)).collect();
        self.clear();
        arrow::batch(env, rows, columns)
    }
}
