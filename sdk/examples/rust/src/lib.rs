// SPDX-License-Identifier: Apache-2.0
//! A transform that adds a column with the number of characters in a column of text. Rows whose text is too long are rejected.

mod qetl;

use qetl::row::{reject, Next, RowIn, RowOut};
use qetl::row_transform::{Bind, RowTransform, Rows};
use qetl::*;

struct Measure {
    column: String,
    most: i64,
}

impl RowTransform for Measure {
    fn new(env: Env) -> Result<Measure, Failure> {
        Ok(Measure { column: env.option("/column")?, most: env.integer("/most")? })
    }

    fn bind(&mut self, bind: &mut Bind) -> Result<Rows, Failure> {
        bind.read("/column", &self.column, &["text"])?;
        bind.make(&format!("{}_length", self.column), "bigint")?;
        Ok(Rows::Subset)
    }

    fn row(&mut self, row: &RowIn, out: &mut RowOut) -> Result<Next, Failure> {
        let length = row.text(0).map(|text| text.chars().count() as i64);
        if self.most > 0 && length > Some(self.most) {
            let message = format!("{} characters, where {} are the most", length.unwrap_or(0), self.most);
            return reject(Some(0), "too_long", message);
        }
        out.put(0, length);
        Ok(Next::Row)
    }
}

row_transform!(Measure, "measure", "0.1.0", "../measure.qetl.json");
