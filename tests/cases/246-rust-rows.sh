#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rust a row at a time, without unsafe: columns of each type are read as they lie, and made; what does not fit is
# rejected; what the author gets wrong is told with its name and how to mend it, and none is a crash.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
rust=$root/sdk/rust
types='boolean tinyint smallint integer bigint smallint_unsigned bigint_unsigned real double decimal(9,2) text binary date time timestamp timestamptz'

build() { # NAME KIND OPTIONS: its source is NAME.rs
    mkdir -p "$1/src"
    cp -r "$rust" "$1/src/qetl"
    cp "$1.rs" "$1/src/lib.rs"
    jq -n --arg id "$1" --arg kind "$2" '{id: $id, version: "0.1.0", summary: $id, abi: {min: "1.0", max: "1.0"}, permissions: [],
        components: [{kind: $kind, id: $id, summary: $id, options: {type: "object", additionalProperties: false,
            properties: {mode: {type: "string", default: "", description: "how", examples: ["x"]}}}}
            + if $kind == "sink" then {delivery: "append"} elif $kind == "source" then {delivery: "replayable"} else {inputs: 1} end]}' >"$1/$1.qetl.json"
    (cd "$1" && rustc --edition 2021 -O -D warnings --crate-type cdylib --crate-name "$1" -o "$1.so" src/lib.rs) >"$1.log" 2>&1 &&
        pass "$1 builds" || fail "$1 builds" "$(cat "$1.log")"
    expect_no_text "$1.rs" unsafe
}

columns=$(for type in $types; do echo "c_${type//[^a-z]/} ${type//_/ }"; done | paste -sd,)
cat >made.rs <<RUST
mod qetl;
use qetl::parcel::{Opened, Parcel};
use qetl::row::{Digits, Next, RowOut};
use qetl::row_source::RowSource;
use qetl::*;

struct Made {
    mode: String,
    at: i64,
}

impl RowSource for Made {
    const COLUMNS: &'static str = "$columns";
    fn new(env: Env) -> Result<Made, Failure> {
        let mode = env.option("/mode")?;
        if mode == "undeclared" {
            env.integer("/size")?;
        }
        Ok(Made { mode, at: 0 })
    }
    fn open(&mut self, position: Option<&mut Opened>) -> Result<(), Failure> {
        self.at = position.map_or(0, |parcel| parcel.int());
        Ok(())
    }
    fn row(&mut self, out: &mut RowOut) -> Result<Next, Failure> {
        self.at += 1;
        match self.at {
            1 => {
                out.put(0, true);
                out.put(1, -128i64);
                out.put(2, -32768i64);
                out.put(3, i64::from(i32::MAX));
                out.put(4, i64::MIN);
                out.put(5, 65535u32);
                out.put(6, u64::MAX);
                out.put(7, 0.5);
                out.put(8, -1e300);
                out.put(9, Digits(-1250));
                out.put(10, "längst mehr als zwölf Zeichen");
                out.put(11, &b"\xff\0"[..]);
                out.put(12, 1);
                out.put(13, 1_000_001);
                out.put(14, 86_400_000_000i64);
                out.put(15, Some(0i64));
            }
            3 => out.put(1, 128),
            5 => out.put(5, -1),
            7 => out.put(9, Digits(1_000_000_000)),
            9 => out.put(10, &b"\xc3("[..]),
            11 => match self.mode.as_str() {
                "type" => out.put(4, "text"),
                "twice" => (0..2).for_each(|n| out.put(4, n)),
                "column" => out.put(99, 1),
                "panic" => panic!("oh"),
                _ => return Ok(Next::Nothing),
            },
            12 => out.put(10, None::<&str>),
            13 => out.put(7, 1e300),
            14.. => return Ok(Next::End), // also for who is opened behind the end
            _ => {}
        }
        Ok(Next::Row)
    }
    fn position(&self, parcel: Parcel) -> Option<Parcel> {
        Some(parcel.int(self.at))
    }
}

row_source!(Made, "made", "0.1.0", "../made.qetl.json");
RUST
build made source
cat >echo.rs <<'RUST'
mod qetl;
use qetl::row::{Digits, Next, RowIn, RowOut};
use qetl::row_transform::{Bind, RowTransform, Rows};
use qetl::types::Kind;
use qetl::*;

struct Echo {
    mode: String,
    kinds: Vec<Kind>,
    unsigned: Vec<bool>,
    text: Vec<u8>,
}

