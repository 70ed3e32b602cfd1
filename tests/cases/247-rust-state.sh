#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# State of a transform in Rust: serialised when a barrier asks for it, not for each batch; of any size; and as it was where
# a row failed for the moment and came again: no row is counted twice, none rejected twice. What a panic says is told.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
mkdir -p sums/src
cp -r "$root/sdk/rust" sums/src/qetl
cat >sums/sums.qetl.json <<'JSON'
{"id": "sums", "version": "0.1.0", "summary": "Sums", "abi": {"min": "1.0", "max": "1.0"}, "permissions": [],
 "components": [{"kind": "transform", "id": "sums", "summary": "Sums",
  "check": {"options": {}, "input": "n\n1\n2\n3\n4\n"},
  "options": {"type": "object", "additionalProperties": false, "properties": {
    "ballast": {"type": "integer", "minimum": 0, "default": 0, "description": "MiB of state", "examples": [1]},
    "busy": {"type": "boolean", "default": false, "description": "Each sixtieth row fails once", "examples": [true]},
    "panics_at": {"type": "integer", "minimum": 100, "default": 1000000, "description": "Panics at this number", "examples": [100]}}}}]}
JSON
cat >sums/src/lib.rs <<'RUST'
mod qetl;
use qetl::parcel::{Opened, Parcel};
use qetl::row::{reject, Next, RowIn, RowOut};
use qetl::row_transform::{Bind, RowTransform, Rows};
use qetl::*;
use std::cell::Cell;

struct Sums {
    env: Env,
    busy: bool,
    panics_at: i64,
    failed: u32,
    saved: Cell<u32>,
    sum: i64,
    ballast: Vec<u8>,
}

impl RowTransform for Sums {
    const STATE_VERSION: u8 = 1;
    fn new(env: Env) -> Result<Sums, Failure> {
        let ballast = vec![7; (env.integer("/ballast")? as usize) << 20];
        Ok(Sums { env, busy: env.boolean("/busy")?, panics_at: env.integer("/panics_at")?, failed: 0, saved: Cell::new(0), sum: 0, ballast })
    }
    fn bind(&mut self, bind: &mut Bind) -> Result<Rows, Failure> {
        bind.read("", "n", &["bigint"])?;
        bind.make("sum", "bigint")?;
        Ok(Rows::Subset)
    }
    fn row(&mut self, row: &RowIn, out: &mut RowOut) -> Result<Next, Failure> {
        let n = row.int(0).unwrap_or(0);
        if self.busy && n % 60 == 0 && self.failed == 0 {
            self.failed += 1;
            out.put(0, -1);
            return if n % 120 == 0 { throttled(1, "", "not yet".into()) } else { fail(E_RETRY_CALL, "", "", "not now".into()) };
        }
        self.failed = 0;
        if n == self.panics_at {
            panic!("number {}\nis too much", n);
        }
        self.sum += n;
        out.put(0, self.sum);
        match n % 10 {
            0 => Ok(Next::Nothing),
            5 => reject(Some(0), "five", "there is a five"),
            6 => fail(E_ROW, "", "", "there is a six".into()),
            _ => Ok(Next::Row),
        }
    }
    fn save(&self, parcel: Parcel) -> Parcel {
        self.saved.set(self.saved.get() + 1);
        parcel.int(self.sum).bytes(&self.ballast)
    }
    fn restore(&mut self, parcel: &mut Opened) -> Result<(), Failure> {
        self.sum = parcel.int();
        self.ballast = parcel.bytes().to_vec();
        Ok(())
    }
}

impl Drop for Sums {
    fn drop(&mut self) {
        self.env.log(LOG_WARN, &format!("saved {} times", self.saved.get()));
    }
}

row_transform!(Sums, "sums", "0.1.0", "../sums.qetl.json");
RUST
expect_exit 0 rustc --edition 2021 -O -D warnings --crate-type cdylib --crate-name sums -o sums/sums.so sums/src/lib.rs
cat >p.yaml <<'YAML'
name: p
batch_bytes: 4KiB
sources: {a: {plugin: file, path: in.csv}}
transforms: {b: {plugin: sums, input: a, retry: {attempts: 9, first: 1ms, most: 1ms}}}
sinks: {out: {plugin: file, input: b, path: out.csv, if_exists: replace}}
YAML
{ echo n; seq 20000; } >in.csv
wanted() { # FROM TO
    awk -v from="$1" -v to="$2" 'BEGIN { for (n = 1; n <= to; n++) { sum += n; if (n >= from && n % 10 != 0 && n % 10 != 5 && n % 10 != 6) print n "," sum } }'
}
wanted 1 20000 >wanted

