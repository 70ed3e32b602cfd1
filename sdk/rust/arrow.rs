// SPDX-License-Identifier: Apache-2.0
//! As much of Arrow's C data interface as plugins with texts and integers need: schemas, columns that are read, and columns that
//! are built, in buffers of the host. Other types: see the interface's page, and do as here.

use super::abi::*;
use super::{bytes_of, reported, Answer, Env, Failure};
use std::ffi::{CStr, CString};
use std::os::raw::c_void;
use std::ptr::{null, null_mut};

fn no_memory() -> Failure {
    Failure { code: E_NO_MEMORY, what: None }
}

// ---- schemas ----

unsafe extern "C" fn schema_release(schema: *mut ArrowSchema) {
    drop(CString::from_raw((*schema).name as *mut _));
    drop(CString::from_raw((*schema).format as *mut _));
    if (*schema).n_children > 0 {
        let n = (*schema).n_children as usize;
        for child in Vec::from_raw_parts((*schema).children, n, n) {
            let mut child = Box::from_raw(child);
            if let Some(release) = child.release {
                release(&mut *child);
            }
        }
    }
    (*schema).release = None;
}

/// A field of that Arrow format: "vu" is text, "l" bigint. It is the host's to release once it was moved there.
pub fn field(name: &str, format: &str) -> ArrowSchema {
    ArrowSchema {
        format: CString::new(format).unwrap_or_default().into_raw(),
        name: CString::new(name).unwrap_or_default().into_raw(),
        metadata: null(),
        flags: FLAG_NULLABLE,
        n_children: 0,
        children: null_mut(),
        dictionary: null_mut(),
        release: Some(schema_release),
        private_data: null_mut(),
    }
}

/// The schema of a batch.
pub fn schema(fields: &[(&str, &str)]) -> ArrowSchema {
    let children: Vec<*mut ArrowSchema> =
        fields.iter().map(|(name, format)| Box::into_raw(Box::new(field(name, format)))).collect();
    let children = Box::leak(children.into_boxed_slice());
    ArrowSchema { flags: 0, n_children: children.len() as i64, children: children.as_mut_ptr(), ..field("", "+s") }
}

/// bind: a column that process makes, of these columns of the input.
pub unsafe fn derive(binder: *mut Binder, name: &str, format: &str, of: &[i64]) -> Answer {
    let mut made = field(name, format);
    let derived = ((*binder).derive)(binder, 0, &mut made, of.len() as i64, of.as_ptr());
    if let Some(release) = made.release {
        release(&mut made); // unless derive took it
    }
    reported(derived)
}

/// Name and format of each column.
pub unsafe fn columns(schema: *const ArrowSchema) -> Vec<(String, String)> {
    let text = |c| if (c as *const u8).is_null() { String::new() } else { CStr::from_ptr(c).to_string_lossy().into_owned() };
    (0..(*schema).n_children as usize)
        .map(|i| *(*schema).children.add(i))
        .map(|child| (text((*child).name), text((*child).format)))
        .collect()
}

// ---- columns that are read ----

/// A column of texts or integers, whatever its layout.
pub struct Column<'a> {
    array: &'a ArrowArray,
    format: &'a str,
    offset: i64,
}

