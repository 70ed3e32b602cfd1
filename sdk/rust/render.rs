// SPDX-License-Identifier: Apache-2.0
//! Values as texts, as qetl writes them everywhere: `qetl_render` in Rust, byte by byte the same.

use super::types::{Field, Kind, Layout};
use super::values::Reader;
use std::fmt::{Arguments, LowerExp};
use std::io::Write;
use std::str::FromStr;

const TIES_FROM: usize = 5; // digits; shorter ones are never ambiguous
const EXACT: usize = 60;

/// A Vec takes all that is written.
fn put(out: &mut Vec<u8>, text: Arguments) {
    let _ = out.write_fmt(text);
}

pub(crate) fn decimal(digits: i128, scale: i32, out: &mut Vec<u8>) {
    let sign = if digits < 0 { "-" } else { "" };
    let magnitude = digits.unsigned_abs();
    if scale <= 0 {
        let zeros = if digits == 0 { 0 } else { -scale as usize };
        return put(out, format_args!("{}{}{:0<width$}", sign, magnitude, "", width = zeros));
    }
    let unit = 10u128.pow(scale as u32);
    put(out, format_args!("{}{}.{:0width$}", sign, magnitude / unit, magnitude % unit, width = scale as usize));
}

/// The shortest digits that read back as the same number are Rust's; how they are laid out is not.
pub(crate) fn real<T: LowerExp + FromStr + Into<f64> + Copy>(value: T, out: &mut Vec<u8>) {
    let double: f64 = value.into();
    if double.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if double.is_sign_negative() {
        out.push(b'-');
    }
    if double.is_infinite() {
        return out.extend_from_slice(b"Infinity");
    }
    let (mut digits, exponent) = spelled(value, None);
    let last = digits.size - 1;
    if last >= TIES_FROM && digits.bytes[last] & 1 == 1 && is_tie(value, digits.size) {
        digits.bytes[last] -= 1;
        let even = String::from_utf8_lossy(&digits.bytes[..=last]);
        let read: Option<T> = format!("{}e{}", even, exponent - last as i32).parse().ok();
        if read.map(T::into) != Some(double.abs()) {
            digits.bytes[last] += 1; // behind a power of two
        }
    }
    real_place(&digits.bytes[..digits.size], exponent, out);
}

struct Digits {
    bytes: [u8; 80],
    size: usize,
}

/// The digits, so many or as few as tell the number from others, and the exponent of the first.
fn spelled(value: impl LowerExp, size: Option<usize>) -> (Digits, i32) {
    let (mut text, mut digits) = ([0; 80], Digits { bytes: [0; 80], size: 0 });
    let mut behind = &mut text[..];
    let _ = match size {
        Some(size) => write!(behind, "{:.*e}", size - 1, value),
        None => write!(behind, "{:e}", value),
    };
    let end = 80 - behind.len();
    let e = text.iter().position(|byte| *byte == b'e').unwrap_or(end);
    for byte in text[..e].iter().filter(|byte| byte.is_ascii_digit()) {
        digits.bytes[digits.size] = *byte;
        digits.size += 1;
    }
    let exponent = std::str::from_utf8(&text[(e + 1).min(end)..end]).ok().and_then(|text| text.parse().ok());
    (digits, exponent.unwrap_or(0))
}

/// Whether the number is just in the middle between two of so many digits, of which Rust takes the greater, and qetl the even
/// one. What is no tie differs from one within the digits that are looked at.
fn is_tie(value: impl LowerExp, size: usize) -> bool {
    let (exact, _) = spelled(value, Some(EXACT));
    exact.bytes[size] == b'5' && exact.bytes[size + 1..EXACT].iter().all(|byte| *byte == b'0')
}

