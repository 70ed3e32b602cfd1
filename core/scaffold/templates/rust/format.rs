// SPDX-License-Identifier: Apache-2.0
//! newplugin: a format. Lines `key=value`, one row each; empty lines and those that begin with # are no rows.
//!
//!   infer   which columns there are, from the first bytes
//!   frame   where records end, in order: so that the rest can be done by many at once
//!   decode  whole records to a batch
//!   encode  a batch to bytes
//!
//! What you will change: these four, and the options, which the manifest newplugin.qetl.json declares.

mod qetl;

use qetl::arrow::{self, Column, Texts};
use qetl::*;
use std::mem::size_of;
use std::os::raw::c_void;

const COLUMNS: [(&str, &str); 2] = [("key", "vu"), ("value", "vu")];
const KEY: usize = 0;

/// One instance. There are no globals: several decode at once, each in a thread of its own.
struct Pairs {
    env: Env,
    separator: u8,
    wanted: Vec<usize>, // which columns somebody reads, in this order
    texts: [Texts; 2],
    record_map: Vec<i32>,          // row -> record, for whoever asks where a row came from
    places: Vec<(usize, String)>, // of what is written: the columns, and their formats
}

impl Instance for Pairs {
    fn new(env: Env) -> Result<Pairs, Failure> {
        Ok(Pairs {
            env,
            separator: env.option("/separator")?.bytes().next().unwrap_or(b'='),
            wanted: Vec::new(),
            texts: [Texts::default(), Texts::default()],
            record_map: Vec::new(),
            places: Vec::new(),
        })
    }

    fn env(&self) -> Env {
        self.env
    }
}

impl Pairs {
    /// A record that is none goes to the dead letters, with its bytes; the others go on. Answers how many records it was.
    fn line_decode(&mut self, line: &[u8], offset: usize, record: i64) -> i64 {
        if line.is_empty() || line[0] == b'#' {
            return 0;
        }
        match line.iter().position(|byte| *byte == self.separator) {
            Some(sign) if std::str::from_utf8(line).is_ok() => {
                let texts = [&line[..sign], &line[sign + 1..]];
                for column in &self.wanted {
                    self.texts[*column].push(texts[*column]);
                }
                self.record_map.push(record as i32);
            }
            _ => {
                let message = "a line is UTF-8, with the separator between key and value";
                self.env.reject(record, -1, "bad_pair", message, Some((line, offset as i64)));
            }
        }
        1
    }

    unsafe fn decode(&mut self, data: &[u8], out: *mut Decoded) -> Answer {
        let (mut at, mut records) = (0, 0);
        self.record_map.clear();
        while at < data.len() {
            let size = data[at..].iter().position(|byte| *byte == b'\n').unwrap_or(data.len() - at);
            records += self.line_decode(&data[at..at + size], at, records);
            at += size + 1;
        }
        let env = self.env;
        let columns = self.wanted.clone().iter().map(|column| self.texts[*column].close(env)).collect();
        (*out).batch = arrow::batch(env, self.record_map.len(), columns)?;
        (*out).rows = self.record_map.len() as i64;
        (*out).records = records;
        (*out).record_map = self.record_map.as_ptr();
        Ok(OK)
    }

    unsafe fn open_encode(&mut self, schema: *const ArrowSchema) -> Answer {
        let columns = arrow::columns(schema);
        self.places.clear();
        for (name, _) in COLUMNS {
            let at = match columns.iter().position(|column| column.0 == name) {
                Some(at) => at,
                None => {
                    let message = format!("pairs are written of columns key and value; \"{}\" is missing", name);
                    return fail(E_CONFIG, "", "name columns with select: columns: {key: …, value: …}", message);
                }
            };
            if !["u", "U", "vu", "c", "s", "i", "l"].contains(&columns[at].1.as_str()) {
                let message = format!("column \"{}\" is neither text nor an integer", name);
                return fail(E_CONFIG, "", "cast it to text with compute before", message);
            }
            self.places.push((at, columns[at].1.clone()));
        }
        Ok(OK)
    }

    fn is_writable(&self, text: &[u8], part: usize) -> bool {
        let is_key = !text.is_empty() && text[0] != b'#' && !text.contains(&self.separator);
        !text.contains(&b'\n') && (part != KEY || is_key)
    }