impl<'a> Column<'a> {
    /// Row i of a child belongs to row i of the batch: both offsets count.
    pub unsafe fn of(batch: *const ArrowArray, k: usize, format: &'a str) -> Column<'a> {
        let array = &**(*batch).children.add(k);
        Column { array, format, offset: array.offset + (*batch).offset }
    }

    unsafe fn buffer<T>(&self, k: usize) -> *const T {
        *self.array.buffers.add(k) as *const T
    }

    pub unsafe fn is_null(&self, row: i64) -> bool {
        let at = (row + self.offset) as usize;
        let validity = self.buffer::<u8>(0);
        !validity.is_null() && *validity.add(at >> 3) >> (at & 7) & 1 == 0
    }

    /// Of a column of c, s, i or l.
    pub unsafe fn integer(&self, row: i64) -> i64 {
        let at = (row + self.offset) as usize;
        match self.format {
            "c" => i64::from(*self.buffer::<i8>(1).add(at)),
            "s" => i64::from(*self.buffer::<i16>(1).add(at)),
            "i" => i64::from(*self.buffer::<i32>(1).add(at)),
            _ => *self.buffer::<i64>(1).add(at),
        }
    }

    /// Of a column of u, U or vu.
    pub unsafe fn text(&self, row: i64) -> &'a [u8] {
        let at = (row + self.offset) as usize;
        match self.format {
            "u" => {
                let from = *self.buffer::<i32>(1).add(at);
                bytes_of(self.buffer::<u8>(2).add(from as usize), (*self.buffer::<i32>(1).add(at + 1) - from) as usize)
            }
            "U" => {
                let from = *self.buffer::<i64>(1).add(at);
                bytes_of(self.buffer::<u8>(2).add(from as usize), (*self.buffer::<i64>(1).add(at + 1) - from) as usize)
            }
            _ => {
                // The size, then up to 12 bytes; or 4 of them, the number of a buffer, and where in it.
                let view = self.buffer::<i32>(1).add(4 * at);
                if *view <= 12 {
                    bytes_of(view.add(1) as *const u8, *view as usize)
                } else {
                    let data = self.buffer::<u8>(2 + *view.add(2) as usize);
                    bytes_of(data.add(*view.add(3) as usize), *view as usize)
                }
            }
        }
    }
}

// ---- columns that are built ----

/// What an array holds until it is released: buffers of the host, and its children.
struct Held {
    free: unsafe extern "C" fn(*mut c_void),
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

unsafe extern "C" fn array_release(array: *mut ArrowArray) {
    let held = Box::from_raw((*array).private_data as *mut Held);
    for buffer in held.buffers.iter().filter(|buffer| !buffer.is_null()) {
        (held.free)(*buffer as *mut c_void);
    }
    for child in &held.children {
        let mut child = Box::from_raw(*child);
        if let Some(release) = child.release {
            release(&mut *child);
        }
    }
    (*array).release = None;
}

fn array_of(length: i64, null_count: i64, mut held: Box<Held>) -> ArrowArray {
    ArrowArray {
        length,
        null_count,
        offset: 0,
        n_buffers: held.buffers.len() as i64,
        n_children: held.children.len() as i64,
        buffers: held.buffers.as_mut_ptr(),
        children: if held.children.is_empty() { null_mut() } else { held.children.as_mut_ptr() },
        dictionary: null_mut(),
        release: Some(array_release),
        private_data: Box::into_raw(held) as *mut c_void,
    }
}

/// A copy of the bytes in a buffer of the host, aligned and counted as the host wants it.
pub unsafe fn buffer_of<T>(env: Env, values: &[T]) -> Result<*const c_void, Failure> {
    let size = std::mem::size_of_val(values);
    let buffer = ((*env.host).buffer_alloc)(env.ctx, size.max(1));
    if buffer.is_null() {
        return Err(no_memory());
    }
    std::ptr::copy_nonoverlapping(values.as_ptr() as *const u8, buffer as *mut u8, size);
    Ok(buffer)
}

pub unsafe fn array_with(env: Env, length: usize, nulls: usize, buffers: Vec<Result<*const c_void, Failure>>) -> Result<ArrowArray, Failure> {
    let free = (*env.host).buffer_free;
    let mut held = Box::new(Held { free, buffers: Vec::new(), children: Vec::new() });
    let mut failed = None;
    for buffer in buffers {
        match buffer {
            Ok(buffer) => held.buffers.push(buffer),
            Err(failure) => failed = Some(failure),
        }
    }
    let mut array = array_of(length as i64, nulls as i64, held);
    match failed {
        None => Ok(array),
        Some(failure) => {
            array_release(&mut array);
            Err(failure)
        }
    }
}

/// Which rows are NULL: a bit each, which is 0 there.
#[derive(Default)]
struct Validity {
    bits: Vec<u8>,
    rows: usize,
    nulls: usize,
}

impl Validity {
    fn push(&mut self, valid: bool) {
        if self.rows % 8 == 0 {
            self.bits.push(0);
        }
        self.bits[self.rows / 8] |= u8::from(valid) << (self.rows % 8);
        self.rows += 1;
        self.nulls += usize::from(!valid);
    }

