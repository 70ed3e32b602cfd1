#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that grow: appended lines, rotation, truncation, new files, FIFOs; an interrupt commits.
. "$(dirname "$0")/lib.sh"

follow() { # SRC DST QETL_OPTION...
    local from=$1 to=$2
    shift 2
    background "$QETL" run --from "$from" --to "$to" --to-format ndjson -s sources.in.follow=true --json-file report.json "$@"
}
holds() { # FILE LINES: soon
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ] && break
        sleep 0.01
    done
    expect_eq "$1 has $2 rows" "$(wc -l <"$1")" "$2"
}

rotation() { # OPTIONS: by events, or by looking
    mkdir log && cd log || exit 1
    printf 'id,t\n1,a\n2,b\n3' >a.csv
    follow a.csv out.ndjson "$@"
    holds out.ndjson 2
    printf ',c\n4,d\n5,e' >>a.csv
    holds out.ndjson 4
    mv a.csv a.csv.1
    printf 'id,t\n10,x\n' >a.csv
    holds out.ndjson 6
    printf '\n6,f\n' >>a.csv.1
    printf '11,y\n' >>a.csv
    holds out.ndjson 8
    printf 'id,t\n20,z\n' >a.csv
    holds out.ndjson 9
    rm a.csv
    sleep 0.1
    printf 'id,t\n30,r\n' >b.csv && mv b.csv a.csv
    holds out.ndjson 10
    printf '31' >>a.csv
    sleep 0.05
    interrupt_and_wait "$signal"
    expect_eq "SIG$signal ends a run without end in good order" "$code" 0
    sort -t: -k2n out.ndjson >sorted
    expect_file sorted <<'END'
{"id":1,"t":"a"}
{"id":2,"t":"b"}
{"id":3,"t":"c"}
{"id":4,"t":"d"}
{"id":5,"t":"e"}
{"id":6,"t":"f"}
{"id":10,"t":"x"}
{"id":11,"t":"y"}
{"id":20,"t":"z"}
{"id":30,"t":"r"}
END
    expect_json report.json '.ok and .summary.balanced and .summary.rows_out == 10'
    cd .. && rm -r log
}

# A file and its successor under the name, both still written to: each has its own row numbers, and its own header.
printf 'id,t\n1,a\n2,b\n' >turns.csv
follow turns.csv turns.ndjson -s 'sources.in.metadata={n: row}'
holds turns.ndjson 2
for k in 1 2 3; do
    mv turns.csv "turns.$k"
    printf 't,id\n%s,%s1\n' x$k $k >turns.csv
    holds turns.ndjson $((k * 3))
    case $k in 1) printf '12,late\n' ;; *) printf 'late,%s2\n' $k ;; esac >>"turns.$k" # as its own header has them
    holds turns.ndjson $((k * 3 + 1))
    printf 'y%s,%s3\n' $k $k >>turns.csv
    holds turns.ndjson $((k * 3 + 2))
done
interrupt_and_wait INT
sort turns.ndjson >sorted
expect_file sorted <<'END'
{"id":1,"t":"a","n":1}
{"id":11,"t":"x1","n":1}
{"id":12,"t":"late","n":3}
{"id":13,"t":"y1","n":2}
{"id":2,"t":"b","n":2}
{"id":21,"t":"x2","n":1}
{"id":22,"t":"late","n":3}
{"id":23,"t":"y2","n":2}
{"id":31,"t":"x3","n":1}
{"id":32,"t":"late","n":3}
{"id":33,"t":"y3","n":2}
END
signal=INT rotation
signal=TERM rotation -s sources.in.follow_poll_ms=20
signal=INT rotation --driver pull

# Truncation is said.
printf 'id\n1\n2\n' >t.csv
follow t.csv t.ndjson --log-file log.txt
holds t.ndjson 2
printf 'id\n3\n' >t.csv
holds t.ndjson 3
interrupt_and_wait INT
expect_text log.txt 't.csv: it was cut off'

# A pattern: two files by turns, a third one later, a renamed one that is not read again.
mkdir many
printf 'id\n1\n' >many/a.csv
printf 'id\n2\n' >many/b.csv
follow 'many/*.csv' many.ndjson
holds many.ndjson 2
printf '3\n' >>many/a.csv
printf '4\n' >>many/b.csv
holds many.ndjson 4
true >many/old.csv # which is made compressed, piece by piece
printf 'id\n5\n' >many/c.csv
holds many.ndjson 5
seq 30000 | gzip -c | dd bs=100 status=none >>many/old.csv
mv many/a.csv many/z.csv
printf '6\n' >>many/z.csv
holds many.ndjson 6
interrupt_and_wait TERM
expect_eq 'a pattern that is followed' "$code" 0
expect_eq 'each row once' "$(sort many.ndjson | tr -d '\n')" '{"id":1}{"id":2}{"id":3}{"id":4}{"id":5}{"id":6}'

