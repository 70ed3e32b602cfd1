#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What installed pages, headers and examples name is there: links, files, headers, pages.
. "$(dirname "$0")/lib.sh"

. "$cases/installed.sh"
share=$installation/share/qetl
look() { python3 "$root/tests/installed_pages.py" "$share" "$installation/include/qetl" "$installation"/share/man/man1/*.1; }
look >looked
expect_eq 'what leads nowhere' "$(grep -v '^#' looked | sed "s#$PWD/##" | head -n 20)" ''
grep '^#' looked
# Not by a path into the tree or the build.
expect_eq 'the tree is not named' "$(find "$share" "$installation/include" -type f -print0 | xargs -0 grep -lF -e "$root/" -e "$QETL_BUILD/" | head -n 3)" ''
expect_same "$share/sdk/qetl/plugin.h" "$installation/include/qetl/plugin.h"
for page in plugin-guide.md abi.md debugging-plugins.md reference/conformance.md; do
    [ -f "$share/docs/$page" ] && pass "$page" || fail "$page is not installed"
done

# It finds what is not there.
rm "$share/sdk/README.md" "$share/docs/reference/conformance.md"
sed -i 's/^## Versions/## Version/' "$share/docs/abi.md"
printf '[x](#versions) `sdk/none.h` qetl/none.h\n' >>"$share/docs/abi.md"
look >looked && fail 'what is missing is not seen' || pass 'what is missing is seen'
for wrong in 'docs/abi.md: a link to ../sdk/README.md' 'sdk.h: sdk/README.md' 'qetl-plugin-check.1: reference/conformance.md' 'docs/abi.md: a link to the heading #versions' \
    'docs/abi.md: sdk/none.h' 'docs/abi.md: qetl/none.h'; do
    expect_text looked "$wrong"
done
make -C "$QETL_BUILD" uninstall DESTDIR="$PWD/root" >uninstall.log 2>&1
expect_eq 'nothing is left' "$(find root -type f -o -type l | wc -l)" 0
