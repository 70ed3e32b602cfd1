#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Texts of values, and values of texts, are the same in Rust as in C: what is read, what is none, and how it is spelled.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
cat >texts.rs <<'RUST'
mod qetl;
use qetl::{parse, render};
use std::io::{BufRead, Write};

fn main() {
    let stdin = std::io::stdin();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in stdin.lock().split(b'\n').map(|line| line.unwrap()) {
        let mut parts = line.splitn(3, |byte| *byte == b'\t');
        let (kind, n, text) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let n: u32 = std::str::from_utf8(n).unwrap().parse().unwrap();
        let mut spelled = Vec::new();
        let read: Option<i128> = match kind {
            b"b" => parse::boolean(text).map(i128::from),
            b"l" => parse::int(text).map(i128::from),
            b"L" => parse::uint(text).map(i128::from),
            b"g" => parse::real(text).map(|value| i128::from(value.to_bits())),
            b"d" => parse::decimal(text, n as i32),
            b"D" => parse::date(text).map(i128::from),
            b"t" => parse::time(text, n).map(i128::from),
            _ => parse::timestamp(text, n).map(i128::from),
        };
        match (kind, read) {
            (_, None) => {}
            (b"b", Some(_)) => {}
            (b"g", Some(bits)) => {
                let value = f64::from_bits(bits as u64);
                render::real(value, &mut spelled);
                spelled.push(b' ');
                render::real(value as f32, &mut spelled);
            }
            (b"l", Some(value)) => {
                render::date(i64::from(value as i32), &mut spelled);
                spelled.push(b' ');
                render::time(value as i64, n, &mut spelled);
                spelled.push(b' ');
                render::timestamp(value as i64, n, value & 1 == 1, &mut spelled);
            }
            (b"L", Some(_)) => {}
            (b"d", Some(value)) => render::decimal(value, n as i32, &mut spelled),
            (b"D", Some(value)) => render::date(value as i64, &mut spelled),
            (b"t", Some(value)) => render::time(value as i64, n, &mut spelled),
            (_, Some(value)) => render::timestamp(value as i64, n, false, &mut spelled),
        }
        // a number that is none is whatever NaN it is
        let shown = read.filter(|_| !spelled.starts_with(b"NaN")).map_or("-".into(), |value| value.to_string());
        out.write_all(shown.as_bytes()).unwrap();
        out.write_all(b" ").unwrap();
        out.write_all(&spelled).unwrap();
        out.write_all(b"\n").unwrap();
    }
}
RUST
cat >texts.c <<'C'
#include <qetl/parse.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char room[4096];

static int32_t full(struct qetl_space *space, int64_t more)
{
    (void)space;
    return more < 0 ? QETL_OK : QETL_E_NO_MEMORY;
}

static void show(struct qetl_space *out, enum qetl_kind kind, char layout, int32_t scale, const char *format, const void *value)
{
    const struct ArrowSchema schema = {.format = format};
    const void *buffers[] = {value};
    const struct qetl_column column = {.kind = kind, .layout = layout, .scale = scale, .buffers = buffers, .length = 1, .schema = &schema};
    if (out->size)
        qetl_space_put(out, " ", 1);
    qetl_render(&column, 0, out);
}

static void integer_put(char *at, qetl_int128 value)
{
    char digits[48];
    int n = 0;
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    do
        digits[n++] = (char)('0' + (int)(rest % 10));
    while (rest /= 10);
    if (value < 0)
        *at++ = '-';
    while (n)
        *at++ = digits[--n];
    *at = 0;
}

