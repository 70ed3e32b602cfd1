#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The examples of the SDK, in C, C++ and Rust: what their pages say is done, with nothing but an installation, and comes
# out as it should; their options, their rejected rows; and a sink that is killed at each step of a commit.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
make -C "$QETL_BUILD" install DESTDIR="$PWD/root" >install.log 2>&1 || {
    fail 'make install' "$(tail -n 20 install.log)"
    exit 0
}
prefix=$PWD/root$(sed -n 's/^prefix = //p' "$QETL_BUILD/Makefile")
sed -i "s|^prefix=.*|prefix=$prefix|" "$prefix"/lib/pkgconfig/qetl-*.pc
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PATH=$prefix/bin:$PATH QETL_PLUGIN_PATH=$prefix/lib/qetl/plugins
mkdir tools
printf '#!/bin/sh\nexec timeout -k 5 60 "%s" "$@"\n' "$prefix/bin/qetl" >tools/qetl
printf '#!/bin/sh\nexec "%s" "$@"\n' "$(command -v "${RUSTC:-/usr/bin/rustc}")" >tools/rustc
chmod +x tools/*
PATH=$PWD/tools:$PATH
begin() { # LANGUAGE: does what the page says; its blocks' outputs stand in LANGUAGE/said-1, …
    cp -r "$prefix/share/qetl/sdk/examples/$1" "$1"
    cd "$1" || exit 1
    awk '/^```sh$/ { n++; inside = 1; next } /^```$/ { inside = 0 } inside { print > ("block-" n) }' README.md
    local block
    for block in block-*; do
        timeout 100 bash -euo pipefail "$block" >"said-${block#block-}" 2>"err-${block#block-}" </dev/null && pass "$1: $block" ||
            fail "$1: $block" "$(cat "said-${block#block-}" "err-${block#block-}")"
    done
    for library in *.so; do
        [ "$library" != keeper.so ] || continue # there is no service here: 249-retry-classes
        expect_exit 0 qetl plugin check "./$library"
    done
}
run() { # FILE, then lines of a pipeline on stdin: runs it with the plugins here
    cat >"$1"
    expect_exit 0 qetl run "$@" --plugin-dir .
}
letters() { # FILE: their reasons, and how many
    qetl dlq list "$1" --json >letters.json 2>err || fail "dlq list $1" "$(cat err)"
    jq -r '.result.letters[].code' letters.json | LC_ALL=C sort | uniq -c | sed 's/^ *//' | tr '\n' ' '
}

# ---- C ----
begin c
expect_file said-2 <<'END'
1	BERLIN	21.5
3	POTSDAM	20
END
expect_file said-3 <<'END'
key,value
host,localhost
port,5432
END
expect_eq 'unit tests that failed' "$(cat said-1 err-1 | grep -c ' [1-9][0-9]* failed')" 0
expect_eq 'unit tests that passed' "$(cat said-1 err-1 | grep -c '^[1-9][0-9]* passed, 0 failed$')" 17
printf 'vostok -89\nberlin 21\nköln 5\nno degrees\n' >cold.txt
run cold.yaml -q <<'END'
name: cold
sources:
  in: {plugin: readings, path: cold.txt, least: -60}
transforms:
  up: {plugin: upper, input: in, column: station, others: reject}
sinks:
  out: {plugin: journal, input: up, folder: tsv, prefix: cold}
END
expect_eq 'rows' "$(cat tsv/cold-*.tsv)" "$(printf '2\tBERLIN\t21')"
expect_eq 'rejected' "$(letters cold.yaml)" '2 bad_reading 1 not_ascii '
expect_exit 0 qetl dlq replay cold.yaml --plugin-dir . --dry-run
expect_text err '^1 letter would be replayed: 0 rows out, 1 rejected again$'
expect_text err '2 letters left where they are: letter 1: its source makes rows itself, .*let the source read it again$'
expect_eq 'why not' "$(qetl dlq list cold.yaml --json | jq -c '.result.letters | map(.not_replayable)')" '["no_format","no_format",null]'
expect_exit 0 qetl dlq show cold.yaml 1
expect_text out '^  mend     its source makes rows itself, without a format'
expect_no_text out 'dlq replay'
expect_exit 2 qetl dlq edit cold.yaml 1 --original 'vostok -9'
expect_text err 'would never be replayed'
expect_text err 'let the source read it again'
expect_exit 1 qetl dlq replay cold.yaml --plugin-dir . 1 2
expect_text err '2 letters left where they are: letter 1: its source makes rows itself'
printf 'a:b=c\nno separator\n:x\n' >odd.pairs
run odd.yaml -q <<'END'
name: odd
sources:
  in: {plugin: file, path: odd.pairs, format: {type: pairs, separator: ":"}}
