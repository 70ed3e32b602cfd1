#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The program says who it is, and how it is used.
. "$(dirname "$0")/lib.sh"

expect_exit 0 qetl --version
expect_text out '^qetl [0-9]+\.[0-9]+\.[0-9]+'
expect_text out 'plugin ABI 1\.0\)$'
expect_exit 0 qetl --help
expect_text out 'qetl run'
expect_exit 0 qetl
expect_text out 'qetl run'
expect_exit 2 qetl rnu
expect_text err 'run'
expect_eq 'nothing on stdout' "$(wc -c <out)" 0
