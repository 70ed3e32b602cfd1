#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Looking into a running pipeline by its socket: top, tap, who may, and what is left behind.
. "$(dirname "$0")/lib.sh"

mkdir run && chmod 700 run
export XDG_RUNTIME_DIR=$PWD/run
cat >slow.yaml <<'YAML'
name: slow
sources:
  in: {plugin: file, path: pipe, format: csv}
transforms:
  even: {plugin: filter, input: in, where: "a % 2 = 0"}
  few: {plugin: select, input: even, columns: [a, b]}
sinks:
  out: {plugin: file, input: few, path: out.ndjson, if_exists: replace}
YAML
cat >feed.py <<'PY'
import os, sys, time
i = 0
with open("pipe", "w") as out:
    print("a,b,c", file=out)
    while i == 0 or not os.path.exists("enough"):
        for _ in range(50):
            print(f"{i},{i // 4}.50,x{i}", file=out)
            i += 1
        out.flush()
        time.sleep(0.005)
PY
# begin OPTION…: the pipeline in the background, fed until `enough` is there; $pid is its process
begin() {
    rm -f pipe enough
    mkfifo pipe
    python3 feed.py &
    feeder=$!
    "$QETL" run slow.yaml -q "$@" >run.out 2>run.err </dev/null &
    pid=$!
}
end() {
    touch enough
    wait "$feeder" "$pid"
    expect_eq 'the run' "$? $(cat run.err)" '0 '
}
socket_wait() {
    for _ in $(seq 2000); do
        [ -S "run/qetl/$pid.sock" ] && break
        sleep 0.02
    done
}

# In /tmp other runs of this user may be seen meanwhile: nothing here counts on being alone.
expect_exit 3 qetl tap few --pipeline slow
expect_text err 'no (such pipeline|pipeline of yours) is running'
expect_exit 0 qetl top --once
expect_no_text out '^slow '
expect_exit 0 qetl top --json
expect_json out '.result.pipelines | map(select(.pipeline == "slow")) == []'

begin
socket_wait
expect_eq 'folder and socket' "$(stat -c '%a %F' run/qetl "run/qetl/$pid.sock" | tr '\n' ' ')" '700 directory 600 socket '

# taps: rows as they are, a limit, a condition, what is not decoded, what arrives at a sink
expect_exit 0 qetl tap few --pipeline slow
expect_eq 'ten rows' "$(wc -l <out)" 10
expect_eq 'their digits' "$(grep -cE '^\{"a":[0-9]*[02468],"b":[0-9]+\.50\}$' out)" 10
expect_exit 0 qetl tap in --pipeline slow -n 3 --where 'a % 100 = 7'
expect_eq 'odd ones' "$(grep -cE '^\{"a":([0-9]*0)?7,"b":[0-9.]+\}$' out)" 3
expect_text err '^not decoded, since nothing downstream reads it: c$'
expect_eq 'with what is decoded behind the filter' "$(grep -cE '"b":[0-9]+\.[0-9]{2}\}$' out)" 3
expect_exit 0 qetl tap in --pipeline slow -n 2 --where "b LIKE '%2.50'"
expect_eq 'a condition over it' "$(grep -cE '"b":[0-9]*2\.50\}$' out)" 2
expect_exit 2 qetl tap in --pipeline slow -n 2 --where "c = 'x7' OR a = 7"
expect_text err 'nothing downstream reads c, so it is not decoded here'
expect_exit 0 qetl tap in --pipeline slow -n 1 -q
expect_eq 'quiet' "$(cat err)" ''
expect_exit 0 qetl tap out -n 2 --pipeline slow --pid "$pid" --where 'CAST(b AS decimal(18,2)) > 1'
expect_eq 'at the sink' "$(grep -c '^{"a":' out)" 2
expect_exit 0 qetl tap out -n 1 --socket "run/qetl/$pid.sock"
expect_exit 2 qetl tap fw --pid "$pid"
expect_text err "did you mean 'few'"
expect_exit 2 qetl tap nonesuch --pid "$pid"
expect_text err 'it has in, even, few, out'
expect_exit 2 qetl tap few.big --pid "$pid"
expect_text err "no port 'big'"
expect_exit 2 qetl tap few --pipeline slow --where 'b > 3'
expect_text err CAST
expect_exit 2 qetl tap few --pipeline slow --where 'c = 1'
expect_exit 3 qetl tap few --pipeline fast
expect_text err "name one of .*slow \(--pid $pid\)"
expect_exit 3 qetl tap few --pid 1
expect_exit 3 qetl tap few --socket run/none.sock
("$QETL" tap few --pipeline slow -n 100000000 | head -n 1 >one) 2>/dev/null
expect_eq 'a closed pipe ends it' "$(wc -l <one)" 1

