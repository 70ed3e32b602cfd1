#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Binary records as they come: each is out before the next is sent, whatever its layout; files that grow side by side.
. "$(dirname "$0")/lib.sh"

printf '{"header": {"size": 1, "count": {"at": 0, "type": "u8"}}, "fields": [{"name": "n", "type": "u8"}]}' >counted.json
printf '{"header": {"size": 1, "bytes": {"at": 0, "type": "u8"}}, "fields": [{"name": "n", "type": "u16"}]}' >measured.json
printf '{"fields": [{"name": "t", "type": "text", "prefix": "u8"}]}' >prefixed.json
cat >typed.py <<'END'
import json, os, select, struct, subprocess, sys
mode, way, options, rejected, *steps = sys.argv[1:]
format = dict(type="binary", **json.loads(options))
if way == "fifo":
    os.mkfifo("fifo")
pipeline = {"mode": mode, "dead_letters": "dead.ndjson",
            "sources": {"in": {"plugin": "file", "path": "fifo" if way == "fifo" else "-", "format": format}},
            "sinks": {"out": {"plugin": "stdout", "input": "in", "format": "ndjson"}}}
json.dump(pipeline, open("typed.json", "w"))
run = subprocess.Popen([os.environ["QETL"], "run", "typed.json", "-q", "--json-file", "report.json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
into = open("fifo", "wb", buffering=0) if way == "fifo" else run.stdin
told, seen = [], b""
for step in steps:
    data, _, lines = step.partition("=")
    into.write(bytes.fromhex(data))
    into.flush()
    while seen.count(b"\n") < int(lines):
        if not select.select([run.stdout], [], [], 5)[0]:
            break
        seen += os.read(run.stdout.fileno(), 65536)
    told.append(seen.count(b"\n"))
into.close()
code = run.wait(20)
if way == "fifo":
    os.unlink("fifo")
report = json.load(open("report.json"))["summary"]
wanted = [int(step.partition("=")[2]) for step in steps]
print("as it came" if (told, code, report["rows_rejected"], report["balanced"]) == (wanted, 0, int(rejected), True)
      else f"{told} of {wanted}, exit {code}, {report}")
END
as_it_comes() { # MODE WAY FORMAT REJECTED HEX=ROWS…
    expect_eq "$*" "$(timeout 30 python3 typed.py "$@")" "as it came"
}
pcap=d4c3b2a1020004000000000000000000ffff000001000000
packet=00f15365050000000200000002000000abcd
for way in pipe fifo; do
    for mode in stream hybrid; do
        as_it_comes $mode $way '{"struct": "<I"}' 0 01000000=1 0200=1 0000=2 0300000004000000=4
        as_it_comes $mode $way '{"layout": "./prefixed.json"}' 0 0161=1 03=1 626364=2 00=3
        as_it_comes $mode $way '{"layout": "pcap"}' 0 $pcap=0 $packet=1 $packet=2 ${packet:0:20}=2 ${packet:20}=3
        as_it_comes $mode $way '{}' 0 ${pcap:0:10}=0 ${pcap:10}=0 $packet=1 $packet=2
    done
done
as_it_comes stream pipe '{"layout": "./counted.json"}' 0 03=0 07=1 08=2 09=3 0a0b=3
as_it_comes stream pipe '{"layout": "./counted.json"}' 1 03=0 07=1 08=2
expect_json dead.ndjson '.code == "remainder" and (.message | test("promises 1 more records"))'
rm dead.ndjson
as_it_comes stream pipe '{"layout": "./counted.json"}' 1 02=0
rm dead.ndjson
as_it_comes stream pipe '{"layout": "./counted.json"}' 0 00=0 01=0
as_it_comes stream pipe '{"layout": "./measured.json"}' 0 04=0 0100=1 02=1 00=2 ffff=2
as_it_comes stream pipe '{"layout": "./measured.json"}' 1 03=0 0100=1 02=1
expect_json dead.ndjson '.code == "remainder"'
rm dead.ndjson

# Two files that grow side by side: neither is left within a record.
for mode in stream hybrid batch; do
    rm -f a.bin b.bin dead.ndjson
    printf '\1\0\0\0\0' >a.bin
    : >b.bin
    printf 'mode: %s\nsources: {in: {plugin: file, path: [a.bin, b.bin], follow: true, format: {type: binary, struct: "<q"}}}
sinks: {out: {plugin: stdout, input: in, format: ndjson}}\ndead_letters: dead.ndjson\n' $mode >p.yaml
    background "$QETL" run p.yaml -q --no-state
    sleep 0.15
    printf '\2\0\0\0\0\0\0\0' >>b.bin
    sleep 0.05
    printf '\0\0\0' >>a.bin
    sleep 0.05
    printf '\3\0\0\0\0\0\0\0\4' >>b.bin
    sleep 0.05
    printf '\5\0\0\0\0\0\0\0' >>a.bin
    sleep 0.05
    printf '\0\0\0\0\0\0\0' >>b.bin
    for ((tries = 0; tries < 3000; tries++)); do
        [ "$(wc -l <out)" -ge 5 ] && break
        sleep 0.01
    done
    interrupt_and_wait INT
    expect_eq "$mode: side by side" "$(jq .column1 out | sort | xargs)" "1 2 3 4 5"
    expect_absent dead.ndjson
done

# A header that counts: one file may grow; of several that take turns none could be told from the other's count.
followed() { # PATHS
    printf 'sources: {in: {plugin: file, path: [%s], follow: true, format: {type: binary, layout: ./counted.json}}}
sinks: {out: {plugin: stdout, input: in, format: ndjson}}\ndead_letters: dead.ndjson\n' "$1" >p.yaml
    printf '\5\1' >a.bin
    printf '\2\7' >b.bin
    background "$QETL" run p.yaml -q --no-state
    wait_until test -s out
    printf '\2' >>a.bin
}
followed a.bin
for ((tries = 0; tries < 3000; tries++)); do
    [ "$(wc -l <out)" -ge 2 ] && break
    sleep 0.01
done
interrupt_and_wait INT
expect_eq "a counted file that grows" "$(jq .n out | xargs)" "1 2"
expect_absent dead.ndjson
followed a.bin,b.bin
wait "$pid"
expect_eq "two of them" $? 1
expect_text err 'a.bin: it goes on after a pause, and its header counts what follows'