    unsafe fn close(&mut self, env: Env) -> Result<*const c_void, Failure> {
        let it = std::mem::take(self);
        if it.nulls == 0 {
            Ok(null())
        } else {
            buffer_of(env, &it.bits)
        }
    }
}

/// Integers, dates or timestamps of 64 bits; empty again once it was closed.
#[derive(Default)]
pub struct Integers {
    values: Vec<i64>,
    validity: Validity,
}

impl Integers {
    pub fn push(&mut self, value: i64) {
        self.values.push(value);
        self.validity.push(true);
    }

    pub fn push_null(&mut self) {
        self.values.push(0);
        self.validity.push(false);
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub unsafe fn close(&mut self, env: Env) -> Result<ArrowArray, Failure> {
        let values = std::mem::take(&mut self.values);
        let nulls = self.validity.nulls;
        let buffers = vec![self.validity.close(env), buffer_of(env, &values)];
        array_with(env, values.len(), nulls, buffers)
    }
}

/// Texts ("vu"); empty again once it was closed.
#[derive(Default)]
pub struct Texts {
    views: Vec<[u8; 16]>,
    heap: Vec<u8>,
    validity: Validity,
}

impl Texts {
    pub fn push_null(&mut self) {
        self.views.push([0; 16]);
        self.validity.push(false);
    }

    pub fn push(&mut self, text: &[u8]) {
        self.validity.push(true);
        let mut view = [0; 16];
        view[..4].copy_from_slice(&(text.len() as i32).to_ne_bytes());
        if text.len() <= 12 {
            view[4..4 + text.len()].copy_from_slice(text);
        } else {
            view[4..8].copy_from_slice(&text[..4]);
            view[12..].copy_from_slice(&(self.heap.len() as i32).to_ne_bytes());
            self.heap.extend_from_slice(text);
        }
        self.views.push(view);
    }

    /// Views, the texts that do not fit into them, and the size of these.
    pub unsafe fn close(&mut self, env: Env) -> Result<ArrowArray, Failure> {
        let views = std::mem::take(&mut self.views);
        let heap = std::mem::take(&mut self.heap);
        let sizes = [heap.len() as i64];
        let nulls = self.validity.nulls;
        let buffers = vec![self.validity.close(env), buffer_of(env, &views), buffer_of(env, &heap), buffer_of(env, &sizes)];
        array_with(env, views.len(), nulls, buffers)
    }
}

/// A batch of these columns.
pub unsafe fn batch(env: Env, rows: usize, columns: Vec<Result<ArrowArray, Failure>>) -> Result<ArrowArray, Failure> {
    let mut held = Box::new(Held { free: (*env.host).buffer_free, buffers: vec![null()], children: Vec::new() });
    let mut failed = None;
    for column in columns {
        match column {
            Ok(column) => held.children.push(Box::into_raw(Box::new(column))),
            Err(failure) => failed = Some(failure),
        }
    }
    let mut array = array_of(rows as i64, 0, held);
    match failed {
        None => Ok(array),
        Some(failure) => {
            array_release(&mut array);
            Err(failure)
        }
    }
}

/// Appends to an encoder's space.
pub unsafe fn put(out: *mut Space, bytes: &[u8]) -> Result<(), Failure> {
    let size = bytes.len() as i64;
    if (*out).capacity - (*out).size < size {
        reported(((*out).reserve)(out, size))?;
    }
    std::ptr::copy_nonoverlapping(bytes.as_ptr(), (*out).data.add((*out).size as usize), bytes.len());
    (*out).size += size;
    Ok(())
}