int main(void)
{
    char *line = NULL, shown[64];
    size_t size = 0;
    for (ssize_t n; (n = getline(&line, &size, stdin)) >= 0;) {
        int32_t digits = atoi(line + 2);
        const char *begin = strchr(line + 2, '\t') + 1;
        const struct qetl_text text = {begin, line + n - 1 - begin};
        struct qetl_space out = {.data = (uint8_t *)room, .capacity = sizeof room, .reserve = full};
        bool yes = false, good;
        int64_t number = 0;
        uint64_t large = 0;
        double real = 0;
        qetl_int128 value = 0;
        const char *stamp = digits == 0 ? "tss:" : digits == 3 ? "tsm:" : digits == 6 ? "tsu:" : "tsn:";
        switch (*line) {
        case 'b':
            good = qetl_parse_bool(text, &yes);
            value = yes;
            break;
        case 'l':
            if ((good = qetl_parse_int(text, &number))) {
                int32_t day = (int32_t)number;
                char zoned[16];
                snprintf(zoned, sizeof zoned, "%sUTC", stamp);
                show(&out, QETL_KIND_DATE, 'i', 0, "tdD", &day);
                show(&out, QETL_KIND_TIME, 'l', digits, "ttu", &number);
                show(&out, QETL_KIND_TIMESTAMP, 'l', digits, number & 1 ? zoned : stamp, &number);
            }
            value = number;
            break;
        case 'L':
            good = qetl_parse_uint(text, &large);
            value = large;
            break;
        case 'g':
            if ((good = qetl_parse_real(text, &real))) {
                float narrow = (float)real;
                show(&out, QETL_KIND_REAL, 'g', 0, "g", &real);
                show(&out, QETL_KIND_REAL, 'f', 0, "f", &narrow);
            }
            memcpy(&large, &real, sizeof large);
            value = large;
            break;
        case 'd':
            if ((good = qetl_parse_decimal(text, digits, &value)))
                show(&out, QETL_KIND_DECIMAL, 'd', digits, "d:38,0", &value);
            break;
        case 'D':
            if ((good = qetl_parse_date(text, &number))) {
                int32_t day = (int32_t)number;
                show(&out, QETL_KIND_DATE, 'i', 0, "tdD", &day);
            }
            value = number;
            break;
        case 't':
            if ((good = qetl_parse_time(text, digits, &number)))
                show(&out, QETL_KIND_TIME, 'l', digits, "ttu", &number);
            value = number;
            break;
        default:
            if ((good = qetl_parse_timestamp(text, digits, &number)))
                show(&out, QETL_KIND_TIMESTAMP, 'l', digits, stamp, &number);
            value = number;
        }
        integer_put(shown, value);
        if (!good || strncmp(room, "NaN", out.size < 3 ? 0 : 3) == 0)
            good = good && out.size < 3;
        printf("%s %.*s\n", good ? shown : "-", (int)out.size, room);
    }
    free(line);
}
C
cat >texts.py <<'PY'
import random, struct
random.seed(7)
some = random.choice
lines = []
def add(kind, n, text):
    lines.append(f"{kind}\t{n}\t{text}")
units = [0, 3, 6, 9]
for text in "true false t f T F TRUE False 1 0 yes no 2 tru 10 01 +1 ".split(" "):
    add("b", 0, text)
whole = ["", "-", "+", "0", "-0", "+0", "007", "+-1", "--1", " 1", "1 ", "1.0", "1e3", "é", "٣"] + [
    f"{s}{2**b + d}" for b in (7, 8, 31, 32, 63, 64) for d in (-1, 0, 1) for s in ("", "-", "+")]
whole += [str(random.getrandbits(some([8, 20, 40, 63, 64, 70])) * some([1, -1])) for _ in range(1500)]
for text in whole:
    for kind in "lLgd":
        add(kind, some(units) if kind == "l" else 0, text)
reals = [".5", "5.", ".", "e5", "1e", "1e+", "1E5", "1e-5", ".e5", "1.e5", "-.5e-3", "nan", "NaN", "-nan", "inf", "-Inf", "Infinity", "-INFINITY", "infinit",
         "1e308", "1.8e308", "1e400", "-1e400", "1e-400", "0e999999999", "4.9e-324", "2.4e-324", "2.5e-324", "1e23", "9007199254740993", "1e15", "1e14",
         "123456789012345678", "0.0001", "0.00001", "1_000", "0x10", "1e5 ", "3.4028235e38", "3.5e38", "1e-45", "1.401298464324817e-45", "0." + "0" * 400 + "1", "1" + "0" * 400 + "e-400",
         "9007199254740992." + "9" * 900, "9007199254740993." + "0" * 900 + "1"]
