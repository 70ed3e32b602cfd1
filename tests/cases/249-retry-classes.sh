#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A sink of the SDK's examples says of each failure of which class it is: a service that is not there yet, is busy, hangs up
# and says no gets each row all the same, and each in its class; one that stays away ends the run.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the library here is built with the sanitizer'
cp "$root"/sdk/examples/c/keeper.* .
expect_exit 0 gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -I"$root/sdk" -o keeper.so keeper.c "$QETL_BUILD/libqetl_sdk.a" -lm
cat >service.py <<'PY'
"""Keeps keys; each 40th line it is busy, at each 70th it hangs up; of keys with a 9 it says no. Prints its port; listens once `open` is there."""
import os, socket, time

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while not os.path.exists("open"):
    time.sleep(0.01)
listener.listen(1)
lines, busy = 0, False
while True:
    caller = listener.accept()[0]
    for line in caller.makefile("r"):
        lines += 1
        _, key, value = line.split()
        if lines % 70 == 0:
            break
        if lines % 40 == 0:
            answer = "BUSY 5"
        elif "9" in key:
            answer = "NO nines"
        else:
            answer = "OK"
            with open("kept", "a") as kept:
                print(key, value, file=kept)
        caller.sendall((answer + "\n").encode())
    caller.shutdown(socket.SHUT_RDWR)
    caller.close()
PY
python3 service.py >port 2>service.log &
service=$!
until [ -s port ]; do sleep 0.05; done
{ echo key,value; seq 300 | sed 's/.*/k&,v&/'; } >in.csv
cat >p.yaml <<YAML
name: p
sources: {a: {plugin: file, path: in.csv}}
sinks: {out: {plugin: keeper, input: a, port: $(cat port), retry: {first: 20ms, most: 50ms}, breaker: false}}
YAML
# Nobody listens: it is tried as often as the pipeline says.
expect_exit 1 qetl run p.yaml --plugin-dir . -s sinks.out.retry.attempts=3
expect_text err "sink 'out' \(keeper\): port [0-9]+: Connection refused \(given up after 3 attempts"
(sleep 0.3 && touch open) &
expect_exit 0 qetl run p.yaml --plugin-dir . --json-file report.json
expect_text err 'failed for the moment: port [0-9]+: Connection refused'
expect_text err 'failed for the moment: the service is busy'
expect_text err 'failed for the moment: the service hung up'
expect_same <(sort kept) <(seq 300 | grep -v 9 | sed 's/.*/k& v&/' | sort)
expect_eq letters "$(jq -r .code dead-letters/p.ndjson | sort | uniq -c | tr -s ' ')" " $(seq 300 | grep -c 9) refused"
expect_json report.json '.summary.balanced'
kill "$service"