# Cut off and written anew, beyond where we were, before anyone looked: nothing of it is taken for a continuation.
printf 'id,t\n1,first\n' >regrown.csv
follow regrown.csv regrown.ndjson -s sources.in.follow_poll_ms=400
holds regrown.ndjson 1
printf 'id,t\n2,another\n3,more\n' >regrown.csv
holds regrown.ndjson 3
interrupt_and_wait INT
expect_file regrown.ndjson <<'END'
{"id":1,"t":"first"}
{"id":2,"t":"another"}
{"id":3,"t":"more"}
END
expect_text err 'cut off and written anew'

# A file that is written to without a pause does not keep others from being read.
mkdir busy
printf 'id,t\n' >busy/a.csv
printf 'id,t\n1,quiet\n' >busy/z.csv
yes '2,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' | head -n 400000 >>busy/a.csv
printf 'id,t\n3,late\n' >busy/m.csv
follow 'busy/*.csv' busy.ndjson
for _ in $(seq 2000); do
    [ "$(wc -l 2>/dev/null <busy.ndjson)" = 400002 ] && break
    sleep 0.02
done
interrupt_and_wait INT
expect_eq 'the quiet files stand amid the busy one' \
    "$(grep -n 'late\|quiet' busy.ndjson | cut -d: -f1 | awk -v n="$(wc -l <busy.ndjson)" '$1 < n / 2' | wc -l)" 2
rm -r busy busy.ndjson

# Many files, of which some are open at a time: those that rest go on where they were, renamed or cut off as they may be.
mkdir rest
for ((i = 1; i <= 600; i++)); do printf 'id,t\n%d,a\n' "$i" >"rest/$i.csv"; done
descriptors=$(ulimit -S -n)
ulimit -S -n 200
follow 'rest/*.csv' rest.ndjson
ulimit -S -n "$descriptors"
holds rest.ndjson 600
for ((i = 1; i <= 600; i++)); do printf '%d,b\n' "$i" >>"rest/$i.csv"; done
holds rest.ndjson 1200
open=$(find "/proc/$pid/fd" | wc -l)
expect_eq "descriptors in use: $open, fewer than 190" "$((open < 190))" 1
for i in 1 300 600; do # of these some are open, others rest
    mv "rest/$i.csv" "rest/$i.csv.old"
    printf 'id,t\n%d,new\n' "$i" >"rest/$i.csv"
    printf '%d,late\n' "$i" >>"rest/$i.csv.old"
done
holds rest.ndjson 1206
printf 'id,t\n1,x\n' >rest/2.csv
printf 'id,t\n1,x\n' >rest/550.csv
holds rest.ndjson 1208
interrupt_and_wait INT
expect_eq 'many files: in good order' "$code" 0
expect_eq 'many files: each row once' "$(sort rest.ndjson | uniq -d | wc -l) $(jq -r .t rest.ndjson | sort | uniq -c | tr -s ' \n' ' ')" '1  600 a 600 b 3 late 3 new 2 x '
rm -r rest rest.ndjson

# A FIFO whose writers come and go.
mkfifo pipe.csv
follow pipe.csv pipe.ndjson
printf 'id\n1\n' >pipe.csv
holds pipe.ndjson 1
printf '2\n' >pipe.csv
holds pipe.ndjson 2
interrupt_and_wait INT
expect_eq 'a FIFO that is followed' "$code" 0

# In a run without end rows stay where they were seen, also when it fails.
printf 'id\n1\n2\n' >f.csv
printf '{"id":0}\n' >kept.ndjson
follow f.csv kept.ndjson -s sinks.out.if_exists=append -s max_rejected=0
holds kept.ndjson 3
printf '3,4\n' >>f.csv
wait "$pid"
expect_eq 'a run that fails' $? 1
expect_eq 'what was seen stays' "$(head -n 3 kept.ndjson | tr -d '\n')" '{"id":0}{"id":1}{"id":2}'
follow f.csv kept.ndjson -s sinks.out.if_exists=replace
for ((tries = 0; tries < 3000; tries++)); do
    ls kept.ndjson.*.bak >ls.txt 2>&1 && break
    sleep 0.01
done
interrupt_and_wait INT
expect_eq 'the former file is kept' "$(cat kept.ndjson.*.bak | head -n 1)" '{"id":0}'

expect_exit 2 "$QETL" run --from - --from-format csv --to x.ndjson -s sources.in.follow=true
expect_text err 'standard input cannot be followed'
