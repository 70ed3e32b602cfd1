# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What an administrator does with pipelines as services, in a system that systemd has booted. It says what it sees, in lines
# "NAME: VALUE", for tests/cases/660-debian.sh to compare.
set -u
cd /root || exit 1

say() { printf '%s: %s\n' "$1" "$2"; }

until_so() { # COMMAND…: as soon as it succeeds
    for _ in $(seq 400); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "waited in vain: $*" >&2
    return 1
}

property() { systemctl show "qetl@$1" -p "$2" --value; }
is() { [ "$(property "$1" "$2")" = "$3" ]; }
count() { cat "/var/lib/qetl/$1"/out*.ndjson 2>/dev/null | wc -l; }
rows() { [ "$(count "$1")" -ge "$2" ]; }
has_rows() { until_so rows "$@" && say "$1 has" "$(count "$1") rows"; }
# Without waiting ten seconds.
mkdir -p /run/systemd/system/qetl@.service.d
printf '[Service]\nRestartSec=200ms\n[Unit]\nStartLimitBurst=50\n' >/run/systemd/system/qetl@.service.d/quick.conf
systemctl daemon-reload
say booted yes

# One that follows a file, with a row that is no good, a variable, and a secret.
printf 'n\n1\n2\nx\n' >/srv/orders.csv
printf 'ORDERS=/srv/orders.csv\nQETL_OPTIONS=--log-level debug --validate full\n' >/etc/qetl/orders.env
printf 'outgoing\n' >/etc/qetl/secrets/where
chmod 640 /etc/qetl/secrets/where
chgrp qetl /etc/qetl/secrets/where
cat >/etc/qetl/orders.yaml <<'YAML'
name: orders
sources: {in: {plugin: file, path: "${ORDERS}", follow: true, format: {type: csv, types: {n: bigint}}}}
sinks: {out: {plugin: file, input: in, path: "${secret:where}.ndjson"}}
YAML
systemctl enable -q qetl@orders
systemctl start qetl@orders
say 'start orders' $?
has_rows orders 2
pid=$(property orders MainPID)
say 'orders runs as' "$(stat -c '%U %G' "/proc/$pid")"
say 'its capabilities' "$(awk '/^Cap(Eff|Bnd)/ { print $2 }' "/proc/$pid/status" | sort -u)"
say 'its system calls are filtered' "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")"
say 'top tells' "$(XDG_RUNTIME_DIR=/run setpriv --reuid=qetl --regid=qetl --clear-groups qetl top --once | head -n 1 | cut -d' ' -f1)"
until_so test -s /var/lib/qetl/orders/dead-letters/orders.ndjson
say 'dead letters' "$(wc -l </var/lib/qetl/orders/dead-letters/orders.ndjson)"
say 'state' "$(stat -c '%U %a' /var/lib/qetl/orders/state/orders)"

# Upgraded while it runs, it goes on; then it is restarted, and goes on where it stood.
dpkg -i /root/later/*.deb >dpkg.out 2>&1
say upgrade $?
say 'version' "$(dpkg-query -W -f '${Version}' qetl)"
say 'the same process' "$([ "$(property orders MainPID)" = "$pid" ] && echo yes)"
printf '3\n' >>/srv/orders.csv
has_rows orders 3
systemctl restart qetl@orders
say 'restart' $?
say 'another process' "$([ "$(property orders MainPID)" != "$pid" ] && echo yes)"
printf '4\n' >>/srv/orders.csv
has_rows orders 4
started=$(date +%s)
systemctl stop qetl@orders
say 'stopped in time' "$([ $(($(date +%s) - started)) -lt 30 ] && echo yes)"
say 'orders ended' "$(property orders ActiveState), $(property orders Result)"
say 'rows of orders' "$(tr -d '\n' </var/lib/qetl/orders/outgoing.ndjson)"
say 'report' "$(stat -c '%U' /var/log/qetl/orders/report.json)"

# What waiting does not mend is not tried again; what it may mend is, until it is there.
printf 'name: wrong\nsources: {in: {plugin: fil, path: /srv/orders.csv}}\n' >/etc/qetl/wrong.yaml
systemctl start qetl@wrong
until_so is wrong ActiveState failed
say 'wrong ended' "$(property wrong ExecMainStatus), restarts $(property wrong NRestarts)"
cat >/etc/qetl/absent.yaml <<'YAML'
name: absent
sources: {in: {plugin: file, path: /srv/absent.csv, format: csv}}
sinks: {out: {plugin: file, input: in, path: out.ndjson}}
YAML
systemctl start qetl@absent
again() { [ "$(property absent NRestarts)" -ge 2 ]; }
until_so again && say 'absent is tried again after' "$(journalctl -u qetl@absent -o cat | sed -n 's/.*status=\([0-9]*\).*/\1/p' | sort -u)"
printf 'n\n7\n' >/srv/absent.csv
has_rows absent 1
until_so is absent ActiveState inactive
say 'absent ended' "$(property absent ActiveState), $(property absent Result)"

# It writes nowhere but below its own folder, and does not see homes.
homes=/home
mkdir -p $homes/someone
printf 'n\n8\n' >$homes/someone/in.csv
chmod 755 $homes/someone
chmod 777 /srv
sed 's#out.ndjson#/srv/out.ndjson#' /etc/qetl/absent.yaml >/etc/qetl/outside.yaml
sed 's#out.ndjson#/var/lib/qetl/orders/hers.ndjson#' /etc/qetl/absent.yaml >/etc/qetl/neighbour.yaml
sed "s#/srv/absent.csv#$homes/someone/in.csv#" /etc/qetl/absent.yaml >/etc/qetl/private.yaml
for name in outside neighbour private; do
    sed -i "s/absent$/$name/" /etc/qetl/$name.yaml
    systemctl start qetl@$name
    tried() { journalctl -u "qetl@$name" -o cat | grep -q 'Main process exited'; }
    until_so tried
    systemctl stop qetl@$name
    say "$name is refused" "$(journalctl -u "qetl@$name" -o cat | sed -n 's/.*status=\([0-9]*\).*/\1/p' | head -n 1)"
done
say 'what they wrote' "$(echo /srv/out.ndjson /var/lib/qetl/orders/hers.ndjson /var/lib/qetl/private/out.ndjson | xargs ls 2>/dev/null | wc -l)"

# Removed while one runs: it ends in good order, and keeps what it knows.
systemctl start qetl@orders
until_so is orders SubState running
apt-get remove -qq -y qetl </dev/null >apt.out 2>&1
say remove $?
say 'orders after that' "$(property orders ActiveState), $(property orders Result)"
say 'kept' "$(cd / && ls -d etc/qetl/orders.yaml var/lib/qetl/orders/state/orders/state.db var/lib/qetl/orders/outgoing.ndjson | wc -l)"
journalctl -o cat -u 'qetl@*' >journal
say done yes
