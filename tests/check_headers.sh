#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The public headers, as C11, C17, C++17 and C++20, by gcc and clang, with all that these warn of as errors: each
# alone, twice, all in any order, and in two translation units of one program.
# tsan: no
set -uo pipefail
shopt -s lastpipe # "… | take" counts here, and not in a shell of its own
cd "${QETL_SOURCE:-$(dirname "$0")/..}" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
verdict() { # CODE WHAT
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok - $2"
        head -n 12 "$work/why" | sed 's/^/    /'
    fi
}
headers=(sdk/qetl/*.h)
headers=("${headers[@]#sdk/}")
[ ${#headers[@]} -ge 5 ] || { echo "not ok - where are the headers?"; failed=1; }
mapfile -t reverse < <(printf '%s\n' "${headers[@]}" | tac)
flags=(-Isdk -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Werror)

source_of() { # HEADER…: includes them, and is no empty unit
    printf '#include <%s>\n' "$@"
    echo 'extern int qetl_headers_here;'
}
take() { # WHAT COMPILER…: compiles stdin
    local what=$1
    shift
    "$@" "${flags[@]}" -fsyntax-only - >"$work/why" 2>&1
    verdict $? "$what: $*"
}
as_language() { # LANGUAGE STANDARD COMPILER
    local how=("$3" -x "$1" "-std=$2") i
    [ "$1" = c ] && how+=(-Wstrict-prototypes)
    for header in "${headers[@]}"; do
        source_of "$header" "$header" | take "$header alone" "${how[@]}"
    done
    for ((i = 0; i < ${#headers[@]}; i++)); do
        source_of "${headers[@]:i}" "${headers[@]:0:i}" | take "from ${headers[i]} on" "${how[@]}"
    done
    source_of "${reverse[@]}" | take 'backwards' "${how[@]}"
}
for standard in c11 c17; do
    for compiler in gcc clang; do
        as_language c $standard $compiler
    done
done
for standard in c++17 c++20; do
    for compiler in g++ clang++; do
        command -v $compiler >/dev/null && as_language c++ $standard $compiler
    done
done

# What the headers define for authors, in each language.
in_use='#include <qetl/parse.h>
#include <qetl/row_format.h>
#include <qetl/row_source.h>
#include <qetl/row_sink.h>
#include <qetl/row_transform.h>
struct state { struct qetl_row row; const char *path; int64_t at; char token[8]; };
static const struct qetl_option_field options[] = {{"/path", QETL_OPTION_TEXT, offsetof(struct state, path), NULL, NULL}};
static const struct qetl_kept_field kept[] = {QETL_KEPT_INT(struct state, at), QETL_KEPT_TEXT(struct state, token)};
static int32_t row(void *self) { (void)self; return QETL_ROW_NONE; }
static int32_t decode(void *self, struct qetl_text record) { (void)self; (void)record; return QETL_ROW_NONE; }
static int32_t bind(void *self, const struct ArrowSchema *input) { (void)self; (void)input; return QETL_ROWS_KEEP; }
static const struct qetl_row_source source = {"id bigint", QETL_TABLE(options), QETL_TABLE(kept), 1, NULL, NULL, NULL, row, NULL, NULL};
static const struct qetl_row_transform plain = {QETL_TABLE(options), NULL, bind, row, NULL, NULL, {NULL, 0}, 0, NULL, NULL, NULL, NULL, NULL};
static const struct qetl_row_transform saved = {QETL_TABLE(options), NULL, bind, row, NULL, NULL, QETL_TABLE(kept), 1, NULL, NULL, NULL, NULL, NULL};
static const struct qetl_row_sink sink = {QETL_APPEND, QETL_TABLE(options), NULL, NULL, row, NULL, NULL, NULL, NULL, NULL, 1};
static const struct qetl_row_format format = {"id bigint", QETL_TABLE(options), NULL, NULL, NULL, NULL, decode, 0, NULL, NULL, NULL, NULL};
QETL_ROW_FORMAT(format, "format", struct state)
QETL_ROW_SINK(sink, "sink", struct state)
QETL_ROW_SOURCE(source, "source", struct state)
QETL_ROW_TRANSFORM(plain, "plain", struct state)
QETL_ROW_TRANSFORM_SAVED(saved, "saved", struct state)
QETL_PLUGIN("rows", "1.0.0", &source_component, &plain_component, &saved_component, &sink_component, &format_component)'
for standard in c11 c17; do
    for compiler in gcc clang; do
        take 'rows in use' $compiler -x c -std=$standard <<<"$in_use"
    done
done
for standard in c++17 c++20; do
    for compiler in g++ clang++; do
        command -v $compiler >/dev/null && take 'rows in use' $compiler -x c++ -std=$standard <<<"$in_use"
    done
done

# Two units of one library: nothing is defined twice, and the entry is the one thing that is seen.
{
    source_of "${headers[@]}"
    echo 'static const struct qetl_component nothing = {sizeof nothing, QETL_SINK, "nothing", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};'
    echo 'QETL_PLUGIN("two", "1.0.0", &nothing)'
} >"$work/one"
{
    source_of "${headers[@]}"
    echo 'int32_t qetl_two(struct qetl_env env); int32_t qetl_two(struct qetl_env env) { return qetl_fail(env, QETL_E_DATA, "/a", "b", "%d", 1); }'
} >"$work/two"
two_units() { # LANGUAGE STANDARD COMPILER SUFFIX
    cp "$work/one" "$work/one.$4" && cp "$work/two" "$work/two.$4"
    "$3" "-std=$2" "${flags[@]}" -fPIC -fvisibility=hidden -c -o "$work/one.o" "$work/one.$4" >"$work/why" 2>&1 &&
        "$3" "-std=$2" "${flags[@]}" -fPIC -fvisibility=hidden -c -o "$work/two.o" "$work/two.$4" >>"$work/why" 2>&1 &&
        "$3" -r -nostdlib -o "$work/both.o" "$work/one.o" "$work/two.o" >>"$work/why" 2>&1 &&
        [ "$(nm --defined-only --extern-only "$work/both.o" | awk '{ print $3 }' | sed 's/^_Z.*two.*/qetl_two/' | LC_ALL=C sort | tr '\n' ' ')" = 'qetl_plugin_entry qetl_two ' ]
    verdict $? "two units, $3 -std=$2: $(nm --defined-only --extern-only "$work/both.o" 2>&1 | awk '{ print $3 }' | tr '\n' ' ')"
}
two_units c c11 gcc c
two_units c c17 clang c
two_units c++ c++17 g++ cc
two_units c++ c++20 clang++ cc

# The gate sees what it is to see.
for plant in 'static inline int planted(long x) { return x; }' 'int planted[0];' 'int planted();int planted2(int a, int b){ { int a = b; return a; } }'; do
    { source_of qetl/plugin.h; echo "$plant"; } | gcc -x c -std=c11 -Wstrict-prototypes "${flags[@]}" -fsyntax-only - >"$work/why" 2>&1
    verdict $((! $?)) "a planted fault is seen: $plant"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
