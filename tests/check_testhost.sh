#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The examples' unit tests with ASan and UBSan, the test host and the helpers likewise; and an example in which something
# is broken fails its test, which says what is, and what was wanted.
# tsan: no
set -uo pipefail
cd "${QETL_SOURCE:-$(dirname "$0")/..}" || exit 1
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
passed=0
failed=0
verdict() { # CODE WHAT FILE
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok - $2"
        head -n 20 "$3" | sed 's/^/    /'
    fi
}
flags=(-std=gnu11 -D_GNU_SOURCE= -O1 -g -Wall -Wextra -Werror -fPIC -fvisibility=hidden "-I$source/sdk"
    '-fsanitize=address,undefined' -fno-sanitize-recover=undefined)
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
compile() { # FILE…: objects of them, here
    printf '%s\n' "$@" | xargs -P2 -I{} "${CC:-cc}" "${flags[@]}" -c {}
}
mkdir "$work/sdk" "$work/testhost"
(cd "$work/sdk" && compile "$source"/sdk/src/*.c) >"$work/why" 2>&1
verdict $? 'the helpers are built' "$work/why"
(cd "$work/testhost" && compile "$source"/sdk/testhost/*.c) >"$work/why" 2>&1
verdict $? 'the test host is built' "$work/why"

build() { # NAME: the library and its test
    "${CC:-cc}" "${flags[@]}" -shared -o "$1.so" "$1.c" "$work"/sdk/*.o -lm &&
        "${CC:-cc}" "${flags[@]}" -o "test_$1" "test_$1.c" "$work"/testhost/*.o "$work"/sdk/*.o -lm -ldl -lpthread
}
for name in upper readings journal pairs; do
    mkdir "$work/$name" && cd "$work/$name" || exit 1
    cp "$source/sdk/examples/c/$name".* "$source/sdk/examples/c/test_$name.c" .
    build "$name" >why 2>&1 && ./"test_$name" >>why 2>&1
    verdict $? "$name: its test, with sanitizers" why
done

# What is broken, and what the test then says.
breaks() { # NAME SED WHAT: a line that is said
    cd "$work/$1" || exit 1
    cp "$source/sdk/examples/c/$1.c" .
    sed -i "$2" "$1.c"
    cmp -s "$1.c" "$source/sdk/examples/c/$1.c" && {
        echo "nothing is changed by $2" >why
        verdict 1 "$1: $2" why
        return
    }
    build "$1" >why 2>&1
    verdict $? "$1: $2: is built" why
    ASAN_OPTIONS=detect_leaks=0 ./"test_$1" >said 2>&1
    [ $? = 1 ] && grep -qF -- "$3" said && grep -q '[1-9][0-9]* failed$' said
    verdict $? "$1: $2: its test does not say \"$3\"" said
}
breaks upper "s/- 32 \*/- 31 */" '  wanted: 1|BERLIN'
breaks upper "s/return QETL_OK; .*/return QETL_ROW_NONE;/" 'a row does not go on, and bind answered QETL_ROWS_KEEP'
breaks upper 's/"not_ascii"/"ascii"/' '  is:     1|0|ascii|"köln" has letters'
breaks readings '/KEPT_INT(struct readings, offset)/d' '  wanted: 1|berlin|21.5'
breaks readings 's/, station);/, station + 1);/' '  wanted: 1|berlin|21.5'
breaks journal 's/if (rename(staged, final) == 0)/if (access(staged, F_OK) == 0)/' '  is:     (not there)'
breaks journal 's/"separator_in_text"/"separator"/' '  is:     2|1|separator|a tab or newline'
breaks pairs 's/at + 1, line.data + line.size - at - 1/at, line.data + line.size - at/' '  wanted: host|localhost'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
