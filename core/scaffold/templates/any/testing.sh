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

# Kills a run once the pattern names a file, then runs it again: it must go on.
killed_run_goes_on() { # PATTERN FILE OPTION…
    pattern=$1
    shift
    env LD_PRELOAD="$RUNTIME" "$QETL" run "$@" --plugin-dir "$PLUGINS" --quiet &
    pid=$!
    # shellcheck disable=SC2086
    until ls $pattern >/dev/null 2>&1; do
        kill -0 $pid || fail 'the run ended before it could be killed'
        sleep 0.02
    done
    kill -KILL $pid
    wait $pid 2>/dev/null || true
    run "$@"
    grep -q 'went on from epoch' err || { cat err; fail 'a run that was killed began anew'; }
}
