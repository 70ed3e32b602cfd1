// SPDX-License-Identifier: Apache-2.0
//! A transform that adds a column with the number of characters in a column of text. Rows whose text is too long are rejected.

mod qetl;

use qetl::arrow::{self, Column, Integers};
use qetl::*;
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr::null;

struct Measure {
    env: Env,
    column: String,
    most: i64,
    format: String, // of the column
    lengths: Integers,
    kept: Vec<i32>, // output row -> input row
}

impl Instance for Measure {
    fn new(env: Env) -> Result<Measure, Failure> {
        let (column, most) = (env.option("/column")?, env.integer("/most"));
        Ok(Measure { env, column, most, format: String::new(), lengths: Integers::default(), kept: Vec::new() })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl Measure {
    unsafe fn bind(&mut self, input: *const ArrowSchema, binder: *mut Binder) -> Answer {
        let columns = arrow::columns(input);
        let at = match columns.iter().position(|(name, _)| *name == self.column) {
            Some(at) => at as i64,
            None => return fail(E_CONFIG, "/column", "name one of the input", format!("there is no column \"{}\"", self.column)),
        };
        self.format = columns[at as usize].1.clone();
        if !["vu", "u", "U"].contains(&self.format.as_str()) {
            return fail(E_CONFIG, "/column", "name a column of text", format!("column \"{}\" is no text", self.column));
        }
        for i in 0..columns.len() as i64 {
            reported(((*binder).copy)(binder, 0, -1, 0, i, null()))?;
        }
        reported(((*binder).read)(binder, 0, at, FORM_VALUE))?;
        arrow::derive(binder, &format!("{}_length", self.column), "l", &[at])?;
        reported(((*binder).rows)(binder, 0, ROWS_SUBSET))
    }

    unsafe fn row_append(&mut self, column: &Column, row: i64) {
        if column.is_null(row) {
            self.lengths.push_null();
        } else {
            let length = column.text(row).iter().filter(|byte| (**byte & 0xc0) != 0x80).count() as i64;
            if self.most > 0 && length > self.most {
                let message = format!("{} characters, where {} are the most", length, self.most);
                return self.env.reject(row, 0, "too_long", &message, None);
            }
            self.lengths.push(length);
        }
        self.kept.push(row as i32);
    }

    unsafe fn process(&mut self, event: *const Event, out: *mut Output) -> Answer {
        if event.is_null() || (*event).kind != EVENT_BATCH {
            return Ok(NEED_INPUT);
        }
        let format = self.format.clone();
        let column = Column::of((*event).batch, 0, &format);
        self.kept.clear();
        for row in 0..(*event).rows {
            self.row_append(&column, row);
        }
        if self.kept.is_empty() {
            return Ok(NEED_INPUT);
        }
        (*out).batch = arrow::batch(self.env, self.kept.len(), vec![self.lengths.close(self.env)])?;
        (*out).rows = self.kept.len() as i64;
        (*out).row_map = self.kept.as_ptr();
        Ok(OUTPUT)
    }
}

unsafe extern "C" fn bind(state: *mut c_void, _n: u32, inputs: *const *const ArrowSchema, binder: *mut Binder) -> i32 {
    call(state, |measure: &mut Measure| measure.bind(*inputs, binder))
}

unsafe extern "C" fn process(state: *mut c_void, event: *const Event, out: *mut Output) -> i32 {
    call(state, |measure: &mut Measure| measure.process(event, out))
}

static TABLE: Shared<Transform> =
    Shared(Transform { struct_size: size_of::<Transform>() as u32, bind: Some(bind), process: Some(process), merge: None });

static COMPONENT: Shared<Component> =
    Shared(Component { transform: &TABLE.0, ..component::<Measure>(TRANSFORM, b"measure\0") });

plugin!("measure", "0.1.0", COMPONENT, "../measure.qetl.json");
