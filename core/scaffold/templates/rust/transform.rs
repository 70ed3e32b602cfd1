// SPDX-License-Identifier: Apache-2.0
//! newplugin: a transform. Adds a column with the sum of another one's values so far.
//!
//! What you will change: what `bind` asks for, `row`, and the options, which the manifest newplugin.qetl.json declares. What may be
//! said beside it stands in qetl/row_transform.rs.

mod qetl;

use qetl::parcel::{Opened, Parcel};
use qetl::row::{reject, Next, RowIn, RowOut};
use qetl::row_transform::{Bind, RowTransform, Rows};
use qetl::*;

/// One instance. There are no globals, since a pipeline may use the plugin twice.
struct Total {
    column: String,
    into: String,
    sum: i64, // what a run that is cut short must not lose
}

impl RowTransform for Total {
    const STATE_VERSION: u8 = 1; // other fields in `save`: another number

    fn new(env: Env) -> Result<Total, Failure> {
        Ok(Total { column: env.option("/column")?, into: env.option("/into")?, sum: 0 })
    }

    /// Says what comes in and what goes out. All other columns never pass through here: the host carries them, byte for byte.
    fn bind(&mut self, bind: &mut Bind) -> Result<Rows, Failure> {
        bind.read("/column", &self.column, &["tinyint", "smallint", "integer", "bigint"])?;
        bind.make(&self.into, "bigint")?;
        Ok(Rows::Subset) // rows may be rejected
    }

    /// By the numbers of what `bind` asked for, and of what it makes: each begins with 0.
    fn row(&mut self, row: &RowIn, out: &mut RowOut) -> Result<Next, Failure> {
        match self.sum.checked_add(row.int(0).unwrap_or(0)) {
            Some(sum) => self.sum = sum,
            // No reason to fail: the row goes to the dead letters.
            None => return reject(Some(0), "overflow", "the sum is larger than a bigint can be"),
        }
        out.put(0, self.sum);
        Ok(Next::Row)
    }

    /// At every checkpoint; and back in the next process, behind bind.
    fn save(&self, parcel: Parcel) -> Parcel {
        parcel.int(self.sum)
    }

    fn restore(&mut self, parcel: &mut Opened) -> Result<(), Failure> {
        self.sum = parcel.int();
        Ok(())
    }
}

row_transform!(Total, "newplugin", "0.1.0", "../newplugin.qetl.json");
