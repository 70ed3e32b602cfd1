#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What qetl plugin new makes builds without a warning, passes its own tests, with sanitizers too, and runs: each kind in each
# language, by gcc and clang, with an installed qetl and nothing of its tree.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
. "$cases/installed.sh"
warnings='-Wall -Wextra -Wpedantic -Werror'

# make_in FOLDER LOG MAKE_ARGUMENT…
make_in() {
    local folder=$1 log=$2
    shift 2
    if (cd "$folder" && alone timeout -k 5 400 make "$@") >"$log" 2>&1; then
        pass "$folder: make $*"
    else
        fail "$folder: make $*" "$(tail -n 30 "$log")"
    fi
    expect_eq "$folder: the tree is not named" "$(tree_named "$log")" ''
}

one() { # KIND LANG MAKE_ARGUMENT…
    local kind=$1 lang=$2 folder
    shift 2
    folder=$lang-$kind
    [ -d "$folder" ] || alone qetl plugin new "$folder" --kind "$kind" --lang "$lang" --quiet || fail "plugin new $folder"
    make_in "$folder" "$folder.log" test "$@"
    expect_eq "$folder: warnings" "$(grep -c 'warning:' "$folder.log")" 0
    expect_eq "$folder: tests" "$(($(grep -c '^ok - ' "$folder.log") >= 5))" 1
    expect_eq "$folder: failures" "$(grep -c '^not ok' "$folder.log")" 0
}

runs() { # KIND LANG
    local folder=$2-$1
    make_in "$folder" "$folder.log" run
    case $1 in
    source) expect_text "$folder.log" '^Makefile,[0-9]+,20' ;;
    transform) expect_text "$folder.log" '^4,5,75$' ;;
    sink) expect_same <(cat "$folder"/outbox/part-*.ndjson | tail -n 1) <(echo '{"payment":4,"amount":5}') ;;
    format) expect_text "$folder.log" '^\{"key":"motto","value":"a=b"\}$' ;;
    esac
    make_in "$folder" "$folder.log" check
    expect_text "$folder.log" ' (39|[45][0-9]) rules held, 0 broken'
    make_in "$folder" "$folder.log" install DESTDIR="$PWD/there" PLUGINDIR=/plugins
    (cd "$folder" && alone env QETL_PLUGIN_PATH="$plugins:$PWD/../there/plugins" qetl plugin info "$folder") >"$folder.log" 2>&1
    expect_text "$folder.log" "^$1 '$folder' of plugin $folder 0.1.0"
    # What is built here goes before what was installed, which is what has its author go on.
    if (cd "$folder" && alone env QETL_PLUGIN_PATH="$plugins:$PWD/../there/plugins" make run) >"$folder.log" 2>&1; then
        pass "$folder: make run beside an installed one"
    else
        fail "$folder: make run beside an installed one" "$(tail -n 30 "$folder.log")"
    fi
    expect_eq "$folder exports" "$(nm -D --defined-only "there/plugins/$folder.so" | awk '{ print $3 }' | tr '\n' ' ')" \
        'qetl_plugin_entry '
    make_in "$folder" "$folder.log" clean
    expect_eq "$folder: clean" "$(find "$folder" -name '*.so*')" ''
}

try() { # KIND LANG: by one compiler, and by the other with sanitizers
    case $2 in
    c) set -- "$@" CC=gcc CC=clang ;;
    cpp) set -- "$@" CXX=g++ CXX=clang++ ;;
    rust) set -- "$@" LANG=C LANG=C ;; # there is one compiler
    esac
    one "$1" "$2" "$3" WARNINGS="$warnings"
    runs "$1" "$2"
    # rustc takes its time, and what handles memory by hand in Rust is the same for all kinds: once is enough.
    [ "$2" = rust ] && [ "$1" != format ] || one "$1" "$2" "$4" WARNINGS="$warnings" SANITIZE=1
}
for lang in c cpp rust; do
    for kind in source transform sink format; do
        try "$kind" "$lang"
    done
done

# By cargo, which fetches nothing.
alone qetl plugin new build --kind transform --lang rust --quiet
make_in build build.log test check CARGO=cargo CARGOFLAGS=--offline
expect_text build.log 'cargo rustc --release'
expect_text build.log ' [45][0-9] rules held, 0 broken'

# In C++ a transform without a state has no Kept, and exceptions are failures of the call.
alone qetl plugin new masked --kind transform --lang cpp --quiet
cat >masked/masked.cc <<'CPP'
#include "border.hh"
#include <qetl/row_transform.h>
QETL_EMBED_MANIFEST("masked.qetl.json");