    /// A row that cannot be written is rejected, and leaves no bytes.
    unsafe fn row_encode(&self, batch: *const ArrowArray, row: i64, out: *mut Space) -> Answer {
        let before = (*out).size;
        for (part, (place, format)) in self.places.iter().enumerate() {
            let column = Column::of(batch, *place, format);
            let number;
            let text = match format.as_str() {
                _ if column.is_null(row) => &[][..],
                "u" | "U" | "vu" => column.text(row),
                _ => {
                    number = column.integer(row).to_string();
                    number.as_bytes()
                }
            };
            if !self.is_writable(text, part) {
                (*out).size = before;
                self.env.reject(row, *place as i64, "bad_pair", "this cannot be read again as key=value", None);
                return Ok(OK);
            }
            arrow::put(out, text)?;
            arrow::put(out, if part == KEY { std::slice::from_ref(&self.separator) } else { b"\n" })?;
        }
        Ok(OK)
    }
}

unsafe extern "C" fn describe(state: *mut c_void, out: *mut FormatInfo) -> i32 {
    call(state, |_: &mut Pairs| {
        (*out).encode = ENCODE_CONCATENABLE; // any instance may encode any batch
        Ok(OK)
    })
}

/// The columns here are always the same. A format that has to look answers NEED_INPUT until the sample says enough.
unsafe extern "C" fn infer(state: *mut c_void, _sample: *const Sample, out: *mut Inferred) -> i32 {
    call(state, |_: &mut Pairs| {
        (*out).schema = arrow::schema(&COLUMNS);
        Ok(OK)
    })
}

/// Only wanted columns are decoded. Whatever form is asked for, text is text.
unsafe extern "C" fn open_decode(state: *mut c_void, _: *const ArrowSchema, _: Blob, n: i64, wants: *const Want) -> i32 {
    call(state, |pairs: &mut Pairs| {
        pairs.wanted = (0..n as usize).map(|i| (*wants.add(i)).column as usize).collect();
        Ok(OK)
    })
}

/// Records end at line feeds; the last line of an object may lack it. used 0: more is needed.
unsafe extern "C" fn frame(state: *mut c_void, io: *mut Frame) -> i32 {
    call(state, |_: &mut Pairs| {
        let data = bytes_of((*io).data, (*io).size as usize);
        (*io).begin = 0;
        (*io).used = if (*io).flags & ITEM_OBJECT_END != 0 {
            (*io).size
        } else {
            data.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at as i64 + 1)
        };
        Ok(OK)
    })
}

unsafe extern "C" fn decode(state: *mut c_void, chunk: *const Chunk, out: *mut Decoded) -> i32 {
    call(state, |pairs: &mut Pairs| pairs.decode(bytes_of((*chunk).data, (*chunk).size as usize), out))
}

/// VALUE: of whatever type it is. LEXICAL: as it stood in the input, if it came as text: welcome.
unsafe extern "C" fn forms(state: *mut c_void, schema: *const ArrowSchema, welcome: *mut u32) -> i32 {
    call(state, |_: &mut Pairs| {
        for i in 0..(*schema).n_children as usize {
            *welcome.add(i) = FORM_VALUE | FORM_LEXICAL;
        }
        Ok(OK)
    })
}

unsafe extern "C" fn open_encode(state: *mut c_void, schema: *const ArrowSchema) -> i32 {
    call(state, |pairs: &mut Pairs| pairs.open_encode(schema))
}

unsafe extern "C" fn encode(state: *mut c_void, batch: *const ArrowArray, out: *mut Space) -> i32 {
    call(state, |pairs: &mut Pairs| {
        for row in 0..(*batch).length {
            pairs.row_encode(batch, row, out)?;
        }
        Ok(OK)
    })
}

static FORMAT_TABLE: Shared<Format> = Shared(Format {
    struct_size: size_of::<Format>() as u32,
    describe: Some(describe),
    infer: Some(infer),
    open_decode: Some(open_decode),
    frame: Some(frame),
    decode: Some(decode),
    forms: Some(forms),
    open_encode: Some(open_encode),
    begin: None,
    finish: None,
    encode: Some(encode),
    decode_late: None,
});

static COMPONENT: Shared<Component> =
    Shared(Component { format: &FORMAT_TABLE.0, ..component::<Pairs>(FORMAT, b"newplugin\0") });

plugin!("newplugin", "0.1.0", COMPONENT, "../newplugin.qetl.json");
