// SPDX-License-Identifier: Apache-2.0
//! Values of columns: read where they lie, and built one after the other.

use super::abi::*;
use super::arrow::{array_with, buffer_of};
use super::types::{Field, Kind, Layout};
use super::{bytes_of, Env, Failure};
use std::ptr::null;

// ---- columns that are read ----

/// A column of a batch, as long as that is lent.
pub(crate) struct Reader {
    layout: Layout,
    array: *const ArrowArray, // of the values
    offset: i64,              // of row 0 in it
    indices: Option<(Layout, *const u8, i64)>,
    validity: *const u8,
    validity_offset: i64,
}

unsafe fn validity_of(array: *const ArrowArray) -> *const u8 {
    if (*array).null_count == 0 || (*array).n_buffers < 1 {
        null()
    } else {
        *(*array).buffers as *const u8
    }
}

unsafe fn bit(bits: *const u8, at: i64) -> bool {
    *bits.add((at >> 3) as usize) >> (at & 7) & 1 == 1
}

unsafe fn int_at(layout: Layout, values: *const u8, at: i64) -> i64 {
    let at = at as usize;
    match layout {
        Layout::Int { bytes: 1, signed: true } => i64::from(*(values as *const i8).add(at)),
        Layout::Int { bytes: 1, .. } => i64::from(*values.add(at)),
        Layout::Int { bytes: 2, signed: true } => i64::from(*(values as *const i16).add(at)),
        Layout::Int { bytes: 2, .. } => i64::from(*(values as *const u16).add(at)),
        Layout::Int { bytes: 4, signed: true } => i64::from(*(values as *const i32).add(at)),
        Layout::Int { bytes: 4, .. } => i64::from(*(values as *const u32).add(at)),
        _ => *(values as *const i64).add(at),
    }
}

impl Reader {
    /// Row i of a child belongs to row i of the batch: both offsets count.
    pub unsafe fn of(batch: *const ArrowArray, k: usize, field: &Field) -> Reader {
        let own = *(*batch).children.add(k) as *const ArrowArray;
        let offset = (*own).offset + (*batch).offset;
        let values = if field.indices.is_some() { (*own).dictionary as *const ArrowArray } else { own };
        Reader {
            layout: field.layout,
            array: values,
            offset: if field.indices.is_some() { (*values).offset } else { offset },
            indices: field.indices.map(|layout| (layout, *(*own).buffers.add(1) as *const u8, offset)),
            validity: validity_of(own),
            validity_offset: offset,
        }
    }

    unsafe fn at(&self, row: i64) -> i64 {
        match self.indices {
            None => row + self.offset,
            Some((layout, indices, offset)) => int_at(layout, indices, row + offset) + self.offset,
        }
    }

    unsafe fn buffer(&self, k: usize) -> *const u8 {
        *(*self.array).buffers.add(k) as *const u8
    }

    pub unsafe fn is_null(&self, row: i64) -> bool {
        if !self.validity.is_null() && !bit(self.validity, row + self.validity_offset) {
            return true;
        }
        let values = if self.indices.is_some() { validity_of(self.array) } else { null() };
        !values.is_null() && !bit(values, self.at(row))
    }

    pub unsafe fn int(&self, row: i64) -> i64 {
        match self.layout {
            Layout::Bool => i64::from(bit(self.buffer(1), self.at(row))),
            layout => int_at(layout, self.buffer(1), self.at(row)),
        }
    }

    pub unsafe fn decimal(&self, row: i64) -> i128 {
        (self.buffer(1) as *const i128).add(self.at(row) as usize).read_unaligned()
    }

    pub unsafe fn real(&self, row: i64) -> f64 {
        let at = self.at(row) as usize;
        match self.layout {
            Layout::Real { bytes: 4 } => f64::from(*(self.buffer(1) as *const f32).add(at)),
            Layout::Real { .. } => *(self.buffer(1) as *const f64).add(at),
            Layout::Int { bytes: 8, signed: false } => self.int(row) as u64 as f64,
            _ => self.int(row) as f64,
        }
    }

    /// Of a text or binary column.
    pub unsafe fn bytes<'a>(&self, row: i64) -> &'a [u8] {
        let at = self.at(row) as usize;
        if let Layout::Offsets { bytes } = self.layout {
            let end = |k: usize| {
                if bytes == 4 {
                    *(self.buffer(1) as *const i32).add(at + k) as usize
                } else {
                    *(self.buffer(1) as *const i64).add(at + k) as usize
                }
            };
            return bytes_of(self.buffer(2).add(end(0)), end(1) - end(0));
        }
        // The size, then up to 12 bytes; or 4 of them, the number of a buffer, and where in it.
        let view = (self.buffer(1) as *const i32).add(4 * at);
        if *view <= 12 {
            return bytes_of(view.add(1) as *const u8, *view as usize);
        }
        bytes_of(self.buffer(2 + *view.add(2) as usize).add(*view.add(3) as usize), *view as usize)
    }
}

// ---- columns that are built ----

pub enum Fit {
    Fits,
    TooLarge,
    NoUtf8,
    NoMemory,
    /// The column is of another type.
    Misuse,
    /// The row has a value there already.
    Twice,
}

/// One column: a value for each row, by its type.
pub struct Maker {
    kind: Kind,
    layout: Layout,
    values: Vec<u8>, // fixed width; views of 16 bytes; of booleans a byte each
    heap: Vec<u8>,   // texts of more than 12 bytes
    valid: Vec<u8>,  // a byte each
}

