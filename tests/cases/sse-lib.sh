# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What scenarios of the sources sse and sse_events share, beside lib.sh.
#
#   serve OPTION…             starts tests/sse_server.py; $port, and $base, its URL
#   control PATH [BODY]       PUT (GET without BODY) to the server; the answer on stdout
#   pipeline NAME OPTIONS [sse]   NAME.yaml: a source sse_events (or sse) with these options (YAML, one line) and usual ones, into NAME.ndjson
#   requests [FILTER]         how many requests stand in the journal, of those that a jq filter lets pass
#   await WHAT SECONDS COMMAND…   until the command succeeds

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
late_libraries
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
server=

await() {
    local what=$1 tries=$(($2 * 20))
    shift 2
    while ! "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || {
            fail "$what" 'it did not come about'
            return 1
        }
        sleep 0.05
    done
}

serve() {
    rm -f port
    "${PYTHON3:-python3}" "$root/tests/sse_server.py" --port-file port --journal journal "$@" >server.log 2>&1 &
    server=$!
    await 'the server starts' 30 test -e port || exit 1
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

pipeline() {
    : >journal
    rm -f "$1.ndjson"
    local more=$2 word
    for word in 'private_hosts: [127.0.0.1]' 'reconnect_ms: 20' 'retry: {first: 20ms, most: 200ms, budget: 20s}'; do
        [[ $2 == *"${word%%:*}: "* ]] || more="$word, $more"
    done
    cat >"$1.yaml" <<Y
name: $1
sources: {in: {plugin: ${3:-sse_events}, $more}}
sinks: {out: {plugin: file, input: in, path: $1.ndjson, if_exists: replace}}
Y
}

requests() {
    jq -c "select(${1:-true})" journal | wc -l
}
