#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/plugin-guide.md does what it says, from an empty folder, with an installed qetl and nothing of its tree.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the compiler here knows nothing of the sanitizer'
. "$cases/installed.sh"
mkdir empty
cp "$root/docs/plugin-guide.md" "$root/tests/guide.py" .
if alone python3 guide.py plugin-guide.md "$PWD/empty" >guide.log 2>&1; then
    pass 'the guide'
else
    fail 'the guide' "$(grep -A 40 '^not ok' guide.log)" "$(tail -n 5 guide.log)"
fi
grep '^ok' guide.log
grep '^#' guide.log
expect_eq 'the tree is not named' "$(tree_named empty/.steps/*)" ''
# Within an hour: so much is read (200 words a minute), typed or taken over (20 lines of listings, 6 commands a minute).
expect_eq 'within an hour' "$(sed -n 's/^# .*: \([0-9]*\) lines typed, \([0-9]*\) lines of listings, \([0-9]*\) words/\1 \2 \3/p' guide.log |
    awk '{ print $1 / 6 + $2 / 20 + $3 / 200 <= 60 ? "yes" : "no: " $1 / 6 + $2 / 20 + $3 / 200 }')" yes
