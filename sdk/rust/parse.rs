// SPDX-License-Identifier: Apache-2.0
//! Values from texts, spelled as qetl writes them and as most services do: `qetl/parse.h` in Rust, text by text the same. A whole
//! text or None: no blanks around it, no thousands, no rounding.

use super::types::{Field, Kind, Layout};
use super::values::{Fit, Maker};

/// true, false, t, f, in any case; 1, 0.
pub fn boolean(text: &[u8]) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(["true", "t", "1"]) {
        Some(true)
    } else if is(["false", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    let mut value: Option<u64> = None;
    for byte in text {
        let digit = (*byte as char).to_digit(10)?;
        value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
    }
    value
}

/// -12, +12, 007.
pub fn int(text: &[u8]) -> Option<i64> {
    let (minus, text) = signed(text);
    let value = i128::from(digits(text)?);
    i64::try_from(if minus { -value } else { value }).ok()
}

pub fn uint(text: &[u8]) -> Option<u64> {
    digits(text.strip_prefix(b"+").unwrap_or(text))
}

/// 1.5, .5, 1e-3, NaN, -Infinity, inf; the nearest double.
pub fn real(text: &[u8]) -> Option<f64> {
    let (minus, text) = signed(text);
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    let value = if is("nan") {
        f64::NAN
    } else if is("inf") || is("infinity") {
        f64::INFINITY
    } else {
        text.first().filter(|byte| byte.is_ascii_digit() || **byte == b'.')?;
        std::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())?
    };
    Some(if minus { -value } else { value })
}

/// Another digit; None: there are too many.
fn decimal_append(value: u128, digit: u32) -> Option<u128> {
    if value < 10u128.pow(37) {
        Some(value * 10 + u128::from(digit))
    } else {
        None
    }
}

/// 12.5 of scale 2 is 1250; digits behind the scale have to be zeros. Up to 38 digits.
pub fn decimal(text: &[u8], scale: i32) -> Option<i128> {
    let (minus, text) = signed(text);
    let (mut value, mut behind, mut point, mut any) = (0, 0, false, false);
    for byte in text {
        if *byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = (*byte as char).to_digit(10)?;
        any = true;
        if point && behind == scale {
            if digit > 0 {
                return None;
            }
            continue;
        }
        behind += i32::from(point);
        value = decimal_append(value, digit)?;
    }
    for _ in behind..scale {
        value = decimal_append(value, 0)?;
    }
    match (any, minus) {
        (false, _) => None,
        (_, true) => Some(-(value as i128)),
        _ => Some(value as i128),
    }
}

// ---- dates and times ----

/// What has not been taken of a text yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn digits(&mut self, n: usize) -> Option<i64> {
        let value = digits(self.0.get(..n)?)?;
        self.0 = &self.0[n..];
        Some(value as i64)
    }

    fn byte(&mut self, bytes: &[u8]) -> Option<u8> {
        let byte = self.0.first().copied().filter(|byte| bytes.contains(byte))?;
        self.0 = &self.0[1..];
        Some(byte)
    }

    fn date(&mut self) -> Option<i64> {
        let year = self.digits(4)?;
        self.byte(b"-")?;
        let month = self.digits(2)?;
        self.byte(b"-")?;
        let day = self.digits(2)?;
        let good = year > 0 && (1..=12).contains(&month) && day > 0 && day <= month_days(year, month);
        if good {
            Some(days_of(year, month, day))
        } else {
            None
        }
    }

    /// Of a second, in units.
    fn fraction(&mut self, mut unit: i64) -> Option<i64> {
        let mut value = None;
        while !self.0.is_empty() {
            let digit = self.digits(1)?;
            unit /= 10;
            if unit == 0 && digit > 0 {
                return None;
            }
            value = Some(value.unwrap_or(0) + digit * unit);
        }
        value
    }

    fn time(&mut self, unit: i64) -> Option<i64> {
        let hour = self.digits(2)?;
        self.byte(b":")?;
        let minute = self.digits(2)?;
        let (mut second, mut fraction) = (0, 0);
        if self.byte(b":").is_some() {
            second = self.digits(2)?;
            if self.byte(b".").is_some() {
                // up to the end, or to the offset
                let size = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let (own, behind) = self.0.split_at(size);
                fraction = Rest(own).fraction(unit)?;
                self.0 = behind;
            }
        }
        if hour < 24 && minute < 60 && second < 60 {
            Some((hour * 3600 + minute * 60 + second) * unit + fraction)
        } else {
            None
        }
    }

    /// In seconds; that of UTC, if there is none.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.byte(b"Zz").is_some() {
            return Some(0);
        }
        let west = self.byte(b"+-")? == b'-';
        let hours = self.digits(2)?;
        let colon = self.byte(b":").is_some();
        let minutes = if colon || !self.0.is_empty() { self.digits(2)? } else { 0 };
        let seconds = hours * 3600 + minutes * 60;
        if hours < 24 && minutes < 60 {
            Some(if west { -seconds } else { seconds })
        } else {
            None
        }
    }

    fn end<T>(&self, value: T) -> Option<T> {
        Some(value).filter(|_| self.0.is_empty())
    }
}

fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Since 1970. Years are counted from March, so that a leap day is the last of its year.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719_468
}

fn unit_of(digits: u32) -> i64 {
    10i64.pow(digits.min(9))
}

/// 2024-02-29, from year 0001 to 9999: days since 1970-01-01.
pub fn date(text: &[u8]) -> Option<i64> {
    let mut rest = Rest(text);
    let days = rest.date()?;
    rest.end(days)
}

/// 23:59, 23:59:59.25: units of 10^-digits seconds (0, 3, 6, 9); what is finer has to be zero.
pub fn time(text: &[u8], digits: u32) -> Option<i64> {
    let mut rest = Rest(text);
    let time = rest.time(unit_of(digits))?;
    rest.end(time)
}

/// A date, or a date, then T or a blank, and a time, then Z, +02, +0200, +02:00 or nothing: since 1970-01-01 00:00 UTC. Of one
/// without an offset UTC is meant.
pub fn timestamp(text: &[u8], digits: u32) -> Option<i64> {
    let (mut rest, unit) = (Rest(text), unit_of(digits));
    let days = rest.date()?;
    let (mut time, mut offset) = (0, 0);
    if !rest.0.is_empty() {
        rest.byte(b"Tt ")?;
        time = rest.time(unit)?;
        offset = rest.offset()?;
    }
    let value = (days * 86_400 - offset).checked_mul(unit)?.checked_add(time)?;
    rest.end(value)
}

// ---- into a column ----

/// A text that is no value of the column's type does not fit.
pub(crate) fn put(field: &Field, maker: &mut Maker, text: &[u8]) -> Fit {
    fn or<T>(value: Option<T>, fit: impl FnOnce(T) -> Fit) -> Fit {
        value.map_or(Fit::TooLarge, fit)
    }
    match (field.kind, field.layout) {
        (Kind::Text, _) | (Kind::Binary, _) => maker.bytes(text),
        (Kind::Bool, _) => or(boolean(text), |value| maker.bool(value)),
        (Kind::Int, Layout::Int { bytes: 8, signed: false }) => or(uint(text), |value| maker.int(value.into())),
        (Kind::Int, _) => or(int(text), |value| maker.int(value.into())),
        (Kind::Real, _) => or(real(text), |value| maker.real(value)),
        (Kind::Decimal, Layout::Decimal { scale, .. }) => or(decimal(text, scale), |value| maker.decimal(value)),
        (Kind::Time, _) => match (&field.format[..2], field.time_digits()) {
            ("td", _) => or(date(text), |value| maker.int(value.into())),
            ("tt", digits) => or(time(text, digits), |value| maker.int(value.into())),
            (_, digits) => or(timestamp(text, digits), |value| maker.int(value.into())),
        },
        _ => Fit::Misuse,
    }
}
