# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What scenarios of the source rest share, beside lib.sh.
#
#   serve OPTION…             starts tests/rest_server.py; $port, and $base, its URL
#   control PATH [BODY]       PUT (GET without BODY) to the server; the answer on stdout
#   faults JSON               what goes wrong from now on; the journal begins anew
#   pipeline NAME OPTIONS     NAME.yaml: a source rest with these options (YAML, one line), into NAME.csv
#   requests [FILTER]         how many requests stand in the journal, of those that a jq filter lets pass
#   rows FILE                 "rows of them different" of the ids in a CSV

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
late_libraries
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
server=

serve() {
    rm -f port
    "${PYTHON3:-python3}" "$root/tests/rest_server.py" --port-file port --journal journal "$@" >server.log 2>&1 &
    server=$!
    for _ in $(seq 600); do
        [ -e port ] && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    [ -e port ] || {
        fail 'the server did not start' "$(cat server.log)"
        exit 1
    }
    port=$(cat port)
    base=http://127.0.0.1:$port
    case " $* " in *' --tls '*) base=https://127.0.0.1:$port ;; esac
}

serve_end() {
    status=$?
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
    (exit $status)
    finish
}
trap serve_end EXIT

control() {
    if [ $# -gt 1 ]; then
        curl -sSk -X PUT --data-binary "$2" "$base$1"
    else
        curl -sSk "$base$1"
    fi
}

faults() {
    control /_faults "$1" >control.out
    : >journal
}

pipeline() {
    cat >"$1.yaml" <<Y
name: $1
sources: {in: {plugin: rest, private_hosts: [127.0.0.1], retry: {first: 20ms, most: 200ms, budget: 20s}, $2}}
sinks: {out: {plugin: file, input: in, path: $1.csv, if_exists: replace, format: csv}}
Y
}

requests() {
    jq -c "select(${1:-true})" journal | wc -l
}

rows() {
    "${PYTHON3:-python3}" -c '
import csv, sys
ids = [row["id"] for row in csv.DictReader(open(sys.argv[1]))]
print(len(ids), "rows of them", len(set(ids)))' "$1"
}
