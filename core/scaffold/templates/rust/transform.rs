// SPDX-License-Identifier: Apache-2.0
//! newplugin: a transform. Adds a column with the sum of another one's values so far.
//!
//! What you will change: `row_append`, what `bind` asks for, and the options, which the manifest newplugin.qetl.json declares. What
//! has to stay true is said where it matters.

mod qetl;

use qetl::arrow::{self, Column, Integers};
use qetl::parcel::{Opened, Parcel};
use qetl::*;
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr::null;

const STATE_VERSION: u8 = 1; // another layout of what `save` writes: another number
const STATE_MOST: usize = 64; // bytes of it

/// One instance. There are no globals, since a pipeline may use the plugin twice.
struct Total {
    env: Env,
    column: String,
    into: String,
    format: String, // of the column that is read
    sums: Integers,
    row_map: Vec<i32>, // output row -> input row
    sum: i64,          // what a run that is cut short must not lose
}

impl Instance for Total {
    fn new(env: Env) -> Result<Total, Failure> {
        Ok(Total {
            env,
            column: env.option("/column")?,
            into: env.option("/into")?,
            format: String::new(),
            sums: Integers::default(),
            row_map: Vec::new(),
            sum: 0,
        })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl Total {
    fn column_find(&self, columns: &[(String, String)]) -> Result<usize, Failure> {
        let at = match columns.iter().position(|(name, _)| *name == self.column) {
            Some(at) => at,
            None => {
                let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
                let message = format!("there is no column \"{}\"; there are {}", self.column, names.join(", "));
                return fail(E_CONFIG, "/column", "name a column of the input", message);
            }
        };
        if !["c", "s", "i", "l"].contains(&columns[at].1.as_str()) {
            let message = format!("column \"{}\" is not of an integer type", self.column);
            return fail(E_CONFIG, "/column", "name a column of integers, or cast it with compute before", message);
        }
        Ok(at)
    }

    /// Says what comes in and what goes out. Columns that are copied never pass through here: the host carries them, byte for
    /// byte. May be called again, with other columns.
    unsafe fn bind(&mut self, input: *const ArrowSchema, binder: *mut Binder) -> Answer {
        let columns = arrow::columns(input);
        let at = self.column_find(&columns)? as i64;
        for i in 0..columns.len() as i64 {
            reported(((*binder).copy)(binder, 0, -1, 0, i, null()))?;
        }
        arrow::derive(binder, &self.into, "l", &[at])?;
        reported(((*binder).read)(binder, 0, at, FORM_VALUE))?;
        // One instance sees all rows, in order; without this there may be one a processor.
        reported(((*binder).distribution)(binder, DISTRIBUTION_SINGLE, 0, null()))?;
        reported(((*binder).rows)(binder, 0, ROWS_SUBSET))?; // rows may be rejected
        self.format = columns[at as usize].1.clone();
        Ok(OK)
    }

    unsafe fn row_append(&mut self, column: &Column, row: i64) {
        let value = if column.is_null(row) { 0 } else { column.integer(row) };
        match self.sum.checked_add(value) {
            Some(sum) => {
                self.sum = sum;
                self.sums.push(sum);
                self.row_map.push(row as i32);
            }
            // No reason to fail: the row goes to the dead letters. Column 0 of those that were asked for with read().
            None => self.env.reject(row, 0, "overflow", "the sum is larger than a bigint can be", None),
        }
    }

    /// The batch holds the columns that were read; the answer holds those that were derived.
    unsafe fn process(&mut self, event: *const Event, out: *mut Output) -> Answer {
        if event.is_null() || (*event).kind != EVENT_BATCH {
            return Ok(NEED_INPUT); // barriers, watermarks, ends: the host passes them on
        }
        let format = self.format.clone();
        let column = Column::of((*event).batch, 0, &format);
        self.row_map.clear();
        for row in 0..(*event).rows {
            self.row_append(&column, row);
        }
        if self.row_map.is_empty() {
            return Ok(NEED_INPUT);
        }
        (*out).batch = arrow::batch(self.env, self.row_map.len(), vec![self.sums.close(self.env)])?;
        (*out).rows = self.row_map.len() as i64;
        (*out).row_map = self.row_map.as_ptr();
        Ok(OUTPUT)
    }

    /// In the next process, behind bind. What is not understood is refused, and changes nothing.
    unsafe fn restore(&mut self, version: u32, input: *const Reader) -> Answer {
        if version != u32::from(STATE_VERSION) {
            return fail(E_UNSUPPORTED, "", "begin anew with --full-refresh", "the saved sum is of another version".into());
        }
        let saved = read_all(input, STATE_MOST)?;
        let mut parcel = Opened::of(&saved, STATE_VERSION);
        let sum = parcel.int();
        parcel.close("the saved sum")?;
        self.sum = sum;
        Ok(OK)
    }
}

unsafe extern "C" fn bind(state: *mut c_void, _n: u32, inputs: *const *const ArrowSchema, binder: *mut Binder) -> i32 {
    call(state, |total: &mut Total| total.bind(*inputs, binder))
}

unsafe extern "C" fn process(state: *mut c_void, event: *const Event, out: *mut Output) -> i32 {
    call(state, |total: &mut Total| total.process(event, out))
}

/// At every checkpoint: what the rows so far have left behind.
unsafe extern "C" fn save(state: *mut c_void, version: *mut u32, out: *const Writer) -> i32 {
    call(state, |total: &mut Total| {
        *version = u32::from(STATE_VERSION);
        write_all(out, &Parcel::new(STATE_VERSION).int(total.sum).done())
    })
}

unsafe extern "C" fn restore(state: *mut c_void, version: u32, input: *const Reader) -> i32 {
    call(state, |total: &mut Total| total.restore(version, input))
}

static TRANSFORM_TABLE: Shared<Transform> =
    Shared(Transform { struct_size: size_of::<Transform>() as u32, bind: Some(bind), process: Some(process), merge: None });

static COMPONENT: Shared<Component> = Shared(Component {
    save: Some(save),
    restore: Some(restore),
    transform: &TRANSFORM_TABLE.0,
    ..component::<Total>(TRANSFORM, b"newplugin\0")
});

plugin!("newplugin", "0.1.0", COMPONENT, "../newplugin.qetl.json");
