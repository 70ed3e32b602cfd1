#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The transform rest_lookup: columns and rows from what a service answers for each row; in order, asked for once, and what is not found.
# tsan: no
. "$(dirname "$0")/rest-lib.sh"
serve --rows 500

# looked OPTIONS: ids.csv through it, into out.csv
looked() {
    : >journal
    cat >l.yaml <<Y
name: l
sources: {in: {plugin: file, path: ids.csv}}
transforms: {found: {plugin: rest_lookup, input: in, private_hosts: [127.0.0.1], retry: {first: 20ms, most: 100ms, budget: 20s}, $1}}
sinks: {out: {plugin: file, input: found, path: out.csv, if_exists: replace}}
Y
    "$QETL" run l.yaml --json --no-state >out 2>err </dev/null
    code=$?
}
ids() { (echo id,n; local n=0; for id in "$@"; do n=$((n + 1)); echo "$id,$n"; done) >ids.csv; }
ledger() { jq -c '.summary | [.rows_in, .rows_out, .rows_filtered, .rows_rejected, .rows_added]' out; }

# ---- values ----
ids 3 8
looked "url: '$base/one/{id}', columns: {name: {at: /name}, city: {at: /address/city}, score: {at: /score, type: double}, big: {at: /big, type: bigint},
    number: {at: /text, type: bigint}, ok: {at: /ok, type: boolean}, none: {at: /none}, nowhere: {at: /a/b, type: bigint}, tag: {at: /tags/1}, tags: {at: /tags, type: json},
    first: {at: /*}}"
expect_eq 'columns' "$code $(cat out.csv)" '0 id,n,name,city,score,big,number,ok,none,nowhere,tag,tags,first
3,1,row-3,"city ""3""",0.75,9007199254740996,3,false,,,3,"[""a"",3]",row-3
8,2,row-8,"city ""1""",2,9007199254741001,8,true,,,8,"[""a"",8]",row-8'
looked "url: '$base/one/{id}', columns: {all: {at: '', type: json}}"
expect_eq 'all of it' "$code $(tail -1 out.csv | grep -c '"{""name"":""row-8""')" '0 1'

# ---- order, however late answers come, and each once ----
ids $(seq 300) $(seq 300)
faults '[{"where": {}, "on": 2, "times": 1, "late": 0.4}, {"on": 40, "status": 503, "times": 6}, {"on": 100, "gone": true, "times": 2}, {"on": 150, "status": 429, "retry_after": "1", "times": 1}]'
looked "url: '$base/one/{id}', concurrency: 8, columns: {name: {at: /name}}"
expect_eq 'in order' "$code $(tail -n +2 out.csv | awk -F, '{ if ($3 != "row-" $1 || $2 != NR) bad++ } END { print NR, bad + 0 }')" '0 600 0'
expect_eq 'each once, but for those that failed' "$(requests) $(requests '.status == 200 and .fault == null' )" "309 $(requests '.status == 200 and .fault == null')"
expect_eq 'several at a time' "$(($(jq .connection journal | sort -u | wc -l) > 2))" 1
faults '[]'

# ---- what is kept ----
mapfile -t thrice < <(seq 50; seq 50; seq 50)
ids "${thrice[@]}"
sed -i 's/sources/batch_rows: 10\nsources/' l.yaml
cached() { # REQUESTS OPTION
    : >journal
    expect_exit 0 qetl run l.yaml -q --no-state -s batch_rows=10 -s batch_bytes=4KiB -s transforms.found.concurrency=1 -s "transforms.found.$2"
    expect_eq "with $2" "$(requests)" "$1"
}
looked "url: '$base/one/{id}', columns: {name: {at: /name}}"
cached 50 cache_rows=1000
cached 150 cache_rows=20
cached 150 cache_rows=0
cached 50 cache_ms=0
cached 150 cache_ms=1

# ---- what is not found ----
ids 1 900 2 '' ..
look="url: '$base/one/{id}', columns: {name: {at: /name}}"
looked "$look"
expect_eq 'NULL' "$code $(ledger) $(tr '\n' ' ' <out.csv)" '0 [5,5,0,0,0] id,n,name 1,1,row-1 900,2, 2,3,row-2 ,4, ..,5, '
looked "$look, missing: drop"
expect_eq 'dropped' "$code $(ledger) $(tr '\n' ' ' <out.csv)" '0 [5,2,3,0,0] id,n,name 1,1,row-1 2,3,row-2 '
looked "$look, missing: reject"
expect_eq 'rejected' "$code $(ledger) $(jq -r .code dead-letters/l.ndjson | tr '\n' ' ')" '0 [5,2,0,3,0] not_found no_value no_value '
rm -r dead-letters
looked "$look, missing_status: [403]"
expect_eq 'where 404 means something else' "$code" 2
ids 1 wrong odd 2
looked "url: '$base/one/{id}', columns: {name: {at: /name}, score: {at: /score, type: double}}"
expect_eq 'refused' "$code $(ledger) $(jq -r '.code + .message' dead-letters/l.ndjson | sed 's/GET http[^ ]*: //' | tr '\n' ' ')" \
    '0 [4,2,0,2,0] http_422422 not understood: {"error": "that is no id"} bad_valuewhat stands at "/score" is no double '

# ---- rows: the children of each ----
ids 5 4 3 900
looked "url: '$base/lines/{id}', rows: /data, columns: {sku: {at: /sku}, at: {at: /n, type: bigint}}, missing: drop"
expect_eq 'a row for each' "$code $(ledger) $(tail -n +2 out.csv | tr '\n' ' ')" '0 [4,4,2,0,2] 5,1,s5-0,0 3,3,s3-0,0 3,3,s3-1,1 3,3,s3-2,2 '
looked "url: '$base/lines/{id}', rows: /data, columns: {sku: {at: /sku}}"
expect_eq 'or none' "$(ledger) $(tail -n +2 out.csv | tr '\n' ' ')" '[4,6,0,0,2] 5,1,s5-0 4,2, 3,3,s3-0 3,3,s3-1 3,3,s3-2 900,4, '
looked "url: '$base/one/{id}', rows: /name, columns: {sku: {at: /sku}}, missing: drop"
expect_eq 'no list' "$(ledger)" '[4,0,1,3,0]'
ids $(seq 400)
looked "url: '$base/lines/{id}', rows: /data, columns: {sku: {at: /sku}}, missing: drop, concurrency: 16"
expect_eq 'many' "$(ledger) $(tail -n +2 out.csv | cut -d, -f3 | sort -u | wc -l)" '[400,600,100,0,300] 600'

# ---- a list that goes on on another page is none to be cut short silently ----
ids 1
for way in "link?limit=400||the header Link" 'next?limit=400|/data|/next' 'keyset?limit=400|/data|/has_more' 'cursor?limit=400|/data|/next_cursor'; do
    IFS='|' read -r path at sign <<<"$way"
    more="url: '$base/$path&order={id}', rows: '$at', columns: {name: {at: /name}}"
    looked "$more"
    expect_eq "there is another page: $path" "$code $(ledger) $(jq -r '.code + .message' dead-letters/l.ndjson | grep -c "more_pages.*another page of its rows ($sign)")" '0 [1,0,0,1,0] 1'
    rm -r dead-letters
    looked "$more, more: ignore"
    expect_eq "the first is all that is wanted: $path" "$code $(ledger)" '0 [1,400,0,0,399]'
    looked "${more/limit=400/limit=500}"
    expect_eq "there is none: $path" "$code $(ledger)" '0 [1,500,0,0,499]'
done
looked "url: '$base/one/{id}', more: ignore, columns: {name: {at: /name}}"
expect_eq 'one row has no pages' "$code" 2
# a login in place of an answer
ids 1 2
faults '[{"on": 2, "status": 200, "type": "text/html", "body": "<html>Please log in"}]'
looked "url: '$base/one/{id}', columns: {name: {at: /name}}"
expect_eq 'a web page ends the run' "$code $(requests)" '1 2'
expect_text out 'a web page'
faults '[]'

# ---- who asks ----
mkdir secrets
printf 'canary-bearer-7f3a' >secrets/TOKEN
chmod 600 secrets/TOKEN
ids 1 2
looked "url: '$base/secure/bearer/one/{id}', columns: {name: {at: /name}}"
expect_eq 'nobody' "$code" 3
expect_exit 0 qetl run l.yaml -q --no-state --secrets-dir secrets -s 'transforms.found.auth={kind: bearer, token: "${secret:TOKEN}"}'
expect_eq 'somebody' "$(tail -1 out.csv)" '2,2,row-2'

# ---- what does not fit together ----
wrong() { # TEXT OPTIONS
    looked "$2"
    expect_eq "refused: $2" "$code $(requests)" '2 0'
    expect_text out "$1"
}
wrong 'which host is asked' "url: 'http://{id}/', columns: {a: {at: /a}}"
wrong 'all rows would get the same' "url: '$base/one/1', columns: {a: {at: /a}}"
wrong 'there is no column' "url: '$base/one/{ident}', columns: {a: {at: /a}}"
wrong 'no column is named' "url: '$base/one/{id}', columns: {}"
wrong 'is no JSON pointer' "url: '$base/one/{id}', columns: {a: {at: a}}"
wrong 'type' "url: '$base/one/{id}', columns: {a: {at: /a, type: date}}"
wrong 'n' "url: '$base/one/{id}', columns: {n: {at: /a}}"
