#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keys that the sample does not have: new_columns of ndjson and json.
. "$(dirname "$0")/lib.sh"

mkdir in
{
    seq 1 40000 | sed 's/.*/{"id":&,"name":"n&"}/'
    echo '{"id":40001,"late":[1,2.5],"name":"x"}'
    echo '{"id":40002,"late":[],"when":"soon","deep":{"a":1}}'
} >in/a.ndjson
printf '{"more":12345678901234567890123,"id":1}\n{"id":2,"more":1,"more":1}\n' >in/b.ndjson

# read_as TYPE POLICY ARGUMENT…
read_as() {
    rm -f out.ndjson letters.ndjson
    cat >p.yaml <<YAML
dead_letters: letters.ndjson
sources: {a: {plugin: file, path: "in/*.$1", format: {type: $1, new_columns: $2, sample_bytes: 1000}}}
sinks: {o: {plugin: file, input: a, path: out.ndjson}}
YAML
    shift 2
    expect_exit 0 qetl run p.yaml --json-file report.json "$@"
}

for type in ndjson json; do
    for way in '--workers 2' '--driver pull' '--mode stream --workers 3'; do
        # shellcheck disable=SC2086
        read_as $type evolve $way
        expect_eq "$type, $way: the first row has all columns" "$(head -n 1 out.ndjson)" \
            '{"id":1,"name":"n1"}'
        tail -n 3 out.ndjson >tail.ndjson
        expect_file tail.ndjson <<'E'
{"id":40001,"name":"x","late":[1,2.5]}
{"id":40002,"late":[],"when":"soon","deep":{"a":1}}
{"id":1,"more":12345678901234567890123}
E
        expect_json report.json '.summary.balanced and .summary.rows_in == 40004 and .summary.rows_out == 40003'
        expect_eq "$type, $way: a key twice is rejected, once" "$(jq -r .code letters.ndjson)" duplicate_key
    done
    read_as $type drop
    expect_eq "$type: drop" "$(tail -n 1 out.ndjson)" '{"id":2}'
    read_as $type reject
    expect_eq "$type: reject" "$(jq -r .code letters.ndjson | sort | uniq -c | tr -s ' \n' ' ')" ' 1 duplicate_key 3 unknown_key '
    # The same records as elements of lists.
    for name in a b; do
        { echo '['; sed '$!s/$/,/' in/$name.ndjson; echo ']'; } >in/$name.json
    done
done

# All columns stand in a header; a key that is new inside an object is no field.
echo '{"id":3,"deep":{"a":1,"b":2}}' >in/c.ndjson
rm -f out.csv letters.ndjson
cat >c.yaml <<YAML
dead_letters: letters.ndjson
sources: {a: {plugin: file, path: "in/*.ndjson", format: {type: ndjson, new_columns: evolve, sample_bytes: 1000, types: {more: text}}}}
sinks: {o: {plugin: file, input: a, path: out.csv}}
YAML
expect_exit 0 qetl run c.yaml
expect_eq 'the header' "$(head -n 1 out.csv)" 'id,name,more,late,when,deep'
expect_eq 'what passes whole' "$(tail -n 1 out.csv)" '3,,,,,"{""a"":1,""b"":2}"'

# A pipe cannot be read twice.
code=0
"$QETL" run p.yaml -q -s sources.a.path=- -s sources.a.format.new_columns=evolve <in/b.json >out 2>err || code=$?
expect_eq 'a pipe is refused' "$code" 2
expect_text err 'read twice'