class Masked
{
  public:
    explicit Masked(qetl_row &r) : at(r), column(border::option(r.env, "/column")), into(border::option(r.env, "/into"))
    {
    }
    int32_t bind(const ArrowSchema *)
    {
        qetl_row_replace(&at, qetl_row_read(&at, "/column", column.c_str(), "text"), "text");
        return QETL_ROWS_KEEP;
    }
    int32_t row()
    {
        if (qetl_row_is_null(&at, 0))
            return QETL_OK;
        const qetl_text text = qetl_row_text(&at, 0);
        if (text.size == 0)
            throw border::Failure{QETL_E_DATA, "/column", "leave such rows out", "an empty text"};
        std::string out(static_cast<size_t>(text.size), into[0]);
        out.back() = text.data[text.size - 1];
        qetl_row_put_text(&at, 0, out.data(), text.size);
        return QETL_OK;
    }

  private:
    qetl_row &at;
    const std::string column, into;
};
using Rows = border::Rows<Masked>;
static constexpr qetl_row_transform masked = [] {
    qetl_row_transform t{};
    t.create = Rows::create;
    t.bind = Rows::call<&Masked::bind>;
    t.row = Rows::call<&Masked::row>;
    t.close = Rows::close;
    return t;
}();
QETL_ROW_TRANSFORM(masked, "masked", Rows::State)
QETL_PLUGIN("masked", "0.1.0", &masked_component)
CPP
sed -i 's/"input_format": "ndjson",//; s/"input": .*/"input": "amount\\n4111 1111\\n55\\n",/; s/"expect": .*/"expect": "amount\\n********1\\n*5\\n",/; s/"expect_rejected": 1/"expect_rejected": 0/; s/"default": "total"/"default": "*"/' masked/masked.qetl.json
make_in masked masked.log check WARNINGS="$warnings"
expect_text masked.log ' [45][0-9] rules held, 0 broken'
printf 'amount\n4111 1111\nx5\n' >masked/in.csv
cat >masked/masked.yaml <<'YAML'
name: masked
sources: {in: {plugin: file, path: in.csv}}
transforms: {m: {plugin: masked, input: in, column: amount}}
sinks: {out: {plugin: file, input: m, path: out.csv, if_exists: replace}}
YAML
(cd masked && alone qetl run masked.yaml --plugin-dir build) >masked.log 2>&1
printf 'amount\n********1\n*5\n' | diff - masked/out.csv >/dev/null && pass 'masked' || fail 'masked' "$(cat masked.log masked/out.csv)"
printf 'n,amount\n1,""\n' >masked/in.csv
(cd masked && alone qetl run masked.yaml --plugin-dir build) >masked.log 2>&1
expect_text masked.log 'an empty text'
expect_text masked.log 'mend: leave such rows out'

# Names that mean something to compilers and build systems.
for made in 'int c' 'all c' 'class cpp' 'qetl rust' 'fn rust'; do
    alone qetl plugin new "${made% *}" --kind source --lang "${made#* }" --quiet
    make_in "${made% *}" "${made% *}.log"
done

# The other compiler's sanitizers are found, too.
one sink c CC=gcc SANITIZE=1 BUILD=build-gcc
one sink cpp CXX=g++ SANITIZE=1 BUILD=build-gcc

# The ABI in Rust is the header's: each struct's size, and where each field stands.
cp -r "$installation/share/qetl/sdk/examples/rust/layout.rs" .
mkdir src
cp -r rust-source/src/qetl src
expect_exit 0 diff -r "$installation/share/qetl/sdk/rust" src/qetl
alone rustc --edition 2021 -o layout layout.rs 2>layout.log || fail 'layout.rs' "$(tail layout.log)"
alone ./layout >layout.c
grep -oE '^pub const E?_?[A-Z_]+: (i32|u32) = -?[0-9]+;' src/qetl/abi.rs |
    sed -E 's/^pub const ([A-Z_]+): [iu]32 = (-?[0-9]+)/_Static_assert((int)QETL_\1 == \2, "\1");/' >>layout.c
expect_eq 'what is compared' "$(($(grep -c _Static_assert layout.c) > 200))" 1
expect_exit 0 gcc -std=c11 "-I$installation/include" -fsyntax-only layout.c

# And so are its parcels, in both directions; what is no whole parcel is refused.
cat >parcel.rs <<'RUST'
#[path = "src/qetl/mod.rs"]
mod qetl;
use qetl::parcel::{Opened, Parcel};

fn main() {
    let bytes = Parcel::new(3).int(-5).bytes(b"two words").int(i64::MAX).done();
    let mut hex: String = bytes.iter().map(|byte| format!("{:02x}", byte)).collect();
    for size in 0..bytes.len() + 1 {
        let mut parcel = Opened::of(&bytes[..size], 3);
        let read = (parcel.int(), parcel.bytes(), parcel.int());
        let good = parcel.close("it").is_ok();
        assert_eq!(good, size == bytes.len());
        assert_eq!(read == (-5, &b"two words"[..], i64::MAX), good);
    }
    for damaged in [Opened::of(&bytes, 4).close("another version"), Opened::of(&bytes, 3).close("what was not read")] {
        hex.push_str(if damaged.is_ok() { " taken" } else { " refused" });
    }
    println!("{}", hex);
}
RUST
cat >parcel.c <<'C'
#include <qetl/parcel.h>
#include <stdio.h>

