#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Formats in Rust, a record at a time: headers, columns that depend on the file, records that are no lines or too long; each row
# knows its record, however small the pieces; what the author gets wrong is told.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
build() { # NAME MEMBERS: its source is NAME.rs; MEMBERS of its component in the manifest
    mkdir -p "$1/src"
    cp -r "$root/sdk/rust" "$1/src/qetl"
    cp "$1.rs" "$1/src/lib.rs"
    jq -n --arg id "$1" --argjson more "$2" '{id: $id, version: "0.1.0", summary: $id, abi: {min: "1.0", max: "1.0"}, permissions: [],
        components: [{kind: "format", id: $id, summary: $id, extensions: ["." + $id], options: {type: "object", additionalProperties: false,
            properties: {mode: {type: "string", default: "", description: "how", examples: ["any"]}}}} + $more]}' >"$1/$1.qetl.json"
    (cd "$1" && rustc --edition 2021 -O -D warnings --crate-type cdylib --crate-name "$1" -o "$1.so" src/lib.rs) >"$1.log" 2>&1 &&
        pass "$1 builds" || fail "$1 builds" "$(cat "$1.log")"
    cp "$1/$1.so" "$1/$1.qetl.json" .
    expect_no_text "$1.rs" unsafe
}

# A line of two words, a header of two lines, the columns' names in the second.
cat >words.rs <<'RUST'
mod qetl;
use qetl::row::{reject, Next, RowIn, RowOut};
use qetl::row_format::RowFormat;
use qetl::types::Field;
use qetl::*;

struct Words {
    mode: String,
    opened: usize,
}

impl RowFormat for Words {
    const HEADER: u32 = 2;
    fn new(env: Env) -> Result<Words, Failure> {
        Ok(Words { mode: env.option("/mode")?, opened: 0 })
    }
    fn columns(&mut self, sample: &[u8], whole: bool) -> Result<Option<String>, Failure> {
        let text = String::from_utf8_lossy(sample);
        match text.split_inclusive('\n').nth(1).and_then(|line| line.strip_suffix('\n')) {
            Some(names) => Ok(Some(names.split(' ').map(|name| format!("{} text", name)).collect::<Vec<_>>().join(", "))),
            None if whole => fail(E_DATA, "", "", "there is no header".into()),
            None => Ok(None),
        }
    }
    fn decode_open(&mut self, columns: &[Field]) -> Result<(), Failure> {
        self.opened = columns.len();
        Ok(())
    }
    fn decode(&mut self, line: &[u8], out: &mut RowOut) -> Result<Next, Failure> {
        match line {
            b"" => return Ok(Next::Nothing),
            b"bad" => return reject(None, "bad", "it says so"),
            b"end" => return Ok(Next::End),
            b"panic" => panic!("at {:?}", "this"),
            _ => {}
        }
        for (k, word) in line.split(|byte| *byte == b' ').enumerate().take(self.opened) {
            out.put(k, word);
        }
        Ok(Next::Row)
    }
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(b"# words\nx y\n");
        Ok(())
    }
    fn encode(&mut self, row: &RowIn, out: &mut Vec<u8>) -> Result<Next, Failure> {
        for k in 0..2 {
            let word = row.bytes(if self.mode == "beyond" { k + 7 } else { k }).unwrap_or(b"");
            out.extend_from_slice(word);
            out.push(if k == 0 { b' ' } else { b'\n' });
            if word.contains(&b' ') {
                return reject(Some(k), "blank", "there is a blank");
            }
        }
        Ok(Next::Row)
    }
}
row_format!(Words, "words", "0.1.0", "../words.qetl.json");
RUST
build words '{"encode": "concatenable", "check": {"bytes": "#\nx y\n1 a\nbad\n\n2 b", "expect": "x,y\n1,a\n2,b\n", "expect_rejected": 1}}'

# shellcheck source=tests/cases/words-lib.sh
. "$cases/words-lib.sh"
words_read