# top: rates of the time between two pictures
expect_exit 0 qetl top --json --interval-ms 200
jq '.result.pipelines |= map(select(.pid == '"$pid"'))' out >one && mv one out
expect_json out '.result.pipelines | length == 1'
expect_json out '.result.pipelines[0] | .pipeline == "slow" and .pid == '"$pid"' and .phase == "processing"'
expect_json out '.result.pipelines[0].rates | .rows_in > 100 and .rows_in < 1000000 and .bytes_in > 1000 and .rows_out > 50'
expect_json out '.result.pipelines[0].components | map(.id) == ["in", "even", "few", "out"]'
expect_json out '.result.pipelines[0].components[1] | .rates.rows_in > .rates.rows_out and .rates.rows_out > 0'
expect_json out '.result.pipelines[0].edges | map(.from + "." + .from_part + " " + .to + "." + .to_part) == ["in.read in.decode", "out.encode out.write"]'
expect_json out '.result.pipelines[0].edges[0] | .capacity > 0 and .depth <= .capacity and .blocked_s >= 0'
expect_json out '.result.pipelines[0].memory | .bytes > 0 and .bytes < .budget'
expect_exit 0 qetl top --once --interval-ms 50
expect_text out "^slow  pid $pid  processing"
expect_text out '^  in read > in decode '
expect_eq 'lines over 80' "$(LC_ALL=C.UTF-8 grep -c '.\{81\}' out)" 0

# on a terminal: a screen that refreshes until q
cat >screen.py <<'PY'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], [sys.argv[1], "top", "--interval-ms", "50"])
seen = b""
while seen.count(b"slow  pid") < 3:
    seen += os.read(fd, 65536)
os.write(fd, b"q")
try:
    while True:
        piece = os.read(fd, 65536)
        if not piece:
            break
        seen += piece
except OSError:
    pass
assert b"\033[?1049h" in seen and seen.rstrip().endswith(b"\033[?1049l"), seen[-80:]
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
expect_exit 0 timeout 20 python3 screen.py "$QETL"

# the protocol, by hand: what is wrong is answered, and the next request is served
cat >ask.py <<'PY'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
lines = s.makefile("rw")
def ask(text):
    lines.write(text + "\n")
    lines.flush()
    return json.loads(lines.readline())
for bad, code in (("x", "bad_request"), ("[]", "bad_request"), ('{"do":"dance"}', "unknown_request"), ("{}", "unknown_request"),
                  ('{"do":"status","qetl":2}', "version"), ('{"do":"tap"}', "bad_request"),
                  ('{"do":"tap","place":"large","limit":"9"}', "bad_request"), ('{"do":"tap","place":"large","limit":0}', "bad_request"),
                  ('{"do":"tap","place":"large","where":1}', "bad_request"),
                  ('{"do":"tap","place":"nix"}', "unknown_component")):
    answer = ask(bad)
    assert answer["qetl"] == 1 and answer["ok"] is False and answer["error"]["code"] == code, (bad, answer)
