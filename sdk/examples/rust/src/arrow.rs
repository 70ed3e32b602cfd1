// SPDX-License-Identifier: Apache-2.0
//! As much of Arrow's C data interface as a transform with one column in and one out needs.

use crate::qetl::{ArrowArray, ArrowSchema, Ctx, Host, FLAG_NULLABLE};
use std::ffi::CString;
use std::os::raw::c_void;
use std::ptr::{null, null_mut};

/// A column of text in one of its layouts: u and U have offsets, vu has views.
pub struct Column<'a> {
    array: &'a ArrowArray,
    format: &'a str,
    offset: i64,
}

impl<'a> Column<'a> {
    /// Row i of a child belongs to row i of the batch: both offsets count.
    pub unsafe fn of_child(batch: &'a ArrowArray, k: usize, format: &'a str) -> Column<'a> {
        let array = &**batch.children.add(k);
        Column { array, format, offset: array.offset + batch.offset }
    }

    unsafe fn buffer<T>(&self, k: usize) -> *const T {
        *self.array.buffers.add(k) as *const T
    }

    pub unsafe fn text(&self, row: i64) -> Option<&'a [u8]> {
        let at = (row + self.offset) as usize;
        let validity = self.buffer::<u8>(0);
        if !validity.is_null() && *validity.add(at >> 3) >> (at & 7) & 1 == 0 {
            return None;
        }
        let (data, size) = match self.format {
            "u" => {
                let from = *self.buffer::<i32>(1).add(at);
                (self.buffer::<u8>(2).add(from as usize), *self.buffer::<i32>(1).add(at + 1) - from)
            }
            "U" => {
                let from = *self.buffer::<i64>(1).add(at);
                (self.buffer::<u8>(2).add(from as usize), (*self.buffer::<i64>(1).add(at + 1) - from) as i32)
            }
            _ => {
                // Size, then up to 12 bytes, or four of them, the number of a buffer, and where.
                let view = self.buffer::<i32>(1).add(4 * at);
                if *view <= 12 {
                    (view.add(1) as *const u8, *view)
                } else {
                    (self.buffer::<u8>(2 + *view.add(2) as usize).add(*view.add(3) as usize), *view)
                }
            }
        };
        Some(if size > 0 { std::slice::from_raw_parts(data, size as usize) } else { &[] })
    }
}

/// What an array holds until it is released: buffers of the host.
struct Held {
    free: unsafe extern "C" fn(*mut c_void),
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

unsafe extern "C" fn array_release(array: *mut ArrowArray) {
    let held = Box::from_raw((*array).private_data as *mut Held);
    for buffer in &held.buffers {
        if !buffer.is_null() {
            (held.free)(*buffer as *mut c_void);
        }
    }
    for child in &held.children {
        let mut child = Box::from_raw(*child);
        if let Some(release) = child.release {
            release(&mut *child);
        }
    }
    (*array).release = None;
}

fn array_new(length: i64, null_count: i64, mut held: Box<Held>) -> ArrowArray {
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

/// A column of 64-bit integers under way, in buffers of the host.
pub struct Numbers {
    free: unsafe extern "C" fn(*mut c_void),
    validity: *mut u8,
    values: *mut i64,
    length: i64,
    null_count: i64,
}

impl Numbers {
    pub unsafe fn new(host: &Host, ctx: *mut Ctx, room: i64) -> Option<Numbers> {
        let bytes = (room as usize + 7) / 8 + 1;
        let validity = (host.buffer_alloc)(ctx, bytes) as *mut u8;
        let values = (host.buffer_alloc)(ctx, 8 * room as usize + 8) as *mut i64;
        let made = Numbers { free: host.buffer_free, validity, values, length: 0, null_count: 0 };
        if validity.is_null() || values.is_null() {
            return None; // drop frees what there is
        }
        std::ptr::write_bytes(validity, 0, bytes);
        Some(made)
    }

    pub unsafe fn push(&mut self, value: Option<i64>) {
        let at = self.length as usize;
        *self.values.add(at) = value.unwrap_or(0);
        *self.validity.add(at >> 3) |= (value.is_some() as u8) << (at & 7);
        self.null_count += value.is_none() as i64;
        self.length += 1;
    }

    /// A batch of this one column.
    pub fn into_batch(mut self) -> ArrowArray {
        let buffers = vec![self.validity as *const c_void, self.values as *const c_void];
        self.validity = null_mut();
        self.values = null_mut();
        let held = Box::new(Held { free: self.free, buffers, children: Vec::new() });
        let column = Box::into_raw(Box::new(array_new(self.length, self.null_count, held)));
        let held = Box::new(Held { free: self.free, buffers: vec![null()], children: vec![column] });
        array_new(self.length, 0, held)
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        for buffer in [self.validity as *mut c_void, self.values as *mut c_void] {
            if !buffer.is_null() {
                unsafe { (self.free)(buffer) }
            }
        }
    }
}

unsafe extern "C" fn field_release(field: *mut ArrowSchema) {
    drop(CString::from_raw((*field).name as *mut _));
    drop(CString::from_raw((*field).format as *mut _));
    (*field).release = None;
}

pub fn field_new(name: &str, format: &str) -> ArrowSchema {
    ArrowSchema {
        format: CString::new(format).unwrap_or_default().into_raw(),
        name: CString::new(name).unwrap_or_default().into_raw(),
        metadata: null(),
        flags: FLAG_NULLABLE,
        n_children: 0,
        children: null_mut(),
        dictionary: null_mut(),
        release: Some(field_release),
        private_data: null_mut(),
    }
}
