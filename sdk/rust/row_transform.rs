// SPDX-License-Identifier: Apache-2.0
//! A transform of single rows: it lets them pass or not, and puts columns in the place of others or beside them. All other
//! columns pass by untouched.
//!
//!     impl RowTransform for Upper { … }
//!     row_transform!(Upper, "upper", "0.1.0", "../upper.qetl.json");

use super::abi::*;
use super::parcel::{Opened, Parcel};
use super::row::{refused, reject_tell, Batch, Next, Reject, RowIn, RowOut};
use super::types::{fields_of, Field, Kind};
use super::{arrow, call, fail, read_all, reported, write_all, Answer, Env, Failure, Instance};
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr::null;

/// What bind answers: whether each row goes on, or some may not.
pub enum Rows {
    Keep,
    Subset,
}

pub trait RowTransform: Sized {
    /// 0: it has no state, and runs on all processors. Else it gets all rows in order; raised when the fields of its state change.
    const STATE_VERSION: u8 = 0;

    /// Reads its options.
    fn new(env: Env) -> Result<Self, Failure>;
    /// Says by `bind` what is read and made. May come again, with other columns.
    fn bind(&mut self, bind: &mut Bind) -> Result<Rows, Failure>;
    /// row: what was read, by the numbers that `bind` gave; out: what was made, likewise. It is called again with the same row
    /// behind E_RETRY_CALL and E_THROTTLED alone, which leave the state as it was; E_ROW has the row rejected.
    fn row(&mut self, row: &RowIn, out: &mut RowOut) -> Result<Next, Failure>;
    /// The state, of any size, at a barrier; and back, in the order in which it was put.
    fn save(&self, parcel: Parcel) -> Parcel {
        parcel
    }
    fn restore(&mut self, _parcel: &mut Opened) -> Result<(), Failure> {
        Ok(())
    }
}

struct Made {
    field: Field,
    instead: Option<usize>, // of what this reader reads
}

pub struct Bind {
    input: Vec<Field>,
    readers: Vec<usize>, // columns of the input
    made: Vec<Made>,
}

fn fail_bind<T>(message: String) -> Result<T, Failure> {
    fail(E_FATAL, "", "mend the plugin's bind", message)
}

impl Bind {
    /// All columns of the input.
    pub fn columns(&self) -> &[Field] {
        &self.input
    }

    /// The number by which `row` reads the column of that name, which stands at an option ("/column", or ""). types: as SQL
    /// writes them, one of which it has to be; none: any.
    pub fn read(&mut self, option: &'static str, name: &str, types: &[&str]) -> Result<usize, Failure> {
        let at = match self.input.iter().position(|field| field.name == name) {
            Some(at) => at,
            None => {
                let names: Vec<&str> = self.input.iter().map(|field| field.name.as_str()).collect();
                let message = format!("there is no column \"{}\"; there are {}", name, names.join(", "));
                return fail(E_CONFIG, option, "name a column of the input", message);
            }
        };
        let field = &self.input[at];
        if !types.is_empty() && !types.contains(&field.sql.as_str()) {
            let message = format!("column \"{}\" is of the type {}, not {}", name, field.sql, types.join(", "));
            return fail(E_CONFIG, option, "name a column of that type, or cast it with a select before", message);
        }
        Ok(self.read_column(at))
    }

    /// The same, by its place in the input.
    pub fn read_column(&mut self, at: usize) -> usize {
        self.readers.iter().position(|reader| *reader == at).unwrap_or_else(|| {
            self.readers.push(at);
            self.readers.len() - 1
        })
    }

    /// A new column behind the others; the number by which `row` puts it.
    pub fn make(&mut self, name: &str, sql: &str) -> Result<usize, Failure> {
        let own = self.made.iter().any(|made| made.field.name == name);
        if own || self.input.iter().any(|field| field.name == name) {
            let who = if own { "it makes" } else { "the input has" };
            let message = format!("a column \"{}\" is to be made, and {} one of that name already", name, who);
            return fail(E_CONFIG, "", "give the new column another name, or rename the input's with a select before", message);
        }
        self.made.push(Made { field: Field::new(name, sql)?, instead: None });
        Ok(self.made.len() - 1)
    }

    /// One in the place of what a reader reads, and made of it alone.
    pub fn replace(&mut self, reader: usize, sql: &str) -> Result<usize, Failure> {
        let at = match self.readers.get(reader) {
            Some(at) => *at,
            None => return fail_bind("a column that is not read is replaced".into()),
        };
        if self.made.iter().any(|made| made.instead == Some(reader)) {
            return fail_bind(format!("column \"{}\" is replaced twice", self.input[at].name));
        }
        self.made.push(Made { field: Field::new(&self.input[at].name, sql)?, instead: Some(reader) });
        Ok(self.made.len() - 1)
    }

