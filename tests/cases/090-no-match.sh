#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No match is an error that names the pattern; so is a file that is not there.
. "$(dirname "$0")/lib.sh"

expect_exit 2 qetl run --from 'nothing-*.csv' --to out.csv
expect_text err 'nothing-\*\.csv'
expect_absent out.csv
expect_exit 3 qetl run --from missing.csv --to out.csv
expect_text err 'missing\.csv'
mkdir empty
expect_exit 2 qetl run --from empty --from-format csv --to out.csv
expect_absent out.csv
