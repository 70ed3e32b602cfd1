# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
#   killed_until_well NAME RESUMED   runs NAME.yaml, kills it, and runs it again, until it ends by itself: after three kills at
#                                    least, and, of fifteen at most, once RESUMED runs went on behind an epoch of the one before.
#                                    Leaves the number of those in $resumed.

killed_until_well() {
    local kills=0 code=137 patience=150 pid wait epoch before=0
    resumed=0
    while [ $code = 137 ]; do
        "$QETL" run "$1.yaml" -q --json-file json >out 2>err </dev/null &
        pid=$!
        if [ $kills -lt 3 ] || { [ $resumed -lt "$2" ] && [ $kills -lt 15 ]; }; then
            wait=$((patience + RANDOM % 120))
            sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
            kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
            [ $resumed -gt 0 ] || patience=$((patience + 100))
        fi
        wait "$pid" 2>/dev/null
        code=$?
        epoch=$(qetl state list --json | jq -r --arg of "$1" '.result.states[] | select(.pipeline == $of and .stage != "prepared" and .stage != "none") | .epoch')
        [ $code != 137 ] || [ "${epoch:-0}" = "$before" ] || resumed=$((resumed + 1))
        before=${epoch:-0}
    done
    expect_eq "$1 ended well" "$code" 0
    echo "# $1: $kills kills, $resumed of them behind an epoch"
}