    unsafe fn derive(&self, binder: *mut Binder, k: usize, of: &[usize]) -> Answer {
        let of: Vec<i64> = of.iter().map(|at| *at as i64).collect();
        arrow::derive(binder, &self.made[k].field.name, &self.made[k].field.format, &of)
    }

    /// Tells the host; the made columns in the order in which it has them.
    unsafe fn tell(&self, binder: *mut Binder) -> Result<Vec<usize>, Failure> {
        let mut order = Vec::new();
        for at in &self.readers {
            reported(((*binder).read)(binder, 0, *at as i64, FORM_VALUE))?;
        }
        for at in 0..self.input.len() {
            match self.made.iter().position(|made| made.instead.map(|reader| self.readers[reader]) == Some(at)) {
                None => {
                    reported(((*binder).copy)(binder, 0, -1, 0, at as i64, null()))?;
                }
                Some(k) => {
                    self.derive(binder, k, &[at])?;
                    order.push(k);
                }
            }
        }
        for k in (0..self.made.len()).filter(|k| self.made[*k].instead.is_none()) {
            self.derive(binder, k, &self.readers)?;
            order.push(k);
        }
        Ok(order)
    }
}

pub struct TransformOf<T: RowTransform> {
    env: Env,
    it: T,
    batch: Batch,
    out: RowOut,
    order: Vec<usize>,
    instead: Vec<Option<usize>>,
    keeps: bool,
    row_map: Vec<i32>, // output row -> input row
    next: i64,         // the batch is done up to this row: behind a failure that passes it comes again, and goes on here
    rejects: Vec<(i64, Reject)>, // told with the whole batch, as a call that fails has rejected nothing
}

