#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Spin goes through every state of the models in docs/models, and finds a counterexample for each fault planted in them:
# a model that nothing can contradict shows nothing. Run as `make check-models`, and with the other tests.
set -uo pipefail

[ -z "${QETL_SANITIZER:-}" ] || { # nothing of qetl's runs here
    echo "skipped: once is enough"
    exit 77
}
models=$(cd "$(dirname "$0")/../docs/models" && pwd)
CC=${CC:-gcc}
for tool in spin "$CC"; do
    command -v "$tool" >/dev/null || {
        echo "skipped: no $tool"
        exit 77
    }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0
failed=0
declare -A tried

verify() { # optimization, model, options of spin…; what pan says stands in `said` afterwards
    local optimize=$1 model=$2
    shift 2
    rm -f pan* ./*.trail
    spin "$@" -a "$models/$model.pml" >said 2>&1 &&
        "$CC" "$optimize" -w -DSAFETY -DMEMLIM=2000 -o pan pan.c >>said 2>&1 &&
        timeout 120 ./pan -n -m100000 -w24 >said 2>&1
}

states() {
    awk '/states, stored/ { print $1; exit }' said
}

holds() { # model, options…
    if verify -O2 "$@" && grep -q 'errors: 0$' said && ! grep -qE 'too small|not completed|out of memory' said; then
        passed=$((passed + 1))
        echo "ok - $*: $(states) states, none wrong"
    else
        failed=$((failed + 1))
        echo "not ok - $*"
        tail -n 25 said
    fi
}

is_contradicted() { # plants, then as holds
    local plants=$1 plant
    shift
    for plant in $plants; do
        tried[$1/$plant]=1
        verify -O0 "$@" "-DPLANT=$plant"
        if grep -qE '^pan:1: (assertion violated|invalid end state)' said && grep -q 'errors: 1$' said; then
            passed=$((passed + 1))
            echo "ok - $* with fault $plant: $(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' said | cut -c 1-60), after $(states) states"
        else
            failed=$((failed + 1))
            echo "not ok - $* with fault $plant: nothing was found"
            tail -n 25 said
        fi
    done
}

for model in replicas diamond; do
    holds "$model"
done
is_contradicted '1 2 3 4 5 99' replicas
is_contradicted '1 2 3 4 5 6 7 99' diamond
holds decide
holds decide -DCRASHES=3
is_contradicted '1 2 3 4 5 6 7 8 9 99' decide
holds decide -DONE_PHASE
holds decide -DONE_PHASE -DROWS=4
is_contradicted '1 4 5 6 8 9 10 11 12 13 99' decide -DONE_PHASE
holds fence
is_contradicted '1 2 3 6 99' fence
holds fence -DONE_PHASE
is_contradicted '1 2 3 4 5 6 99' fence -DONE_PHASE

# A fault that a model has and nobody tries would go unnoticed.
for model in "$models"/*.pml; do
    name=$(basename "$model" .pml)
    while read -r plant; do
        [ -n "${tried[$name/$plant]:-}" ] || {
            failed=$((failed + 1))
            echo "not ok - $name: fault $plant is not tried"
        }
    done < <(grep -oE 'PLANT [!=]= [0-9]+' "$model" | grep -oE '[0-9]+' | grep -vx 0 | sort -u)
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
