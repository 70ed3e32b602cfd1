#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is kept of a pipeline's runs, and the commands over it: list, show, get, set, export, import, clear.
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$PWD/home
kept=$XDG_STATE_HOME/qetl

# ---- nothing yet ----
expect_exit 0 "$QETL" state list
expect_text out "no pipeline has left a state in $kept"
expect_exit 2 "$QETL" state show orders
expect_text err 'there is no state of a pipeline `orders`'
expect_absent "$kept"

# ---- a watermark, set by hand ----
expect_exit 0 "$QETL" state set orders in '2026-01-01 00:00:00'
expect_exit 0 "$QETL" state set 'Köln/orders 2' in 17
expect_eq 'mode of the folder' "$(stat -c %a "$kept/orders")" 700
expect_exit 0 "$QETL" state get orders
echo '2026-01-01 00:00:00' | expect_file out
expect_exit 0 "$QETL" state get 'Köln/orders 2' in
echo 17 | expect_file out
expect_exit 2 "$QETL" state get orders out
expect_text err 'source `out` of `orders` has no watermark'
expect_exit 2 "$QETL" state get ordrs
expect_text err 'did you mean `orders`'
expect_exit 0 "$QETL" state set orders other 5
expect_exit 0 "$QETL" state get orders
printf 'in\t2026-01-01 00:00:00\nother\t5\n' | expect_file out
expect_exit 0 "$QETL" state set orders in 7 --json
expect_json out '.result == {source: "in", value: "7", was: "2026-01-01 00:00:00", type: null}'

# ---- list and show ----
expect_exit 0 "$QETL" state list
expect_text out '^PIPELINE +STATUS +EPOCH +WHEN +ROWS +SIZE +HELD BY$'
expect_text out '^Köln/orders 2 +finished +1 +20[0-9-]{8}T[0-9:]{8}Z +0 +[0-9.]+ kB'
expect_eq 'wider than 80 columns' "$(awk 'length > 80' out | wc -l)" 0
expect_exit 0 "$QETL" state list --json
expect_json out '[.result.states[].pipeline] | sort == ["Köln/orders 2", "orders"]'
expect_json out '.result.states | all(.held_by == null and .problem == null and .bytes > 0)'
expect_exit 0 "$QETL" state show orders
expect_text out 'in +watermark .*\(any column\) = 7'
expect_exit 0 "$QETL" state show orders --json
expect_json out '.result.entries | length == 2 and all(.kind == "watermark")'

# ---- a value must be of the cursor's type, once that is known ----
"$QETL" state export orders >typed.json
mark=$(printf '{"cursor":"at","type":"timestamp","value":"2026-01-01 00:00:00"}' | base64 -w0)
jq --arg mark "$mark" '.entries[0].data = $mark' typed.json >known.json
expect_exit 0 "$QETL" state import typed known.json
expect_exit 2 "$QETL" state set typed other someday
expect_text err '`someday` is no timestamp'
expect_exit 0 "$QETL" state get typed other
echo '2026-01-01 00:00:00' | expect_file out
expect_exit 0 "$QETL" state set typed other '2026-02-01'
expect_exit 0 "$QETL" state get typed other
echo '2026-02-01 00:00:00' | expect_file out

# ---- export, clear, import ----
expect_exit 0 "$QETL" state export orders
mv out orders.json
expect_exit 2 "$QETL" state clear orders
expect_text err '--yes means it'
expect_exit 0 "$QETL" state get orders other
expect_exit 0 "$QETL" state clear orders --yes
expect_exit 2 "$QETL" state get orders
expect_exit 0 "$QETL" state list --json
expect_json out '.result.states[] | select(.pipeline == "orders") | .status == "empty" and .epoch == 1'
expect_exit 0 "$QETL" state import orders orders.json
expect_exit 0 "$QETL" state export orders
expect_same out orders.json
expect_exit 2 "$QETL" state import orders orders.json # there is one now, and nobody to ask
expect_text err '--yes means it'
expect_exit 0 bash -c '"$QETL" state import orders - --yes <orders.json'
expect_exit 0 "$QETL" state import 'moved here' orders.json
expect_exit 0 "$QETL" state get 'moved here' in
echo 7 | expect_file out
try() { # FILTER PATTERN: an export changed so is refused
    jq "$1" orders.json >bad.json
    expect_exit 2 "$QETL" state import bad bad.json
    expect_text err "$2"
}
try 'del(.qetl_state)' 'this is no state of a pipeline'
try '.qetl_state = 2' 'exported by a later qetl'
try '.epoch = -1' 'epoch, stage, rows or identity'
try '.stage = "prepared"' 'epoch, stage, rows or identity'
try '.identity = []' 'epoch, stage, rows or identity'
try 'del(.entries)' 'the entries of the state are missing'
try '.entries[1].kind = "magic"' 'no entry of a state'
try '.entries[0].data = "*"' 'no entry of a state'
try '.entries[0].part = 4294967296' 'no entry of a state'
echo '{' >bad.json
expect_exit 2 "$QETL" state import bad bad.json
expect_text err 'no JSON object'
expect_absent "$kept/bad"

# ---- whose it is ----
python3 - "$kept/orders/lock" <<'PY' &
import fcntl, struct, sys, time
lock = open(sys.argv[1], "r+")
lock.write("4711 elsewhere\n")
lock.flush()
fcntl.fcntl(lock, 37, struct.pack("hhlllxxxx", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
open("locked", "w").close()
time.sleep(60)
PY
holder=$!
for _ in $(seq 600); do [ -e locked ] || sleep 0.05; done
for command in 'set orders in 8' 'export orders' 'clear orders --yes' 'import orders orders.json --yes'; do
    # shellcheck disable=SC2086
    expect_exit 3 "$QETL" state $command
    expect_text err 'process 4711 on elsewhere is at work with this state'
done
expect_exit 0 "$QETL" state list
expect_text out '^orders +running .* 4711$'
expect_exit 0 "$QETL" state show orders
expect_text out 'process 4711 on elsewhere is at work with it'
expect_exit 0 "$QETL" state get orders in
kill "$holder"
wait "$holder" 2>/dev/null

# ---- what cannot be read is set aside, and stays until it is cleared ----
head -c 1000 "$kept/orders/state.db" >cut.db && cp cut.db "$kept/orders/state.db"
expect_exit 0 "$QETL" state list
expect_text out '^orders +unreadable'
expect_exit 3 "$QETL" state get orders
expect_exit 3 "$QETL" state set orders in 1
expect_text err 'it was set aside as `state.db.unreadable-'
expect_same "$kept"/orders/state.db.unreadable-*Z cut.db
expect_exit 3 "$QETL" state export orders
expect_exit 0 "$QETL" state clear orders --yes
expect_exit 0 "$QETL" state set orders in 1
expect_same "$kept"/orders/state.db.unreadable-*Z cut.db

# ---- folders that others may look into; another folder ----
chmod 755 "$kept/orders"
expect_exit 3 "$QETL" state set orders in 2
expect_text err "chmod 700 $kept/orders"
expect_exit 0 "$QETL" state set orders in 3 --state elsewhere
expect_exit 0 "$QETL" state get orders --state elsewhere
echo 3 | expect_file out
