// SPDX-License-Identifier: Apache-2.0
//! newplugin: a format. Lines `key=value`, one row each; empty lines and those that begin with # are no rows.
//!
//!   decode  a record to a row
//!   encode  a row to a record
//!
//! Where records end, which row came from which, and what is lost with one that is none: that is seen to by `qetl::row_format`,
//! which also says what else there is (columns that depend on the file, headers, records that are no lines). What you will
//! change: these two, the columns, and the options, which the manifest newplugin.qetl.json declares.

mod qetl;

use qetl::row::{reject, Next, RowIn, RowOut};
use qetl::row_format::RowFormat;
use qetl::types::{Field, Kind};
use qetl::*;

const KEY: usize = 0;
const VALUE: usize = 1;
const NAMES: [&str; 2] = ["key", "value"];

/// One instance. There are no globals: several decode at once, each in a thread of its own.
struct Pairs {
    separator: u8,
    places: [usize; 2], // of key and value among the columns that are written
}

impl Pairs {
    /// A row that could not be read again as it was is not written.
    fn is_writable(&self, text: &[u8], part: usize) -> bool {
        let is_key = !text.is_empty() && text[0] != b'#' && !text.contains(&self.separator);
        !text.contains(&b'\n') && (part == VALUE || is_key)
    }
}

impl RowFormat for Pairs {
    const COLUMNS: &'static str = "key text, value text";

    fn new(env: Env) -> Result<Pairs, Failure> {
        let separator = env.option("/separator")?.bytes().next().unwrap_or(b'=');
        Ok(Pairs { separator, places: [0; 2] })
    }

    /// What is put is looked at: a text that is no UTF-8 has the record rejected, as has a value that its column's type cannot
    /// hold.
    fn decode(&mut self, line: &[u8], out: &mut RowOut) -> Result<Next, Failure> {
        if line.is_empty() || line[0] == b'#' {
            return Ok(Next::Nothing);
        }
        match line.iter().position(|byte| *byte == self.separator) {
            None => reject(None, "bad_pair", "a line has the separator between key and value"), // with its bytes; the others go on
            Some(sign) => {
                out.put(KEY, &line[..sign]);
                out.put(VALUE, &line[sign + 1..]);
                Ok(Next::Row)
            }
        }
    }

    /// The columns that are to be written: each of them may lie anywhere, and be of any type.
    fn encode_open(&mut self, columns: &[Field]) -> Result<(), Failure> {
        for part in [KEY, VALUE] {
            let at = match columns.iter().position(|column| column.name == NAMES[part]) {
                Some(at) => at,
                None => {
                    let message = format!("pairs are written of columns key and value; \"{}\" is missing", NAMES[part]);
                    return fail(E_CONFIG, "", "name columns with select: columns: {key: …, value: …}", message);
                }
            };
            if columns[at].kind() == Kind::Other {
                let message = format!("column \"{}\" is of the type {}, and has no text", NAMES[part], columns[at].sql);
                return fail(E_CONFIG, "", "cast it to text with compute before", message);
            }
            self.places[part] = at;
        }
        Ok(())
    }

    /// What was appended of a row that is rejected is taken back.
    fn encode(&mut self, row: &RowIn, out: &mut Vec<u8>) -> Result<Next, Failure> {
        for part in [KEY, VALUE] {
            let (place, from) = (self.places[part], out.len());
            row.render(place, out);
            if !self.is_writable(&out[from..], part) {
                return reject(Some(place), "bad_pair", "this cannot be read again as key=value");
            }
            out.push(if part == KEY { self.separator } else { b'\n' });
        }
        Ok(Next::Row)
    }
}

row_format!(Pairs, "newplugin", "0.1.0", "../newplugin.qetl.json");