int main(void)
{
    static struct qetl_parcel parcel;
    qetl_parcel_begin(&parcel, 3);
    qetl_parcel_put_int(&parcel, -5);
    qetl_parcel_put_text(&parcel, "two words");
    qetl_parcel_put_int(&parcel, INT64_MAX);
    struct qetl_blob blob = qetl_parcel_blob(&parcel);
    for (size_t i = 0; i < blob.size; i++)
        printf("%02x", ((const unsigned char *)blob.data)[i]);
    puts(" refused refused");
}
C
expect_exit 0 gcc -std=c11 "-I$installation/include" -o parcel_c parcel.c "$installation/lib/libqetl_sdk.a"
alone rustc --edition 2021 -o parcel_rust parcel.rs 2>parcel.log || fail 'parcel.rs' "$(tail parcel.log)"
./parcel_c >wanted
alone ./parcel_rust >got 2>&1
expect_same got wanted

# Nothing of the tree is as much as looked for.
if strace -o trace true 2>/dev/null; then
    (cd c-source && alone strace -f -qq -e trace=%file -o "$scratch/trace" make clean test) >trace.log 2>&1 || fail 'strace make' "$(tail trace.log)"
    expect_eq 'it was traced' "$(($(wc -l <trace) > 1000))" 1
    expect_eq 'looked for in the tree' "$(tree_named trace)" ''
fi

# What authors get wrong is told where it is wrong.
wrong() { # WHAT SED_SCRIPT TEXT GOAL
    rm -rf mistaken
    alone qetl plugin new mistaken --kind source --quiet
    sed -i "$2" mistaken/mistaken.c mistaken/mistaken.qetl.json
    (cd mistaken && alone make "$4") >mistaken.log 2>&1 && fail "$1: it went well"
    expect_text mistaken.log "$3"
}
wrong 'the row is not the first' 's/^    struct qetl_row row;.*/    int first; struct qetl_row row;/' 'files_state_begins_with_its_row' all
wrong 'a type' 's/size bigint/size bigit/' '"bigit" is no type, in the columns' run
wrong 'a column' 's/, modified timestamptz//' 'put into column 2, and there are 2, from 0 on' run
wrong 'a name in the manifest' 's/"suffix": {/"sufix": {/' 'asks for /suffix' check
wrong 'another id' 's/QETL_PLUGIN("mistaken"/QETL_PLUGIN("mistook"/' 'calls itself mistook' check
wrong 'a function that nobody declared' 's/entries_free(f);/entries_lose(f);/' 'entries_lose' build/mistaken.so

# A test that is no test would pass with a plugin that does the wrong thing.
alone qetl plugin new wrong --kind transform --quiet
sed -i 's/qetl_row_put_int(&t->row, 0, sum)/qetl_row_put_int(\&t->row, 0, sum + 1)/' wrong/wrong.c
(cd wrong && alone make test) >wrong.log 2>&1
expect_eq 'a wrong plugin fails' "$?" 2
expect_text wrong.log '^not ok - a total behind each row'

# What the check of the manifest expects tells a plugin that is well-behaved from one that does what it should.
bites() { # KIND SED_SCRIPT TEXT
    rm -rf mistaken
    alone qetl plugin new mistaken --kind "$1" --quiet
    sed -i "$2" mistaken/mistaken.c
    (cd mistaken && alone make check) >mistaken.log 2>&1 && fail "$1: its check holds"
    expect_text mistaken.log "broken     expect: $3"
}
bites source 's/about.st_size)/about.st_size + 1)/' "row 1, column 'size': '5' came, '4' is expected"
bites transform 's/0, sum);/0, sum + 1);/' "row 1, column 'total': '101' came"
bites sink 's/done < write_->bytes_size/done + 1 < write_->bytes_size/; s/bytes_size - done)/bytes_size - done - 1)/' "file 'outbox/part-\*.ndjson': "
bites format 's/VALUE, sign + 1,/VALUE, sign,/' "check 1: row 1, column 'value': '=blu' came"

# A kill that came when nothing was missing shows nothing.
cat >idle <<'SH'
#!/bin/sh
echo a row >long-1.csv
[ -e again ] && { rm again; echo 'went on from epoch 1' >&2; exit; }
: >again
exec sleep 600
SH
chmod +x idle
(cd mistaken && printf '. ./testing.sh\nkilled_run_goes_on "long-*" long.yaml\n' >idle.sh &&
    QETL=$PWD/../idle PLUGINS=. RUNTIME='' sh idle.sh) >mistaken.log 2>&1
expect_eq 'a kill for nothing fails' "$?" 1
expect_text mistaken.log '^not ok - all rows were there before the run was killed'