impl RowTransform for Echo {
    fn new(env: Env) -> Result<Echo, Failure> {
        Ok(Echo { mode: env.option("/mode")?, kinds: Vec::new(), unsigned: Vec::new(), text: Vec::new() })
    }
    fn bind(&mut self, bind: &mut Bind) -> Result<Rows, Failure> {
        self.kinds.clear();
        self.unsigned.clear();
        for (at, field) in bind.columns().to_vec().iter().enumerate() {
            let kind = field.kind();
            if kind != Kind::Other {
                let reader = bind.read_column(at);
                bind.replace(reader, &field.sql)?;
                self.kinds.push(kind);
                self.unsigned.push(field.sql.ends_with("unsigned"));
            }
        }
        match self.mode.as_str() {
            "name" => bind.make("c_bigint", "bigint")?,
            "taken" => bind.make("nested", "bigint")?,
            "type" => bind.make("new", "int64")?,
            "absent" => bind.read("/mode", "no such", &[])?,
            "other type" => bind.read("/mode", "c_bigint", &["text", "binary"])?,
            "twice" => bind.replace(0, "text")?,
            _ => 0,
        };
        Ok(Rows::Keep)
    }
    fn row(&mut self, row: &RowIn, out: &mut RowOut) -> Result<Next, Failure> {
        match self.mode.as_str() {
            "behind" => out.put(0, row.int(99)),
            "large" => out.put(6, row.int(6).map(|_| 1u64)),
            "signed" => out.put(6, row.uint(4)),
            "unread" => out.put_parsed(4, "much"),
            "misread" => out.put(4, row.text(4).map(str::len)),
            _ => {}
        }
        for (k, kind) in self.kinds.iter().enumerate() {
            match kind {
                Kind::Binary => out.put(k, row.bytes(k)),
                _ if self.mode != "texts" => self.echo(k, row, out),
                _ if row.is_null(k) => out.put(k, None::<&str>),
                _ => {
                    self.text.clear();
                    row.render(k, &mut self.text);
                    out.put_parsed(k, &self.text);
                }
            }
        }
        Ok(Next::Row)
    }
}

impl Echo {
    fn echo(&self, k: usize, row: &RowIn, out: &mut RowOut) {
        match self.kinds[k] {
            Kind::Bool => out.put(k, row.bool(k)),
            Kind::Int if self.unsigned[k] => out.put(k, row.uint(k)),
            Kind::Int | Kind::Time => out.put(k, row.int(k)),
            Kind::Real => out.put(k, row.real(k)),
            Kind::Decimal => out.put(k, row.decimal(k).map(Digits)),
            _ => out.put(k, row.text(k)),
        }
    }
}

row_transform!(Echo, "echo", "0.1.0", "../echo.qetl.json");
RUST
build echo transform
cat >sums.rs <<'RUST'
mod qetl;
use qetl::row::{reject, Next, RowIn};
use qetl::row_sink::RowSink;
use qetl::types::Field;
use qetl::*;

struct Sums {
    env: Env,
    mode: String,
    column: usize,
    sum: i64,
}

impl RowSink for Sums {
    const DELIVERY: u32 = APPEND;
    fn new(env: Env) -> Result<Sums, Failure> {
        Ok(Sums { env, mode: env.option("/mode")?, column: 0, sum: 0 })
    }
    fn open(&mut self, columns: &[Field]) -> Result<(), Failure> {
        self.column = match columns.iter().position(|field| field.sql == "bigint") {
            Some(column) => column,
            None => return fail(E_CONFIG, "", "let one be a bigint", "there is no column of numbers".into()),
        };
        Ok(())
    }
    fn row(&mut self, row: &RowIn) -> Result<Next, Failure> {
        let value = row.int(if self.mode == "behind" { 7 } else { self.column });
        match value {
            None => reject(Some(self.column), "no_value", "there is none"),
            Some(value) => {
                self.sum += value;
                Ok(Next::Row)
            }
        }
    }
    fn stop(&mut self) -> Result<(), Failure> {
        self.env.log(LOG_WARN, &format!("the sum is {}", self.sum));
        Ok(())
    }
}

row_sink!(Sums, "sums", "0.1.0", "../sums.qetl.json");
RUST
build sums sink

folders=(--plugin-dir made --plugin-dir echo --plugin-dir sums --plugin-dir "$QETL_TEST_PLUGINS")
pipeline() { # SOURCE TRANSFORM
    printf 'name: p\nsources: {a: {%s}}\ntransforms: {b: {%s, input: a}}\nsinks:\n  first: {plugin: file, input: a, path: a.ndjson, if_exists: replace}\n  second: {plugin: file, input: b, path: b.ndjson, if_exists: replace}\n' "$1" "$2" >p.yaml
}
pipeline 'plugin: made' 'plugin: echo'
expect_exit 0 qetl run p.yaml "${folders[@]}" --validate full --json-file report.json
expect_same a.ndjson b.ndjson
expect_eq 'rows' "$(wc -l <a.ndjson)" 7
expect_eq 'values' "$(head -n 1 a.ndjson)" '{"c_boolean":true,"c_tinyint":-128,"c_smallint":-32768,"c_integer":2147483647,"c_bigint":-9223372036854775808,"c_smallintunsigned":65535,"c_bigintunsigned":18446744073709551615,"c_real":0.5,"c_double":-1e+300,"c_decimal":-12.50,"c_text":"längst mehr als zwölf Zeichen","c_binary":"/wA=","c_date":"1970-01-02","c_time":"00:00:01.000001","c_timestamp":"1970-01-02T00:00:00","c_timestamptz":"1970-01-01T00:00:00Z"}'
expect_eq 'what does not fit' "$(jq -r '.code + " " + (.message | split("\"")[1])' dead-letters/p.ndjson | paste -sd,)" \
    'does_not_fit c_tinyint,does_not_fit c_smallintunsigned,does_not_fit c_decimal,bad_utf8 c_text,does_not_fit c_real'
