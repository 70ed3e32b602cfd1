#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plugins that were built when ABI 1.0 came out load and work: the very libraries of that time.
# tsan: no
. "$(dirname "$0")/lib.sh"
. "$root/tests/abi/kept.sh"

(cd "$kept" && sha256sum -c --quiet SHA256SUMS) >sums 2>&1 || fail 'what is kept was changed' "$(cat sums)"
expect_eq 'kept libraries' "$(find "$kept/x86_64" -name '*.so' -size -40k | wc -l)" 4
kept_plugins kept
export QETL_PLUGIN_PATH=$PWD/kept:$QETL_PLUGIN_PATH
kept_runs qetl

# Whoever changes the header or the sources of that time builds something else.
mkdir anew
expect_exit 0 "$kept/build.sh" anew
for library in anew/*.so; do
    expect_eq "exported by ${library#*/}" "$(nm -D --defined-only "$library" | awk '{ print $3 }')" qetl_plugin_entry
done
export QETL_PLUGIN_PATH=$PWD/anew:${QETL_PLUGIN_PATH#*:}
kept_columns qetl
