#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# plugin.h is what sdk/abi says of its version, to the last offset, for gcc and for clang, and all that older
# versions promised still holds. tests/abi_plants.sh shows what this sees.
set -uo pipefail

cd "${QETL_SOURCE:-$(dirname "$0")/..}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
header=sdk/qetl/plugin.h

verdict() { # 0: good, what, the reasons
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok - $2"
    else
        failed=$((failed + 1))
        echo "not ok - $2"
        [ ! -s "$3" ] || sed 's/^/    /' "$3" | head -n 20
    fi
}

version=$(sed -n 's/^#define QETL_ABI_VERSION QETL_ABI_MAKE(\([0-9]*\), \([0-9]*\))$/\1.\2/p' $header)
now=sdk/abi/$version.txt
sdk/abi/describe $header >"$work/now" 2>"$work/why" || verdict 1 "$header can be described" "$work/why"
diff "$now" "$work/now" >"$work/why" 2>&1
verdict $? "$header is ABI $version; what is added to one that is out raises QETL_ABI_VERSION, with a sdk/abi/MAJOR.MINOR.txt of its own" "$work/why"
CC=clang sdk/abi/describe $header >"$work/clang" 2>"$work/why" && diff "$work/now" "$work/clang" >"$work/why"
verdict $? 'gcc and clang lay it out alike' "$work/why"
for older in sdk/abi/"${version%.*}".*.txt; do
    sdk/abi/compare "$older" "$work/now" >"$work/why" 2>&1
    verdict $? "what $older promises holds" "$work/why"
done
for kept in tests/data/abi-*/qetl/plugin.h; do
    was=${kept#tests/data/abi-}
    sdk/abi/describe "$kept" 2>&1 | diff "sdk/abi/${was%/qetl/plugin.h}.txt" - >"$work/why" 2>&1
    verdict $? "sdk/abi/${was%/qetl/plugin.h}.txt is as it was when it came out" "$work/why"
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
