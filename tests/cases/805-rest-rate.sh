#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No more requests in a second than the source rest is told; and not fewer, where there are pages enough. Repetitions count.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 1600

# rate OPTIONS: of all requests, and of the fullest second; in per mille of the limit of 80
rate() {
    : >journal
    pipeline r "url: $base/page, requests_per_second: 80, query: {limit: 10}, $1"
    expect_exit 0 qetl run r.yaml -q --no-state
    expect_eq 'all rows' "$(rows r.csv)" '1600 rows of them 1600'
    jq -s '[.[].at] as $at | [(($at | length) - 1) / ($at[-1] - $at[0]) * 12.5 | round,
        ([range($at | length) as $i | [$at[] | select(. >= $at[$i] and . < $at[$i] + 1)] | length] | max)] | @tsv' -r journal |
        read -r mean most
    echo "# $mean per mille on average, $most in the fullest second"
}

for try in 1 2 3; do
    rate 'pagination: {kind: page}, prefetch: 4'
    expect_eq 'never more than 5 % beyond it' "$((mean <= 1050 && most <= 86))" 1
    [ "$mean" -ge 950 ] && break
    echo "# try $try: was the machine busy?"
done
expect_eq 'nor less' "$((mean >= 950))" 1
faults '[{"on": 20, "status": 503, "times": 30}]'
rate 'pagination: {kind: page}, prefetch: 4, breaker: false' 2>err
expect_eq 'what is asked again counts' "$((mean <= 1050 && most <= 86 && $(requests) > 190))" 1
