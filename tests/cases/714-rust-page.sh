#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/sdk-rust.md does what it says, with an installed qetl and nothing of its tree, and names all that an author can call.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
. "$cases/installed.sh"
mkdir empty
page=$installation/share/qetl/docs/sdk-rust.md
if alone python3 "$root/tests/guide.py" "$page" "$PWD/empty" >page.log 2>&1; then
    pass 'the page'
else
    fail 'the page' "$(grep -A 40 '^not ok' page.log)" "$(tail -n 5 page.log)"
fi

# Each public name of what stands in front of the border, of methods that a trait has, and of macros.
rust=$installation/share/qetl/sdk/rust
{
    sed -nE 's/^ *pub (const fn|unsafe fn|fn|trait|struct|enum|mod) ([A-Za-z_]+).*/\2/p' "$rust"/{mod,row,row_source,row_transform,row_sink,types,parcel,parse,border}.rs
    sed -nE '/^pub trait/,/^}/s/^    (const|fn) ([A-Za-z_]+).*/\2/p' "$rust"/row_{source,transform,sink}.rs
    sed -nE 's/^macro_rules! ([a-z_]+).*/\1!/p' "$rust"/{row_source,row_transform,row_sink,border}.rs
    # what the macros alone name
} | grep -vxE '(source|transform|sink)_(table|component)|save|restore|(Source|Transform|Sink)Of|create|destroy|prepare|commit|abort|Note|new|of|put' | sort -u >names
expect_eq 'so many names' "$(($(wc -l <names) > 50))" 1
while read -r name; do
    grep -qE "(^|[^A-Za-z_])$name([^A-Za-z_]|\$)" "$page" || echo "$name"
done <names >unnamed
expect_eq 'names that the page has not' "$(paste -sd' ' unnamed)" ''
