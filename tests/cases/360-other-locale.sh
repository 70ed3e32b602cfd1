#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Neither the locale nor the zone of the environment changes anything: cases pass with a decimal comma, half-hour zone.
. "$(dirname "$0")/lib.sh"

mkdir locales
if ! localedef -i de_DE -f UTF-8 "$PWD/locales/de_DE.UTF-8" >log 2>&1; then
    echo 'no locale de_DE can be made here'
    exit 77
fi
export LOCPATH=$PWD/locales
# The C library keeps what LOCPATH says.
echo 'leak:argz_add_sep' >kept
export LSAN_OPTIONS=suppressions=$PWD/kept:print_suppressions=0
expect_eq 'the locale has a comma' "$(LC_ALL=de_DE.UTF-8 printf '%.1f' 1,5 2>/dev/null)" '1,5'
run_one() {
    QETL_TEST_LOCALE=de_DE.UTF-8 TZ=America/St_Johns bash "$cases/$1" >log 2>&1
    local status=$?
    [ "$status" = 77 ] && return
    expect_eq "$1" "$status" 0
    [ "$status" = 0 ] || grep -A5 '^not ok' log
}
for case in 020-csv-to-ndjson 030-csv-untouched 040-ndjson-untouched 050-one-liners 060-pipeline-files 070-json-report \
    080-stdout-is-pure 100-dead-letters 110-on-error 350-time-zones 335-compute 360-expr 370-expressions-in-time \
    450-text-where-a-number-is-wanted 430-pipeline-tests; do
    run_one "$case.sh"
done