/// Exponents from -4 to 14 are written without an e, as PostgreSQL does.
fn real_place(digits: &[u8], exponent: i32, out: &mut Vec<u8>) {
    let zeros = |n: usize| &b"000000000000000"[..n];
    let (first, others) = digits.split_at(1);
    let n = digits.len() as i32;
    match exponent {
        0..=14 if n <= exponent + 1 => {
            out.extend_from_slice(digits);
            out.extend_from_slice(zeros((exponent + 1 - n) as usize));
        }
        0..=14 => {
            let (whole, fraction) = digits.split_at((exponent + 1) as usize);
            out.extend_from_slice(whole);
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        -4..=-1 => {
            out.extend_from_slice(b"0.");
            out.extend_from_slice(zeros((-1 - exponent) as usize));
            out.extend_from_slice(digits);
        }
        _ => {
            out.extend_from_slice(first);
            if !others.is_empty() {
                out.push(b'.');
                out.extend_from_slice(others);
            }
            put(out, format_args!("e{:+03}", exponent));
        }
    }
}

/// Years are taken to begin in March, so that the day that comes and goes is a year's last.
fn civil_of(days: i64) -> (i64, i64, i64) {
    let (cycle, mut day) = ((days + 719_468).div_euclid(146_097), (days + 719_468).rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    let month = (5 * day + 2) / 153;
    let of_january = i64::from(month >= 10);
    (cycle * 400 + year + of_january, month + 3 - 12 * of_january, day - (153 * month + 2) / 5 + 1)
}

/// The date, and what stands behind the last part of it.
fn civil(days: i64, out: &mut Vec<u8>) -> &'static [u8] {
    let (year, month, day) = civil_of(days);
    put(out, format_args!("{:04}-{:02}-{:02}", if year > 0 { year } else { 1 - year }, month, day));
    if year > 0 {
        b""
    } else {
        b" BC"
    }
}

pub(crate) fn date(days: i64, out: &mut Vec<u8>) {
    let era = civil(days, out);
    out.extend_from_slice(era);
}

fn clock(seconds: u64, fraction: u64, digits: u32, out: &mut Vec<u8>) {
    put(out, format_args!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if fraction > 0 {
        put(out, format_args!(".{:0width$}", fraction, width = digits as usize));
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// A negative time is no time of day, but is written rather than hidden.
pub(crate) fn time(value: i64, digits: u32, out: &mut Vec<u8>) {
    let (magnitude, unit) = (value.unsigned_abs(), 10u64.pow(digits));
    if value < 0 {
        out.push(b'-');
    }
    clock(magnitude / unit, magnitude % unit, digits, out);
}

pub(crate) fn timestamp(value: i64, digits: u32, zoned: bool, out: &mut Vec<u8>) {
    let unit = 10i64.pow(digits);
    let (seconds, fraction) = (value.div_euclid(unit), value.rem_euclid(unit));
    let era = civil(seconds.div_euclid(86_400), out);
    out.push(b' ');
    clock(seconds.rem_euclid(86_400) as u64, fraction as u64, digits, out);
    if zoned {
        out.extend_from_slice(b"+00");
    }
    out.extend_from_slice(era);
}

fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\x");
    for byte in bytes {
        out.extend_from_slice(&[b"0123456789abcdef"[usize::from(byte >> 4)], b"0123456789abcdef"[usize::from(byte & 15)]]);
    }
}

fn moment(field: &Field, value: i64, out: &mut Vec<u8>) {
    let digits = field.time_digits();
    match &field.format[..3] {
        "tdD" => date(value, out),
        "tdm" => date(value.div_euclid(86_400_000), out),
        unit if unit.starts_with("tt") => time(value, digits, out),
        _ => timestamp(value, digits, field.format.len() > 4, out),
    }
}

/// Of a value that is not NULL, and of no list or struct.
pub(crate) unsafe fn value(field: &Field, reader: &Reader, row: i64, out: &mut Vec<u8>) {
    match (field.kind, field.layout) {
        (Kind::Bool, _) => out.extend_from_slice(if reader.int(row) != 0 { b"true" } else { b"false" }),
        (Kind::Int, Layout::Int { bytes: 8, signed: false }) => put(out, format_args!("{}", reader.int(row) as u64)),
        (Kind::Int, _) => put(out, format_args!("{}", reader.int(row))),
        (Kind::Real, Layout::Real { bytes: 4 }) => real(reader.real(row) as f32, out),
        (Kind::Real, _) => real(reader.real(row), out),
        (Kind::Decimal, Layout::Decimal { scale, .. }) => decimal(reader.decimal(row), scale, out),
        (Kind::Binary, _) => binary(reader.bytes(row), out),
        (Kind::Time, _) => moment(field, reader.int(row), out),
        _ => out.extend_from_slice(reader.bytes(row)),
    }
}