# What cannot be written leaves no bytes; the header is written once; what is there goes on.
printf 'x,y\n1,a\n2,a b\n3,c\n' >rows.csv
printf 'name: w\nsources: {in: {plugin: file, path: rows.csv, format: {type: csv, types: {x: text}}}}\nsinks: {out: {plugin: file, input: in, path: w.words, if_exists: append}}\n' >w.yaml
expect_exit 0 qetl run w.yaml --plugin-dir . && expect_exit 0 qetl run w.yaml --plugin-dir .
expect_eq 'written' "$(paste -sd, w.words)" '# words,x y,1 a,3 c,1 a,3 c'

# Mistakes of the author.
printf '# one\nx y\nend\n' >in.words
run 1
expect_text err 'decode answers Row, Nothing or Reject'
printf '# one\nx y\npanic\n' >in.words
run 1
expect_text err 'the plugin has panicked: at "this"'
printf '# one\n' >in.words
run 1
expect_text err 'there is no header'
expect_exit 1 qetl run w.yaml --plugin-dir . -s 'sinks.out.format={type: words, mode: beyond}' -s sinks.out.path=b.words
expect_text err 'column 7 is read, and there are 2'

# Records that are no lines: a size in two digits, then so many bytes. They hold line feeds.
cat >sized.rs <<'RUST'
mod qetl;
use qetl::row::{reject, Next, RowOut};
use qetl::row_format::RowFormat;
use qetl::*;

struct Sized {
    mode: String,
}

fn size_of_record(data: &[u8]) -> Option<usize> {
    Some(2 + std::str::from_utf8(data.get(..2)?).ok()?.parse::<usize>().ok()?)
}

impl RowFormat for Sized {
    const COLUMNS: &'static str = "t text";
    const LINES: bool = false;
    fn new(env: Env) -> Result<Sized, Failure> {
        Ok(Sized { mode: env.option("/mode")? })
    }
    fn record(&mut self, data: &[u8], ended: bool) -> Result<usize, Failure> {
        match self.mode.as_str() {
            "beyond" => return Ok(data.len() + 1),
            "never" => return Ok(0),
            _ => {}
        }
        Ok(match size_of_record(data) {
            Some(size) if size <= data.len() => size,
            None if data.len() >= 2 => return fail(E_DATA, "", "", "this is no size".into()),
            _ => if ended { data.len() } else { 0 },
        })
    }
    fn decode(&mut self, record: &[u8], out: &mut RowOut) -> Result<Next, Failure> {
        if size_of_record(record) != Some(record.len()) {
            return reject(None, "cut_off", "it is cut off");
        }
        out.put(0, &record[2..]);
        Ok(Next::Row)
    }
}
row_format!(Sized, "sized", "0.1.0", "../sized.qetl.json");
RUST
build sized '{"writes": false, "check": {"bytes": "01a02\n\n09cut", "expect": "t\na\n\"\n\n\"\n", "expect_rejected": 1}}'
awk 'BEGIN { for (i = 1; i <= 9000; i++) { t = "row\n" i; printf "%02d%s", length(t), t } printf "09cut" }' >in.sized
printf 'name: s\nsources: {in: {plugin: file, path: in.sized}}\nsinks: {out: {plugin: file, input: in, path: s.ndjson, if_exists: replace}}\n' >s.yaml
expect_exit 0 qetl run s.yaml --plugin-dir . -s batch_bytes=4KiB
expect_eq 'rows' "$(jq -r '.t | split("\n")[1]' s.ndjson | paste -sd+ | bc)" "$((9000 * 9001 / 2))"
expect_eq 'cut off' "$(jq -r '[.code, .row, .original] | join(" ")' dead-letters/s.ndjson)" 'cut_off 9001 09cut'
for mode in beyond never; do
    expect_exit 1 qetl run s.yaml --plugin-dir . -s sources.in.format.type=sized -s sources.in.format.mode=$mode
    expect_text err 'record answered [0-9]+ of [0-9]+ bytes'
done
expect_exit 2 qetl run --from rows.csv --to a.sized --plugin-dir .
for plugin in words sized; do
    expect_exit 0 qetl plugin check ./$plugin.so
done