fn append(to: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let room = to.try_reserve(bytes.len()).is_ok();
    if room {
        to.extend_from_slice(bytes);
    }
    room
}

fn bits_of(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(8).map(|eight| eight.iter().enumerate().fold(0, |bits, (i, byte)| bits | byte << i)).collect()
}

impl Maker {
    pub(crate) fn new(field: &Field) -> Maker {
        Maker { kind: field.kind, layout: field.layout, values: Vec::new(), heap: Vec::new(), valid: Vec::new() }
    }

    fn width(&self) -> usize {
        match self.layout {
            Layout::Bool => 1,
            Layout::Int { bytes, .. } | Layout::Real { bytes } => bytes,
            _ => 16,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.valid.len()
    }

    pub(crate) fn heap_size(&self) -> usize {
        self.heap.len()
    }

    /// Forgets all rows behind these, and what they had on the heap.
    pub(crate) fn truncate(&mut self, rows: usize, heap: usize) {
        self.values.truncate(rows * self.width());
        self.heap.truncate(heap);
        self.valid.truncate(rows);
    }

    fn push(&mut self, value: &[u8], valid: bool) -> Fit {
        if self.valid.try_reserve(1).is_err() || !append(&mut self.values, value) {
            return Fit::NoMemory;
        }
        self.valid.push(u8::from(valid));
        Fit::Fits
    }

    pub fn null(&mut self) -> Fit {
        let width = self.width();
        self.push(&[0; 16][..width], false)
    }

    pub fn bool(&mut self, value: bool) -> Fit {
        match self.layout {
            Layout::Bool => self.push(&[u8::from(value)], true),
            _ => Fit::Misuse,
        }
    }

    /// Whole numbers, dates, times, timestamps.
    pub fn int(&mut self, value: i128) -> Fit {
        let (bytes, signed) = match self.layout {
            Layout::Int { bytes, signed } => (bytes, signed),
            _ => return Fit::Misuse,
        };
        let bits = 8 * bytes as u32 - u32::from(signed);
        let most = (1i128 << bits) - 1;
        let least = if signed { -most - 1 } else { 0 };
        if value < least || value > most {
            return Fit::TooLarge;
        }
        self.push(&value.to_ne_bytes()[if cfg!(target_endian = "little") { 0..bytes } else { 16 - bytes..16 }], true)
    }

    pub fn real(&mut self, value: f64) -> Fit {
        match self.layout {
            Layout::Real { bytes: 4 } if (value as f32).is_infinite() && value.is_finite() => Fit::TooLarge,
            Layout::Real { bytes: 4 } => self.push(&(value as f32).to_ne_bytes(), true),
            Layout::Real { .. } => self.push(&value.to_ne_bytes(), true),
            _ => Fit::Misuse,
        }
    }

    /// The digits without their point: 12.50 in a decimal(9,2) is 1250.
    pub fn decimal(&mut self, digits: i128) -> Fit {
        match self.layout {
            Layout::Decimal { precision, .. } if digits.unsigned_abs() < 10u128.pow(precision) => self.push(&digits.to_ne_bytes(), true),
            Layout::Decimal { .. } => Fit::TooLarge,
            _ => Fit::Misuse,
        }
    }

    /// A text (UTF-8) or binary value.
    pub fn bytes(&mut self, value: &[u8]) -> Fit {
        if self.layout != Layout::Views {
            return Fit::Misuse;
        }
        if self.kind == Kind::Text && std::str::from_utf8(value).is_err() {
            return Fit::NoUtf8;
        }
        self.view(value)
    }

    pub fn text(&mut self, value: &str) -> Fit {
        if self.layout == Layout::Views {
            self.view(value.as_bytes())
        } else {
            Fit::Misuse
        }
    }

    fn view(&mut self, value: &[u8]) -> Fit {
        if value.len() > i32::MAX as usize - self.heap.len() {
            return Fit::TooLarge;
        }
        let mut view = [0; 16];
        view[..4].copy_from_slice(&(value.len() as i32).to_ne_bytes());
        if value.len() <= 12 {
            view[4..4 + value.len()].copy_from_slice(value);
        } else {
            view[4..8].copy_from_slice(&value[..4]);
            view[12..].copy_from_slice(&(self.heap.len() as i32).to_ne_bytes());
            if !append(&mut self.heap, value) {
                return Fit::NoMemory;
            }
        }
        self.push(&view, true)
    }

    /// All rows as an array; it is empty again.
    pub(crate) unsafe fn close(&mut self, env: Env) -> Result<ArrowArray, Failure> {
        let nulls = self.valid.iter().filter(|valid| **valid == 0).count();
        let rows = self.rows();
        let validity = if nulls == 0 { Ok(null()) } else { buffer_of(env, &bits_of(&self.valid)) };
        let values = match self.layout {
            Layout::Bool => buffer_of(env, &bits_of(&self.values)),
            _ => buffer_of(env, &self.values),
        };
        let mut buffers = vec![validity, values];
        if self.layout == Layout::Views {
            buffers.push(buffer_of(env, &self.heap));
            buffers.push(buffer_of(env, &[self.heap.len() as i64]));
        }
        self.truncate(0, 0);
        array_with(env, rows, nulls, buffers)
    }
}