reals += [repr(struct.unpack("d", random.randbytes(8))[0]) for _ in range(4000)]
reals += [repr(struct.unpack("f", random.randbytes(4))[0]) for _ in range(2000)]
reals += [repr(random.randint(1, 10 ** some([1, 2, 5, 17])) / 10 ** some([0, 1, 2, 5, 17])) for _ in range(1500)]
reals += [repr(2.0 ** e) for e in range(-1074, 1024)]
reals += [repr(random.getrandbits(some([24, 53])) * 2.0 ** -some([1, 2, 3, 4, 20, 30])) for _ in range(3000)]
for text in reals:
    add("g", 0, text)
decimals = [".", "", "-", "-.5", "5.", "1.2.3", "1e2", "0.005", "0.050", "1.500", "12,5", "+1.5", "9" * 38, "9" * 39, "4" + "0" * 38, "0" * 60 + "1", "1" + "0" * 38, "4" + "0" * 37]
decimals += ["%s%d%s" % (some(["", "-", "+"]), random.getrandbits(some([4, 60, 126, 128, 130])), some(["", ".", ".5", ".25", ".250", "." + "1" * 9, ".0000000000"])) for _ in range(2000)]
for text in decimals:
    add("d", some([0, 1, 2, 3, 9, 38]), text)
def date():
    return "%04d-%02d-%02d" % (some([0, 1, 4, 100, 400, 1582, 1900, 1969, 1970, 2000, 2024, 2100, 9999]), random.randint(0, 13), some([0, 1, 15, 28, 29, 30, 31, 32]))
def clock():
    text = "%02d:%02d" % (some([0, 7, 23, 24]), some([0, 9, 59, 60]))
    return text + some(["", ":", ":00", ":59", ":60", ":1", ":01.", ":01.5", ":59.999", ":00.000001", ":07.1234567890", ":07.1000000000", ":07.x"])
for _ in range(1500):
    add("D", 0, date() + some(["", "", "", " ", "T", "x"]))
    add("t", some(units), clock() + some(["", "", " ", "Z"]))
    add("s", some(units), date() + some(["T", "t", " ", "", "  ", "x"]) + clock() + some(["", "", "Z", "z", "+02", "-0230", "+02:30", "-00:30", "+2", "+24:00", "+01:60", "+01:", "Zx"]))
    add("s", some(units), "%04d-%02d-%02d %02d:%02d:%02d%s" % (random.randint(1, 9999), random.randint(1, 12), random.randint(1, 28), random.randint(0, 23), random.randint(0, 59), random.randint(0, 59), some(["", ".25", "+02", "-11:30"])))
for text in ["2024-01-01", "2024-1-01", "24-01-01", "2024-01-01T", "-2024-01-01", "2024–01–01", "2262-04-11 23:47:16", "2262-04-12 00:00:00", "0001-01-01"]:
    for n in units:
        add("s", n, text)
    add("D", 0, text)
print("\n".join(lines))
PY
ln -s "$root/sdk/rust" qetl
rustc --edition 2021 -D warnings -o texts_rust texts.rs 2>rust.log && pass 'texts.rs' || fail 'texts.rs' "$(cat rust.log)"
expect_exit 0 gcc -std=gnu11 -Wall -Wextra -Werror "-I$root/sdk" -o texts_c texts.c "$QETL_BUILD/libqetl_sdk.a" -lm
python3 texts.py >lines
./texts_rust <lines >got
./texts_c <lines >wanted
expect_same got wanted
for kind in b l L g d D t s; do # of each kind some are values, and some are none
    paste -d' ' <(cut -c1 lines) wanted | awk -v kind="$kind" '$1 == kind { seen[$2 == "-"]++ } END { exit !(seen[0] > 9 && seen[1] > 7) }' &&
        pass "$kind" || fail "$kind: nothing of one sort"
done
