#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A format that finds columns as it goes: all of them are known before the first row is written.
. "$(dirname "$0")/lib.sh"

run() {
    qetl run --plugin-dir "$QETL_TEST_PLUGINS" "$@"
}
mkdir in
{
    for i in $(seq 1 3000); do echo "id=$i name=n$i"; done
    echo
    echo 'id=3001 late=x'
} >in/a.pairs
printf 'id=1 name=b\nid=2 more=y late=z\n' >in/b.pairs

for way in '--workers 2' '--driver pull' '--mode stream --workers 3'; do
    rm -f out.csv letters.ndjson
    # shellcheck disable=SC2086
    expect_exit 0 run --from 'in/*.pairs' --to out.csv --json-file report.json \
        -s batch_bytes=4KiB -s dead_letters=letters.ndjson $way
    expect_eq "$way: the header has them all" "$(head -n 1 out.csv)" 'id,name,late,more'
    tail -n 4 out.csv >tail.csv
    expect_file tail.csv <<'CSV'
3000,n3000,,
3001,,x,
1,b,,
2,,z,y
CSV
    expect_json report.json '.summary.balanced and .summary.rows_in == 3004 and .summary.rows_out == 3003'
    expect_json report.json '.result.components[0].replicas == 1'
    expect_json report.json ".summary.bytes_in == $(cat in/*.pairs | wc -c)"
    expect_eq "$way: each rejected row once" "$(wc -l <letters.ndjson)" 1
    expect_json letters.ndjson '.row == 3001'
done

# What stands behind the source may name columns that come late, also where stdout takes them.
run --from 'in/*.pairs' --to - --to-format csv -q --where 'late IS NOT NULL' --compute "both=late || coalesce(more, '')" --select id,both >late.csv
expect_file late.csv <<'CSV'
id,both
3001,x
2,zy
CSV
run --from 'in/*.pairs' --to - --to-format ndjson -q --where "more = 'y'" >more.ndjson
expect_file more.ndjson <<'JSON'
{"id":"2","name":null,"late":"z","more":"y"}
JSON
expect_exit 2 run --from 'in/*.pairs' --to - --to-format csv --where 'never = 1'
expect_text err "never"
expect_exit 0 run --from 'in/*.pairs' --to out2.csv --dry-run
expect_text out 'more'
expect_absent out2.csv
expect_exit 0 run --from 'in/*.pairs' --to out2.csv --log-level info
expect_text err 'looked through 3004 rows for columns: 4, of which the first rows had 2'

# What can be read only once, and formats that do not keep their word.
printf 'id=1\nid=2 b=3\n' >pipe.txt
run --from - --from-format pairs --to - --to-format csv <pipe.txt >out.txt 2>err
expect_eq 'standard input' $? 2
expect_text err 'read only once'
expect_eq 'nothing was written' "$(wc -c <out.txt)" 0
expect_exit 2 run --from 'in/*.pairs' --to x.csv -s sources.in.follow=true
expect_text err 'read only once'
cat >faulty.yaml <<'END'
sources: {in: {plugin: file, path: 'in/*.pairs', format: {type: pairs}}}
sinks: {out: {plugin: file, input: in, path: x.csv}}
END
expect_exit 1 run faulty.yaml -s sources.in.format.fault=forgets
expect_text err 'not those it was opened with'
expect_exit 1 run faulty.yaml -s sources.in.format.fault=insists
expect_text err 'for one chunk 256 times'
expect_absent x.csv

# Which record each row was is known wherever not every record became one: letters have their numbers.
mkdir odd
printf 'id=1\nnone\nid=3\n' >odd/a.pairs
cat >odd.yaml <<'END'
dead_letters: odd.ndjson
max_rejected: 1
sources: {in: {plugin: file, path: odd/a.pairs, format: {type: pairs}}}
sinks: {out: {plugin: file, input: in, path: odd.csv, if_exists: replace}}
END
expect_exit 0 run odd.yaml
expect_json odd.ndjson '.row == 2'
rm odd.csv odd.ndjson
expect_exit 1 run odd.yaml -s sources.in.format.fault=unmapped
expect_text err "format 'pairs' decoded 2 rows of 3 records, and no record_map"
expect_absent odd.csv