expect_json report.json '.summary.balanced'
# The text of each value is read again as the same, of each type.
pipeline 'plugin: made' 'plugin: echo, mode: texts'
expect_exit 0 qetl run p.yaml "${folders[@]}" --validate full
expect_same a.ndjson b.ndjson
pipeline 'plugin: made' 'plugin: echo, mode: unread'
expect_exit 0 qetl run p.yaml "${folders[@]}"
expect_eq 'rows that were read' "$(wc -l <b.ndjson)" 0
expect_eq 'what no number is' "$(jq -r 'select(.code == "bad_value") | .message' dead-letters/p.ndjson | sort -u)" \
    'column "c_bigint" is of the type bigint, and "much" is none, or too large for it'
# Offsets, views and a dictionary; the nested column passes by.
pipeline 'plugin: broken, array: right' 'plugin: echo'
expect_exit 0 qetl run p.yaml "${folders[@]}" --validate full
expect_same a.ndjson b.ndjson
pipeline 'plugin: broken, array: right' 'plugin: echo, mode: texts'
expect_exit 0 qetl run p.yaml "${folders[@]}" --validate full
expect_same a.ndjson b.ndjson
expect_eq 'rows of a dictionary' "$(jq -c 'select(.words == null)' b.ndjson | wc -l)" 0

wrong() { # SOURCE TRANSFORM MESSAGE MEND
    pipeline "$1" "$2"
    qetl run p.yaml "${folders[@]}" >out 2>err && fail "$1, $2: it went well"
    expect_text err "$3"
    expect_text err "mend: .*$4"
}
wrong 'plugin: made, mode: undeclared' 'plugin: echo' 'needs the option /size, which is missing' 'declare it in the manifest'
wrong 'plugin: made, mode: type' 'plugin: echo' 'a value of another type was put into column "c_bigint", which is bigint' 'the plugin'
wrong 'plugin: made, mode: twice' 'plugin: echo' 'a second value for one row was put into column "c_bigint"' 'the plugin'
wrong 'plugin: made, mode: column' 'plugin: echo' 'put into column 99, and there are 16' 'the plugin'
wrong 'plugin: made, mode: panic' 'plugin: echo' 'has panicked' 'author'
wrong 'plugin: made' 'plugin: echo, mode: name' 'a column "c_bigint" is to be made, and it makes one' 'another name'
wrong 'plugin: broken' 'plugin: echo, mode: taken' 'a column "nested" is to be made, and the input has one' 'another name'
wrong 'plugin: made' 'plugin: echo, mode: type' 'column "new" is to be of the type "int64", which there is not' 'bigint .*are types'
wrong 'plugin: made' 'plugin: echo, mode: absent' 'there is no column "no such"; there are c_boolean' 'name a column'
wrong 'plugin: made' 'plugin: echo, mode: other type' 'of the type bigint, not text, binary' 'of that type'
wrong 'plugin: made' 'plugin: echo, mode: twice' '"c_boolean" is replaced twice' 'bind'
wrong 'plugin: made' 'plugin: echo, mode: behind' 'column 99 is read, and there are 16: 0 "c_boolean"' 'asked for'
wrong 'plugin: made' 'plugin: echo, mode: misread' 'column "c_bigint" is of the type bigint, and is read as a text' 'ask for the type'
wrong 'plugin: made' 'plugin: echo, mode: large' 'is read as a bigint, for which a value is too large' 'ask for the type'
wrong 'plugin: made' 'plugin: echo, mode: signed' 'is read as an unsigned number' 'ask for the type'

# A sink of rows.
printf 'name: q\nsources: {a: {plugin: broken}}\nsinks: {s: {plugin: sums, input: a}}\n' >q.yaml
expect_exit 0 qetl run q.yaml "${folders[@]}"
expect_text err 'the sum is 210'
expect_eq 'rejected' "$(jq -r .code dead-letters/q.ndjson | sort | uniq -c | tr -s ' ')" ' 5 no_value'
expect_exit 1 qetl run q.yaml "${folders[@]}" -s sinks.s.mode=behind
expect_text err 'column 7 is read, and there are 6'
for plugin in made echo sums; do
    expect_exit 0 qetl plugin check "$plugin/$plugin.so"
done
