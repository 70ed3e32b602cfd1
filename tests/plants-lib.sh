# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For programs that plant faults one at a time and show that a test sees each. They stand in the root of the sources then, with
# $build, $CC and $work, a folder that goes when they end.
#
#   verdict CODE TEXT                 counts one: 0 is good
#   planted NAME SOURCE TEXT FAULT    $work/plant.c: the source with the fault in the text's place. False, with a verdict, where the
#                                     text is not found: a plant has to be kept up
#   plants_end                        the counts; false if one was not good

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
# shellcheck disable=SC2034 # of those who read this
build=${QETL_BUILD:-$PWD/build} CC=${CC:-gcc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "NOT OK  $2"
    fi
}

planted() {
    local text
    text=$(<"$2")
    if [[ $text != *"$3"* ]]; then
        verdict 1 "$1: its text is not in $2"
        return 1
    fi
    printf '%s\n' "${text/"$3"/"$4"}" >"$work/plant.c"
}

plants_end() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
