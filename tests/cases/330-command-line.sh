#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command line: every command's page in three forms, what is refused and with which mend, colours, closed streams.
. "$(dirname "$0")/lib.sh"

expect_exit 0 env QETL="$QETL" python3 "$root/docs/generate-reference" --check
"$QETL" help --format markdown | sed -n 's/^## qetl //p' >commands
expect_eq 'commands' "$(($(wc -l <commands) >= 6))" 1
while read -r command; do
    # shellcheck disable=SC2086
    expect_exit 0 qetl $command --help
    cp out help.txt
    expect_eq "$command --help at 80 columns" "$(awk 'length > 80' help.txt)" ''
    expect_text help.txt '^usage: qetl'
    expect_text help.txt '^Examples'
    expect_text help.txt '^  0 '
    # shellcheck disable=SC2086
    expect_exit 0 qetl help $command
    expect_same out help.txt
    page=$QETL_BUILD/man/qetl-${command// /-}.1
    expect_eq "$page" "$(mandoc -Tlint -W warning "$page" 2>&1)" ''
    mandoc -Tascii -Owidth=200 "$page" | col -b >page.txt
    # What --help names, the manual names.
    grep -oE '^  (-[a-z], )?--[a-z-]+' help.txt | grep -oE -- '--[a-z-]+' | sort >options
    while read -r option; do
        expect_text page.txt " $option( |,|\$)"
    done <options
    # An option of some other command is refused, with its home.
    for option in --workers --json; do
        grep -qx -- "$option" options && continue
        # shellcheck disable=SC2086
        expect_exit 2 qetl $command x y $option
        expect_text err "has no option '$option'"
        expect_text err 'it is an option of qetl run'
    done
    # shellcheck disable=SC2086
    expect_exit 2 qetl $command --halp
    expect_text err 'did you mean --help'
done <commands
expect_eq 'qetl.1' "$(mandoc -Tlint -W warning "$QETL_BUILD/man/qetl.1" 2>&1)" ''
# Mistakes and their mends.
expect_exit 2 qetl rnu
expect_text err 'did you mean qetl run'
expect_exit 2 qetl --json run x.yaml
expect_text err 'options stand after the command'
expect_exit 2 qetl plugin
expect_text err 'qetl plugin list, qetl plugin info'
expect_exit 2 qetl plugin lst
expect_text err 'did you mean qetl plugin list'
expect_exit 2 qetl run --workers
expect_text err '--workers: it needs a value'
expect_exit 2 qetl run --json=1
expect_text err '--json takes no value'
expect_exit 2 qetl run -z
expect_text err "no option '-z'"
expect_exit 2 qetl run --driver pul
expect_text err 'did you mean pull'
expect_exit 2 qetl run --workers 2000
expect_text err 'from 1 to 1024'
expect_exit 2 qetl run --memory 1KiB
expect_text err '8MiB or more'
expect_exit 2 qetl plugin info
expect_text err 'no NAME was named'
expect_exit 2 qetl plugin info a b
expect_text err "'b' is one too many"
expect_exit 2 qetl help nothing
expect_text err "no command 'nothing'"
expect_exit 2 qetl validate --json
expect_json out '.error.code == "usage" and .command == "validate"'
# The version, also for programs.
expect_exit 0 qetl version --json
expect_json out '.result.version | test("^[0-9]+\\.[0-9]+")'
expect_exit 0 qetl --version --json
expect_json out '.ok and (.result.abi | startswith("1."))'
# Colours: on a terminal, or when forced; never where NO_COLOR is set.
escape=$(printf '\033')
expect_exit 0 env -u NO_COLOR CLICOLOR_FORCE=1 "$QETL" help
expect_text out "$escape"
expect_exit 0 env NO_COLOR=1 CLICOLOR_FORCE=1 "$QETL" help
expect_no_text out "$escape"
expect_exit 0 env -u NO_COLOR CLICOLOR_FORCE=0 "$QETL" help
expect_no_text out "$escape"
expect_exit 2 env -u NO_COLOR CLICOLOR_FORCE=1 "$QETL" rnu
expect_text err "$escape"
for colour in NO_COLOR= NO_COLOR=1; do
    env "$colour" TERM=xterm script -qec "'$QETL' help" /dev/null >typescript </dev/null
    expect_eq "a terminal with $colour" "$(grep -c "$escape" typescript | sed 's/[1-9][0-9]*/some/')" \
        "$([ "$colour" = NO_COLOR= ] && echo some || echo 0)"
done
# A table takes the width that the terminal has, and 80 columns elsewhere.
widest() {
    env TERM=dumb script -qec "stty cols $1; '$QETL' plugin list" /dev/null </dev/null | tr -d '\r' | awk '{ if (length > w) w = length } END { print w }'
}
expect_eq 'wider than 80 where there is room' "$(($(widest 150) > 100 && $(widest 150) <= 150))" 1
expect_eq 'narrow' "$(($(widest 60) <= 60))" 1
expect_eq 'a pipe' "$(($("$QETL" plugin list | awk '{ if (length > w) w = length } END { print w }') <= 80))" 1
# A stdout that nobody reads, or that is full.
for words in help 'plugin list --json'; do
    # shellcheck disable=SC2086
    expect_exit 141 python3 -c '
import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.run(sys.argv[1:], stdout=write).returncode)' "$QETL" $words
done
"$QETL" plugin list >/dev/full 2>err
expect_eq 'a full disk' $? 1
expect_text err 'No space left'