assert ask('{"do":"status"}')["status"]["pipeline"] == "slow"
first = ask('{"qetl":1,"do":"tap","place":"in","limit":2}')
assert first["columns"][2] == {"name": "c", "type": "text", "visible": False}, first
assert [("row" in json.loads(lines.readline())) for _ in range(2)] == [True, True]
end = json.loads(lines.readline())
assert end["end"] == "limit" and end["rows"] == 2 and lines.readline() == "", end
long = socket.socket(socket.AF_UNIX)
long.connect(sys.argv[1])
try:
    long.sendall(b"x" * 70000)
    assert b"too long" in long.recv(1000)
except BrokenPipeError:
    pass
PY
expect_exit 0 python3 ask.py "run/qetl/$pid.sock"
# clients that never read keep nobody waiting
python3 -c "
import socket, time
socks = []
for i in range(20):
    s = socket.socket(socket.AF_UNIX)
    s.connect('run/qetl/$pid.sock')
    s.sendall(b'{\"do\":\"tap\",\"place\":\"in\"}\n')
    socks.append(s)
time.sleep(0.3)" 2>/dev/null
# a tap that outlives the run hears its end
"$QETL" tap out --pipeline slow -n 100000000 >rest 2>rest.err &
tapper=$!
wait_until test -s rest
end
wait "$tapper"
expect_eq 'the tap ends with the run' $? 0
expect_text rest.err '^the run is over$'
expect_eq 'its last row' "$(tail -n 1 rest)" "$(tail -n 1 out.ndjson)"
expect_absent run/qetl

# two runs; one without a socket; a stale socket is forgotten; a folder of others is not used
mkdir run/qetl && chmod 700 run/qetl
python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('run/qetl/999999.sock')"
begin
socket_wait
expect_absent run/qetl/999999.sock
first=$pid first_feeder=$feeder
mkdir other && cp slow.yaml feed.py other && cd other || exit 1
begin --no-state # of one name, and one state
cd .. || exit 1
socket_wait
expect_exit 3 qetl tap few --pipeline slow
expect_text err 'several such pipelines are running'
expect_text err "slow \(--pid $first\)"
expect_text err "slow \(--pid $pid\)"
touch other/enough enough
wait "$first" "$first_feeder" "$pid" "$feeder"
begin --no-control
sleep 0.2
expect_exit 0 qetl top --once
expect_no_text out '^slow '
end
chmod 755 run/qetl 2>/dev/null || mkdir -m 755 run/qetl
begin
for _ in $(seq 2000); do
    [ -S "/tmp/qetl-$(id -u)/$pid.sock" ] && break
    sleep 0.02
done
expect_exit 0 qetl tap few -n 1 --pid "$pid"
end
expect_absent "/tmp/qetl-$(id -u)/$pid.sock"
# where there is no place for it, the run goes on and says so
: >not-a-folder
expect_exit 0 env XDG_RUNTIME_DIR="$PWD/not-a-folder" "$QETL" run --from out.ndjson --to again.ndjson
expect_same out.ndjson again.ndjson
# an interrupted run takes its socket along
rmdir run/qetl 2>/dev/null
rm -f pipe enough
mkfifo pipe
python3 feed.py 2>/dev/null &
feeder=$!
background "$QETL" run slow.yaml -q
socket_wait
interrupt_and_wait INT
expect_eq 'interrupted' "$code" 130
expect_absent run/qetl
kill "$feeder" 2>/dev/null
wait "$feeder" 2>/dev/null || true

# Long, wide and hostile names are cut and shown as text.
long=$(printf 'a_long_name_of_a_component_%.0s' 1 2 3)
sed -i "s/even/$long/g" slow.yaml
begin -s 'name="日本語の名前がとても長いパイプライン、とても、とても、とても、とても長い\u001b[31m"'
socket_wait
expect_exit 0 qetl tap out -n 1 --pid "$pid" # it has begun
expect_exit 0 qetl top --once --interval-ms 50
expect_eq 'widths' "$(python3 -c '
import unicodedata
widths = [sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line.rstrip("\n")) for line in open("out", encoding="utf-8")]
print(max(widths) <= 80, len(widths) >= 11)')" 'True True'
expect_text out '^日本語.*…$'
expect_no_text out $'\033'
expect_text out '^  a_long_name_of_a_co… '
end
