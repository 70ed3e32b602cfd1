// SPDX-License-Identifier: Apache-2.0
//! Types of columns: their SQL names, and how they lie in Arrow's buffers.

use super::abi::*;
use super::{fail, Failure};
use std::ffi::CStr;
use std::os::raw::c_char;

#[derive(Clone, Copy, PartialEq)]
pub enum Layout {
    Bool,
    Int { bytes: usize, signed: bool },
    Real { bytes: usize },
    Decimal { precision: u32, scale: i32 },
    Offsets { bytes: usize },
    Views,
    Unknown,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Bool,
    Int,
    Real,
    Decimal,
    Text,
    Binary,
    Time, // dates, times of day, timestamps: whole numbers
    Other,
}

/// One column: its name, its type as SQL writes it, and as Arrow does.
#[derive(Clone)]
pub struct Field {
    pub name: String,
    pub sql: String,
    pub(crate) format: String,
    pub(crate) kind: Kind,
    pub(crate) layout: Layout,
    /// Of a dictionary: how its indices lie. The type is that of its values.
    pub(crate) indices: Option<Layout>,
}

/// SQL and Arrow; the first name of a format is the one that is told.
const NAMES: [(&str, &str); 30] = [
    ("boolean", "b"),
    ("bool", "b"),
    ("tinyint", "c"),
    ("smallint", "s"),
    ("integer", "i"),
    ("int", "i"),
    ("bigint", "l"),
    ("tinyint unsigned", "C"),
    ("smallint unsigned", "S"),
    ("integer unsigned", "I"),
    ("bigint unsigned", "L"),
    ("real", "f"),
    ("double", "g"),
    ("double precision", "g"),
    ("text", "vu"),
    ("varchar", "vu"),
    ("text", "u"),
    ("text", "U"),
    ("binary", "vz"),
    ("bytea", "vz"),
    ("binary", "z"),
    ("binary", "Z"),
    ("date", "tdD"),
    ("time", "ttu"),
    ("timestamp", "tsu:"),
    ("timestamp with time zone", "tsu:UTC"),
    ("timestamptz", "tsu:UTC"),
    ("time(0)", "tts"),
    ("time(3)", "ttm"),
    ("time(9)", "ttn"),
];
const TYPES: &str = "mend the plugin: boolean, tinyint, smallint, integer, bigint (also unsigned), real, double, decimal(P,S), text, \
                     binary, date, time, timestamp and timestamptz are types";

fn decimal_of(format: &str) -> Option<(u32, i32)> {
    let (precision, scale) = format.strip_prefix("d:")?.trim_end_matches(",128").split_once(',')?;
    Some((precision.parse().ok()?, scale.parse().ok()?))
}

fn layout_of(format: &str) -> (Kind, Layout) {
    let int = |bytes, signed| (Kind::Int, Layout::Int { bytes, signed });
    let time = |bytes| (Kind::Time, Layout::Int { bytes, signed: true });
    match format {
        "b" => (Kind::Bool, Layout::Bool),
        "c" => int(1, true),
        "s" => int(2, true),
        "i" => int(4, true),
        "l" => int(8, true),
        "C" => int(1, false),
        "S" => int(2, false),
        "I" => int(4, false),
        "L" => int(8, false),
        "f" => (Kind::Real, Layout::Real { bytes: 4 }),
        "g" => (Kind::Real, Layout::Real { bytes: 8 }),
        "u" => (Kind::Text, Layout::Offsets { bytes: 4 }),
        "U" => (Kind::Text, Layout::Offsets { bytes: 8 }),
        "vu" => (Kind::Text, Layout::Views),
        "z" => (Kind::Binary, Layout::Offsets { bytes: 4 }),
        "Z" => (Kind::Binary, Layout::Offsets { bytes: 8 }),
        "vz" => (Kind::Binary, Layout::Views),
        "tdD" | "tts" | "ttm" => time(4),
        "tdm" | "ttu" | "ttn" => time(8),
        _ if format.starts_with("ts") => time(8),
        _ => match decimal_of(format) {
            Some((precision, scale)) => (Kind::Decimal, Layout::Decimal { precision, scale }),
            None => (Kind::Other, Layout::Unknown),
        },
    }
}