expect_exit 0 qetl run p.yaml --plugin-dir sums
expect_eq 'saved a few times, not once a batch' "$(grep -o 'saved [0-9]* times' err | awk '{ print $2 < 10 ? "few" : $0 }' | sort -u)" few
tail -n +2 out.csv | cmp - wanted && pass sums || fail sums
expect_eq 'letters' "$(jq -r .code dead-letters/p.ndjson | sort | uniq -c | paste -sd, | tr -s ' ')" ' 2000 five, 2000 refused'
expect_eq 'the letter of a row that E_ROW refused' "$(jq -r 'select(.code == "refused") | .message' dead-letters/p.ndjson | sort -u)" 'there is a six'

# Failures that pass: each row once, each letter once.
rm -r dead-letters
{ echo n; seq 200; } >in.csv
wanted 1 200 >wanted
expect_exit 0 qetl run p.yaml --plugin-dir sums -s transforms.b.busy=true
tail -n +2 out.csv | cmp - wanted && pass 'sums behind failures' || fail 'sums behind failures' "$(tail -n +2 out.csv | diff - wanted | head)"
expect_eq 'letters behind failures' "$(jq -r .code dead-letters/p.ndjson | sort | uniq -c | paste -sd, | tr -s ' ')" ' 20 five, 20 refused'

# A large state is there again in the next process.
rm -r dead-letters
{ echo n; seq 60000; } >in.csv
cat >large.yaml <<'YAML'
name: large
batch_bytes: 4KiB
checkpoint: {every: 1ms}
sources: {a: {plugin: file, path: in.csv, rate_limit: 40000/s}}
transforms: {b: {plugin: sums, input: a, ballast: 70}}
sinks: {out: {plugin: file, input: b, path: "large-{epoch}.csv"}}
YAML
background "$QETL" run large.yaml --plugin-dir sums --quiet
until ls large-*.csv >/dev/null 2>&1 || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
kill -KILL $pid
wait $pid 2>/dev/null
expect_exit 0 qetl run large.yaml --plugin-dir sums
expect_text err 'went on from epoch'
cat large-*.csv | grep -v ^n, >got
wanted 1 60000 >wanted
expect_same got wanted

expect_exit 1 qetl run p.yaml --plugin-dir sums -s transforms.b.panics_at=150
expect_text err 'the plugin has panicked: number 150 is too much'
expect_exit 0 qetl plugin check sums/sums.so

# A sink goes on at the row that failed: none is taken twice, none rejected twice.
mkdir -p slow/src
cp -r "$root/sdk/rust" slow/src/qetl
cat >slow/slow.qetl.json <<'JSON'
{"id": "slow", "version": "0.1.0", "summary": "Slow", "abi": {"min": "1.0", "max": "1.0"}, "permissions": [],
 "components": [{"kind": "sink", "id": "slow", "summary": "Slow", "delivery": "append",
  "options": {"type": "object", "additionalProperties": false, "properties": {
    "path": {"type": "string", "default": "", "description": "The file", "examples": ["a"]}}}}]}
JSON
cat >slow/src/lib.rs <<'RUST'
mod qetl;
use qetl::row::{reject, Next, RowIn};
use qetl::row_sink::RowSink;
use qetl::*;

struct Slow {
    path: String,
    failed: i64,
    taken: String,
}

impl RowSink for Slow {
    const DELIVERY: u32 = APPEND;
    fn new(env: Env) -> Result<Slow, Failure> {
        Ok(Slow { path: env.option("/path")?, failed: 0, taken: String::new() })
    }
    fn row(&mut self, row: &RowIn) -> Result<Next, Failure> {
        let n = row.int(0).unwrap_or(0);
        if n % 40 == 0 && self.failed != n {
            self.failed = n;
            return throttled(1, "", "not yet".into());
        }
        match n % 10 {
            5 => reject(Some(0), "five", "there is a five"),
            6 => fail(E_ROW, "", "", "there is a six".into()),
            _ => {
                self.taken += &format!("{}\n", n);
                Ok(Next::Row)
            }
        }
    }
    fn stop(&mut self) -> Result<(), Failure> {
        std::fs::write(&self.path, &self.taken).or_else(|error| fail(E_ENVIRONMENT, "/path", "", error.to_string()))
    }
}

row_sink!(Slow, "slow", "0.1.0", "../slow.qetl.json");
RUST
expect_exit 0 rustc --edition 2021 -O -D warnings --crate-type cdylib --crate-name slow -o slow/slow.so slow/src/lib.rs
{ echo n; seq 200; } >in.csv
printf 'name: s\nsources: {a: {plugin: file, path: in.csv}}\nsinks: {out: {plugin: slow, input: a, path: taken, retry: {first: 1ms, most: 1ms}}}\n' >s.yaml
expect_exit 0 qetl run s.yaml --plugin-dir slow
expect_eq 'retries' "$(grep -c 'failed for the moment: not yet' err)" 5
expect_same taken <(seq 200 | grep -v '[56]$')
expect_eq 'letters of the sink' "$(jq -r .code dead-letters/s.ndjson | sort | uniq -c | paste -sd, | tr -s ' ')" ' 20 five, 20 refused'