impl<T: RowTransform> Instance for TransformOf<T> {
    fn new(env: Env) -> Result<Self, Failure> {
        Ok(TransformOf {
            env,
            it: T::new(env)?,
            batch: Batch::new(Vec::new()),
            out: RowOut::new(Vec::new()),
            order: Vec::new(),
            instead: Vec::new(),
            keeps: false,
            row_map: Vec::new(),
            next: 0,
            rejects: Vec::new(),
        })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl<T: RowTransform> TransformOf<T> {
    unsafe fn bind(&mut self, input: *const ArrowSchema, binder: *mut Binder) -> Answer {
        let mut bind = Bind { input: fields_of(input), readers: Vec::new(), made: Vec::new() };
        let rows = self.it.bind(&mut bind)?;
        self.order = bind.tell(binder)?;
        // Who makes what might not fit may have to reject.
        let all_fit = bind.made.iter().all(|made| made.field.kind == Kind::Bool || made.field.format == "l" || made.field.format == "g");
        self.keeps = matches!(rows, Rows::Keep) && all_fit;
        self.batch = Batch::new(bind.readers.iter().map(|at| bind.input[*at].clone()).collect());
        self.instead = bind.made.iter().map(|made| made.instead).collect();
        self.out = RowOut::new(bind.made.into_iter().map(|made| made.field).collect());
        if T::STATE_VERSION > 0 {
            reported(((*binder).distribution)(binder, DISTRIBUTION_SINGLE, 0, null()))?;
        }
        reported(((*binder).rows)(binder, 0, if self.keeps { ROWS_KEEP } else { ROWS_SUBSET }))
    }

    /// The rows of the batch from `next` on; true: none behind it is wanted.
    fn rows_take(&mut self, rows: i64) -> Result<bool, Failure> {
        while self.next < rows {
            self.out.begin();
            let answer = self.it.row(&RowIn { batch: &self.batch, index: self.next }, &mut self.out);
            let own = matches!(answer, Ok(Next::Row));
            self.batch.misread()?;
            match self.out.finish(answer.or_else(refused))? {
                Next::Row => self.row_map.push(self.next as i32),
                Next::Nothing => {}
                Next::Reject(mut reject) => {
                    if own {
                        reject.column_of(&self.instead); // a value did not fit: a column that is made
                    }
                    self.rejects.push((self.next, reject));
                }
                Next::End => return Ok(true),
                Next::Idle => return fail(E_FATAL, "", "mend the plugin", "row of a transform answered Idle".into()),
            }
            self.next += 1;
        }
        Ok(false)
    }

    unsafe fn batch_take(&mut self, event: *const Event, out: *mut Output) -> Answer {
        let rows = (*event).rows;
        if !self.batch.fields.is_empty() {
            self.batch.open((*event).batch);
        }
        if self.next == 0 {
            self.row_map.clear();
            self.row_map.reserve(rows as usize);
        }
        let ended = self.rows_take(rows)?;
        let (kept, rejected) = (self.row_map.len() as i64, self.rejects.len() as i64);
        self.next = 0;
        for (row, reject) in self.rejects.drain(..) {
            reject_tell(self.env, row, &reject);
        }
        if self.keeps && kept < rows {
            let what = if rejected > 0 { "was rejected" } else { "does not go on" };
            let mend = "mend the plugin: bind answers Rows::Subset where a row may be rejected or stay behind";
            return fail(E_FATAL, "", mend, format!("a row {}, and bind answered Rows::Keep", what));
        }
        (*out).rows_filtered = rows - kept - rejected;
        (*out).rows = kept;
        if kept > 0 && !self.order.is_empty() {
            (*out).batch = self.out.close(self.env, &self.order)?;
        }
        self.out.clear();
        if kept > 0 && kept < rows {
            (*out).row_map = self.row_map.as_ptr();
        }
        Ok(if ended {
            END
        } else if kept > 0 {
            OUTPUT
        } else {
            NEED_INPUT
        })
    }

    unsafe fn process(&mut self, event: *const Event, out: *mut Output) -> Answer {
        if event.is_null() || (*event).kind != EVENT_BATCH {
            let ends = !event.is_null() && (*event).kind == EVENT_END;
            return Ok(if ends { END } else { NEED_INPUT });
        }
        self.batch_take(event, out)
    }

    fn state(&self) -> Vec<u8> {
        self.it.save(Parcel::new(T::STATE_VERSION)).done()
    }

    unsafe fn restore(&mut self, version: u32, input: *const Reader) -> Answer {
        if version != u32::from(T::STATE_VERSION) {
            return fail(E_UNSUPPORTED, "", "begin anew with --full-refresh", "the state is of another version of this plugin".into());
        }
        let (before, saved) = (self.state(), read_all(input)?);
        let mut parcel = Opened::of(&saved, T::STATE_VERSION);
        parcel.check("the state")?;
        let answer = self.it.restore(&mut parcel).and_then(|()| parcel.close("the state"));
        if answer.is_err() {
            self.it.restore(&mut Opened::of(&before, T::STATE_VERSION))?; // what is refused changes nothing
        }
        answer.map(|()| OK)
    }
}

unsafe extern "C" fn bind<T: RowTransform>(state: *mut c_void, _n: u32, inputs: *const *const ArrowSchema, binder: *mut Binder) -> i32 {
    call(state, |transform: &mut TransformOf<T>| transform.bind(*inputs, binder))
}

unsafe extern "C" fn process<T: RowTransform>(state: *mut c_void, event: *const Event, out: *mut Output) -> i32 {
    call(state, |transform: &mut TransformOf<T>| transform.process(event, out))
}

pub unsafe extern "C" fn save<T: RowTransform>(state: *mut c_void, version: *mut u32, out: *const Writer) -> i32 {
    call(state, |transform: &mut TransformOf<T>| {
        *version = u32::from(T::STATE_VERSION);
        write_all(out, &transform.state())
    })
}

pub unsafe extern "C" fn restore<T: RowTransform>(state: *mut c_void, version: u32, input: *const Reader) -> i32 {
    call(state, |transform: &mut TransformOf<T>| transform.restore(version, input))
}

pub const fn transform_table<T: RowTransform>() -> Transform {
    Transform { struct_size: size_of::<Transform>() as u32, bind: Some(bind::<T>), process: Some(process::<T>), merge: None }
}

pub const fn transform_component<T: RowTransform>(id: &'static [u8], table: &'static Transform) -> Component {
    let component = super::component::<TransformOf<T>>(TRANSFORM, id);
    if T::STATE_VERSION > 0 {
        Component { save: Some(save::<T>), restore: Some(restore::<T>), transform: table, ..component }
    } else {
        Component { transform: table, ..component }
    }
}

#[macro_export]
macro_rules! row_transform {
    ($type:ty, $id:literal, $version:literal, $manifest:literal) => {
        static TABLE: $crate::qetl::Shared<$crate::qetl::Transform> =
            $crate::qetl::Shared($crate::qetl::row_transform::transform_table::<$type>());
        static COMPONENT: $crate::qetl::Shared<$crate::qetl::Component> =
            $crate::qetl::Shared($crate::qetl::row_transform::transform_component::<$type>(concat!($id, "\0").as_bytes(), &TABLE.0));
        $crate::plugin!($id, $version, COMPONENT, $manifest);
    };
}