sinks:
  out: {plugin: file, input: in, path: even.txt, format: {type: pairs}, if_exists: replace}
END
expect_file even.txt <<'END'
a=b=c
END
expect_eq 'rejected' "$(letters odd.yaml)" '2 bad_pair '
printf 'bad\nworse\na=1\nb=x\nc=3\n' >late.pairs
run late.yaml -q <<'END'
name: late
sources:
  in: {plugin: file, path: late.pairs, format: {type: pairs}, metadata: [row]}
sinks:
  out: {plugin: file, input: in, path: late.csv, if_exists: replace}
END
expect_eq 'numbers of rows are those of records' "$(tail -n +2 late.csv)" "$(printf 'a,1,3\nb,x,4\nc,3,5')"

# Each row is there once, whichever step of the first or a later epoch the process did not live to see the end of.
points=$QETL_TOOLS/qetl_failpoints
seq 20000 | awk '{ print "s" $1, $1 / 2 }' >many.txt
awk '{ printf "%d\t%s\t%s\n", NR, $1, $2 }' many.txt | sort >many.wanted
cat >many.yaml <<'END'
name: many
checkpoint: {every: 5ms}
batch_rows: 1000
sources:
  in: {plugin: readings, path: many.txt}
sinks:
  out: {plugin: journal, input: in, folder: many}
END
killed=0
for point in sink.prepare.after:1 decide.before:1 decide.after:1 commit.before:1 commit.after:1 sink.prepare.after:2 commit.after:2; do
    rm -rf many && mkdir many
    QETL_FAILPOINT=$point timeout 60 "$points" run -q many.yaml --plugin-dir . --state "state-$point" \
        -s sources.in.rate_limit=100000/s >said 2>err
    [ $? = 137 ] || {
        fail "$point: nothing was killed" "$(cat err)"
        continue
    }
    killed=$((killed + 1))
    expect_exit 0 qetl run -q many.yaml --plugin-dir . --state "state-$point"
    cat many/rows-*.tsv | sort >many.got
    expect_same many.got many.wanted
    expect_eq "staged and left, $point" "$(find many -name '.*' -type f | wc -l)" 0
done
expect_eq 'processes that were killed' "$killed" 7
cd ..

# ---- C++ ----
if command -v c++ >/dev/null; then
    begin cpp
    expect_file said-2 <<'END'
id,city
1,berlin
2,bonn
END
    expect_eq 'exported' "$(nm -D --defined-only dedupe.so | awk '{ print $3 }' | tr '\n' ' ')" 'qetl_plugin_entry '
    printf 'id,city\n1,\n2,bonn\n3,bonn\n' >nulls.csv
    run nulls.yaml -q <<'END'
name: nulls
sources:
  in: {plugin: file, path: nulls.csv}
transforms:
  once: {plugin: dedupe, input: in, column: city, nulls: reject}
sinks:
  out: {plugin: file, input: once, path: nulls-once.csv, if_exists: replace}
END
    expect_file nulls-once.csv <<'END'
id,city
2,bonn
END
    expect_eq 'rejected' "$(letters nulls.yaml)" '1 key_is_null '
    expect_exit 0 cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix"
    expect_exit 0 cmake --build build
    expect_exit 0 ctest --test-dir build
    cd ..
fi

# ---- Rust ----
begin rust
expect_text said-2 "rules held, 0 broken"
expect_file said-4 <<'END'
id,city,city_length
1,berlin,6
2,köln,4
3,,
END
expect_text layout.c 'offsetof\(struct qetl_host, get_extension\)'
expect_eq 'exported' "$(nm -D --defined-only measure.so | awk '{ print $3 }' | tr '\n' ' ')" 'qetl_plugin_entry '
run long.yaml -q <<'END'
name: long
sources:
  in: {plugin: file, path: cities.csv}
transforms:
  size: {plugin: measure, input: in, column: city, most: 5}
sinks:
  out: {plugin: file, input: size, path: long.csv, if_exists: replace}
END
expect_file long.csv <<'END'
id,city,city_length
2,köln,4
3,,
END
expect_eq 'rejected' "$(letters long.yaml)" '1 too_long '
sed 's/column: city/column: id/' long.yaml >number.yaml
expect_exit 2 qetl run number.yaml --plugin-dir .
expect_text err 'column .id. is of the type bigint, not text'
# Another layout of a struct is seen.
sed -i 's/kind: u32,$/kind: u64,/' src/qetl/abi.rs
bash -c 'rustc --edition 2021 -o layout layout.rs && ./layout >layout.c' && cc -I"$prefix/include" -fsyntax-only layout.c 2>err &&
    fail 'a wrong layout is not seen' || expect_text err 'size of qetl_component'
