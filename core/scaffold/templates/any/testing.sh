# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What test.sh needs: sourcing it moves into an empty folder, which goes away at the end. `make test` sets QETL (the
# program), PLUGINS (the folder of the library under test) and RUNTIME (that of sanitizers, or nothing).
set -eu
here=$PWD
case $PLUGINS in /*) ;; *) PLUGINS=$here/$PLUGINS ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
XDG_STATE_HOME=$work/state # the runs remember nothing of others
export XDG_STATE_HOME

pass() { echo "ok - $*"; }
fail() {
    echo "not ok - $*"
    exit 1
}

# --validate full: the host checks every batch by all of Arrow's rules.
run() { # FILE OPTION…
    env LD_PRELOAD="$RUNTIME" "$QETL" run "$@" --plugin-dir "$PLUGINS" --validate full 2>err || { cat err; return 1; }
}
same() { # WHAT GOT WANTED
    diff -u "$3" "$2" || fail "$1"
    pass "$1"
}
refused() { # WHAT WORDS FILE OPTION…
    what=$1 words=$2
    shift 2
    ! run "$@" >refusal || fail "$what: it went well"
    grep -q "$words" refusal || { cat refusal; fail "$what"; }
    pass "$what"
}

# Kills a run once the pattern names more files than there were. False: it ended before.
kill_run() { # PATTERN FILE OPTION…
    pattern=$1
    shift
    # shellcheck disable=SC2012,SC2086
    files=$(ls $pattern 2>/dev/null | wc -l)
    env LD_PRELOAD="$RUNTIME" "$QETL" run "$@" --plugin-dir "$PLUGINS" --quiet &
    pid=$!
    # shellcheck disable=SC2012,SC2086
    until [ "$(ls $pattern 2>/dev/null | wc -l)" -gt "$files" ]; do
        if ! kill -0 $pid 2>/dev/null; then
            wait $pid || fail 'a run that was to be killed has failed'
            # shellcheck disable=SC2086
            ls $pattern >/dev/null 2>&1 || fail 'the run ended before there was a file'
            return 1
        fi
        sleep 0.02
    done
    kill -KILL $pid 2>/dev/null || return 1
    wait $pid 2>/dev/null || true
}

# Kills a run, and the one that goes on from there, once the pattern names new files, then runs it to its end: each must go
# on, also from what one handed out that went on itself. Where a kill came too late for that, it is tried again.
killed_run_goes_on() { # PATTERN FILE OPTION…
    pattern=$1
    shift
    for attempt in 1 2 3 4 5; do
        # shellcheck disable=SC2086
        rm -f $pattern
        if ! kill_run "$pattern" "$@" || ! kill_run "$pattern" "$@"; then
            continue
        fi
        # shellcheck disable=SC2086
        before=$(cat $pattern | wc -c)
        run "$@"
        # shellcheck disable=SC2086
        [ "$(cat $pattern | wc -c)" -gt "$before" ] || continue
        grep -q 'went on from epoch' err && return
        cat err
        fail 'a run that was killed began anew'
    done
    fail "all rows were there before the run was killed, $attempt times: give it more of them, or a lower rate_limit"
}