fn sql_of(format: &str) -> String {
    match (NAMES.iter().find(|(_, arrow)| *arrow == format), decimal_of(format)) {
        (Some((sql, _)), _) => (*sql).into(),
        (None, Some((precision, scale))) => format!("decimal({},{})", precision, scale),
        _ if format.starts_with("ts") && format.len() > 4 => "timestamp with time zone".into(),
        _ if format.starts_with("ts") => "timestamp".into(),
        _ => format!("Arrow's \"{}\"", format),
    }
}

fn format_of(sql: &str) -> Option<String> {
    let words = sql.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((_, format)) = NAMES.iter().find(|(name, _)| *name == words) {
        return Some((*format).into());
    }
    let inner = words.strip_prefix("decimal").or_else(|| words.strip_prefix("numeric"))?.trim();
    let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
    let (precision, scale) = inner.split_once(',').unwrap_or((inner, "0"));
    let (precision, scale): (u32, u32) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    if (1..=38).contains(&precision) && scale <= precision {
        Some(format!("d:{},{}", precision, scale))
    } else {
        None
    }
}

fn text_of(c: *const c_char) -> String {
    if c.is_null() {
        String::new()
    } else {
        unsafe { CStr::from_ptr(c) }.to_string_lossy().into_owned()
    }
}

impl Field {
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Of times and timestamps: how many digits of a second their unit has.
    pub(crate) fn time_digits(&self) -> u32 {
        match self.format.as_bytes().get(2) {
            Some(b's') => 0,
            Some(b'm') => 3,
            Some(b'u') => 6,
            _ => 9,
        }
    }

    /// FATAL, for the author: there is no such type, or none that is made here.
    pub fn new(name: &str, sql: &str) -> Result<Field, Failure> {
        let format = match format_of(sql) {
            Some(format) => format,
            None => return fail(E_FATAL, "", TYPES, format!("column \"{}\" is to be of the type \"{}\", which there is not", name, sql)),
        };
        let (kind, layout) = layout_of(&format);
        Ok(Field { name: name.into(), sql: sql.into(), format, kind, layout, indices: None })
    }

    pub(crate) unsafe fn of(field: *const ArrowSchema) -> Field {
        let own = text_of((*field).format);
        let values = (*field).dictionary;
        let format = if values.is_null() { own.clone() } else { text_of((*values).format) };
        let (kind, layout) = layout_of(&format);
        let indices = if values.is_null() { None } else { Some(layout_of(&own).1) };
        Field { name: text_of((*field).name), sql: sql_of(&format), format, kind, layout, indices }
    }
}

/// "id bigint, \"a name\" text": a name and a type each.
pub fn fields(columns: &str) -> Result<Vec<Field>, Failure> {
    let (mut out, mut depth, mut quoted, mut begin) = (Vec::<Field>::new(), 0, false, 0);
    for (at, c) in columns.char_indices().chain(std::iter::once((columns.len(), ','))) {
        quoted ^= c == '"';
        depth += i32::from(c == '(' && !quoted) - i32::from(c == ')' && !quoted);
        if c != ',' || quoted || depth > 0 {
            continue;
        }
        let column = columns[begin..at].trim();
        begin = at + 1;
        let (name, sql) = match column.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            Some(parts) => parts,
            None => column.split_once(char::is_whitespace).unwrap_or((column, "")),
        };
        if name.is_empty() || out.iter().any(|other| other.name == name) {
            return fail(E_FATAL, "", "mend the plugin: a name and a type each, no name twice", format!("these are no columns: {}", columns));
        }
        out.push(Field::new(name, sql.trim())?);
    }
    Ok(out)
}

pub(crate) unsafe fn fields_of(schema: *const ArrowSchema) -> Vec<Field> {
    (0..(*schema).n_children as usize).map(|i| Field::of(*(*schema).children.add(i))).collect()
}
