#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make deb`: packages with which lintian finds no fault, installed by apt in a system that knows nothing of qetl; what the
# README shows, by a user there; pipelines as services of a systemd that runs; upgrade, removal and purge.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'packages are built without sanitizers'
for tool in dh lintian mmdebstrap; do
    command -v "$tool" >/dev/null || skip_all "there is no $tool here"
done
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
made=$QETL_BUILD/build-deb
version=$(dpkg-parsechangelog -l "$root/debian/changelog" -S Version)

# What Debian is without qetl is fetched once for a build, while the packages are built.
base=$made.base.tar
if [ "$(id -u)" = 0 ] && [ ! -s "$base" ]; then
    mmdebstrap --variant=minbase --include=systemd --mode=root --format=tar --quiet --dpkgopt=force-unsafe-io \
        --aptopt='Acquire::Retries "5"' --skip=cleanup/apt/lists bookworm "$base.tmp" </dev/null >base.log 2>&1 &&
        mv "$base.tmp" "$base" &
else
    true &
fi
base_made=$!

tree_before=$(git -C "$root" status --porcelain 2>/dev/null)
# Nobody debugs these.
DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)"
export DEB_BUILD_OPTIONS DEB_CFLAGS_STRIP=-g
expect_exit 0 make -C "$QETL_BUILD" deb
[ "$failed" = 0 ] || { wait && exit 1; }
expect_no_text out '^[EWI]: '
expect_eq 'the build leaves nothing among the sources' "$(git -C "$root" status --porcelain 2>/dev/null)" "$tree_before"

# ---- What is in them ----

field() { dpkg-deb -f "$made/$1_${version}_"*.deb "$2"; }
modules() { dpkg-deb -c "$made/$1_${version}_"*.deb | sed -n 's#.*/qetl/plugins/\([a-z_]*\)\.so$#\1#p'; }
expect_eq packages "$(cd "$made" && ls ./*.deb | sed 's#^\./##; s/_.*//' | LC_ALL=C sort | paste -sd' ')" \
    "$(sed -n 's/^Package: //p' "$root/debian/control" | LC_ALL=C sort | paste -sd' ')"
for package in $(sed -n 's/^Package: //p' "$root/debian/control"); do modules "$package"; done | LC_ALL=C sort >shared-out
find "$root/plugins" -name '*.qetl.json' -printf '%f\n' | sed 's/\.qetl\.json$//' | LC_ALL=C sort >there
expect_same shared-out there
expect_eq 'foreign libraries of qetl' "$(field qetl Depends | grep -oE 'libxlsxwriter|libsnappy|libexpat')" ''
field qetl-plugin-xlsx Depends >depends
expect_text depends 'qetl \(= .*libxlsxwriter'
field qetl-plugin-avro Depends >depends
expect_text depends 'qetl \(= .*libsnappy'
expect_eq 'libraries of qetl-dev' "$(field qetl-dev Depends)" ''

# A connector that begins to need a library ends the build, until there is a package for it.
mkdir -p shared/debian
cp "$root/debian/share-out" "$root/debian/control" "$root"/debian/*.files shared/debian
for package in "$made"/qetl_*.deb "$made"/qetl-plugin-*_*.deb; do
    [[ $package == *-avro_* ]] || dpkg-deb -x "$package" shared/tmp
done
expect_exit 1 shared/debian/share-out "$PWD/shared/tmp"
expect_text err '^< qetl-plugin-avro'
dpkg-deb -x "$made/qetl-plugin-avro_${version}_"*.deb shared/tmp
expect_exit 0 shared/debian/share-out "$PWD/shared/tmp"
cp "$(find shared/tmp -name xlsx.so)" "$(dirname "$(find shared/tmp -name xlsx.so)")/queue_sink.so"
expect_exit 1 shared/debian/share-out "$PWD/shared/tmp"
expect_text err '^> qetl-plugin-queue$'
rm -r shared

# ---- The Dockerfile, as far as it can be read ----

sed ':a; /\\$/ { N; s/\\\n *//; ba }' "$root/Dockerfile" | grep -v '^#' >docker
expect_eq 'stages' "$(sed -n 's/^FROM \(debian:12[^ ]*\).*/\1/p' docker | paste -sd' ')" 'debian:12 debian:12-slim'
expect_eq 'not root' "$(sed -n 's/^USER //p' docker | tail -n 1)" 900:900
sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' docker | while read -r file; do
    [ -e "$root/$file" ] && pass "COPY $file" || fail "COPY $file"
done
sed -n 's/^RUN \(\[.*\)/\1/p' docker | jq -r '.[2]' | bash -n && pass 'RUN, by bash' || fail 'RUN, by bash'
sed -n 's/^RUN \([^[].*\)/\1/p' docker | sh -n && pass 'RUN, by sh' || fail 'RUN, by sh'
expect_eq 'words it does not know' "$(grep -vE '^(FROM|WORKDIR|COPY|RUN|USER|ENTRYPOINT|CMD) |^$' docker)" ''

[ "$(id -u)" = 0 ] || {
    echo '# who is not root has no system of its own to install packages in'
    exit 0
}

# ---- A fresh system ----

wait "$base_made" || fail mmdebstrap "$(tail -n 20 "$scratch/base.log")"
users=/home
mkdir system
tar -C system -xf "$base" || exit 1
cp /etc/resolv.conf system/etc/
mkdir -p system/root/first system/root/later
for package in "$made"/*_"$version"_*.deb; do
    cp "$package" system/root/first/
done
# With /proc, where mounts are permitted.
mounted=$(unshare --mount mount -t proc proc system/proc 2>/dev/null && echo yes)
folder=system
apart() {
    if [ -n "$mounted" ]; then
        unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec "$@"' "$folder" "$@"
    else
        "$@"
    fi
}
inside() { apart chroot "$folder" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
user() { inside setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=$users/user sh -euc "cd $users/user; $1"; }
# All that there is, but for what apt, dpkg and the linker's cache keep of anything.
census() {
    (cd system && find . -xdev \( -path ./root -o -path ./home -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/lib/apt -o -path ./tmp -o -path ./proc \
        -o -path ./sys -o -path ./run -o -path ./dev \) -prune -o -printf '%p %y %m %u %g\n' |
        grep -vE '^\./(etc/(passwd|group|shadow|gshadow|subuid|subgid|resolv\.conf)-?|etc/ld\.so\.cache|var/log/.*|var/lib/systemd/deb-systemd.*) ' | LC_ALL=C sort)
}

install() { # FILE…
    expect_exit 0 inside apt-get -o Acquire::Retries=5 install -y -qq --no-install-recommends "$@"
}
expect_exit 0 inside apt-get -o Acquire::Retries=5 update -qq
inside useradd --create-home --uid 1000 user 2>/dev/null
census >fresh

# ---- qetl alone: what the README shows, by a user ----

install /root/first/qetl_"$version"_"$(dpkg --print-architecture)".deb
mkdir system$users/user/data
orders orders.csv --rows 5000
gzip -c orders.csv >system$users/user/data/orders-1.csv.gz
awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$root/README.md" >system$users/user/big-orders.yaml
chown -R 1000:1000 system$users/user
awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside && /^qetl /' "$root/README.md" | sed 's/  *#.*//' >lines
while read -r line; do
    expect_exit 0 user "$line"
done <lines
expect_eq 'lines tried' "$(($(wc -l <lines) >= 5))" 1
expect_eq 'rows of both' "$(sort -u <(wc -l <system$users/user/out/big.ndjson) <(truth orders.csv matching) | wc -l), $(wc -l <system$users/user/big.ndjson)" \
    "1, $(user "zcat data/orders-1.csv.gz >o.csv; qetl run -q --from o.csv --to - --to-format ndjson --where 'quantity * unit_price > 100' | wc -l")"
expect_exit 0 user 'qetl --version'
expect_text out "^qetl ${version%-*} "
expect_exit 0 user 'qetl plugin list --json'
expect_json out '[.. | .id? // empty] | (index("csv") != null) and (index("sqlite") != null) and index("xlsx") == null'
expect_exit 0 user 'qetl run -q --from o.csv --to orders.ndjson && test -s orders.ndjson'
expect_exit 0 inside bash -c '. /usr/share/bash-completion/completions/qetl && complete -p qetl'
expect_exit 0 inside test -s /usr/share/zsh/vendor-completions/_qetl -a -s /usr/share/fish/vendor_completions.d/qetl.fish
mandoc -T lint -W error <(zcat system/usr/share/man/man1/qetl-run.1.gz) >lint 2>&1
expect_eq 'man qetl-run' "$(wc -l <lint), $(inside sh -c 'ls /usr/share/man/man1/qetl*.1.gz | wc -l')" "0, $(find "$QETL_BUILD/man" -name '*.1' | wc -l)"
expect_eq 'the user' "$(inside getent passwd qetl | cut -d: -f1,6,7)" 'qetl:/var/lib/qetl:/usr/sbin/nologin'
expect_eq 'secrets are for it alone' "$(inside stat -c '%U %G %a' /etc/qetl/secrets)" 'root qetl 750'

# ---- What the Dockerfile makes of them: its second stage, in a folder ----

mkdir -p image
tar -C image -xf "$base"
cp /etc/resolv.conf image/etc/
mkdir image/packages
cp system/root/first/*.deb image/packages
folder=image
sed -n '/^FROM.*slim/,$ s/^RUN //p' docker >stage
expect_eq 'commands of the second stage' "$(wc -l <stage)" 1
expect_exit 0 inside sh -euc "$(cat stage)"
as_image() { inside setpriv --reuid=900 --regid=900 --clear-groups env HOME=/nonexistent sh -euc "cd $(sed -n 's/^WORKDIR //p' docker | tail -n 1); exec $(sed -n 's/^ENTRYPOINT //p' docker | jq -r '.[0]') \"\$@\"" sh "$@"; }
expect_exit 0 as_image --help
expect_text out '^Usage:? qetl|qetl run'
expect_eq 'what is left of the packages' "$(find image/packages image/var/lib/apt/lists -type f 2>/dev/null | head -n 3)" ''
expect_eq 'its folders' "$(inside stat -c '%n %u %g %a' /work /var/lib/qetl | paste -sd,)" '/work 900 900 755,/var/lib/qetl 900 900 755'
place=image/work
cp orders.csv "$place"
expect_exit 0 as_image run -q --from orders.csv --to big.ndjson --where 'quantity > 100'
expect_eq 'whose output' "$(inside stat -c '%u %g' "/work"/big.ndjson)" '900 900'
printf 'name: o\nsources: {s: {plugin: file, path: orders.csv}}\nsinks: {t: {plugin: file, path: o.avro, input: s}}\n' >"$place"/orders.yaml
expect_exit 0 as_image run -q orders.yaml --state /var/lib/qetl/state
expect_exit 3 as_image run -q --from orders.csv --to /etc/big.ndjson
folder=system
rm -r image

# ---- The others ----

mapfile -t all < <(cd system && printf '/%s\n' root/first/*.deb)
install "${all[@]}"
expect_exit 0 user 'qetl plugin info xlsx'
[ -z "$mounted" ] || expect_exit 0 user 'qetl run -q --from o.csv --to o.xlsx && qetl run -q --from o.xlsx --to from-xlsx.ndjson'
expect_exit 0 user 'qetl run -q --from o.csv --to o.avro && qetl run -q --from o.avro --to from-avro.ndjson'
for format in ${mounted:+xlsx} avro; do
    expect_eq "rows that came back from $format" "$(wc -l <system$users/user/from-$format.ndjson)" 5000
done
inside bash -c 'for file in /usr/lib/*/qetl/plugins/*.so; do ldd -r $file 2>&1 | grep -E "not found|undefined symbol" | sed "s#^#$file: #"; done' >missing 2>&1
expect_eq 'libraries that are missing' "$(cat missing)" ''
expect_exit 0 inside sh -c 'ls /usr/include/qetl/plugin.h /usr/lib/*/libqetl_sdk.a /usr/lib/*/libqetl_testhost.a /usr/share/qetl/sdk/examples/c/upper.c /usr/share/aclocal/qetl-plugin.m4'

# ---- The service ----

expect_exit 0 inside systemd-analyze verify --man=no qetl@orders.service
expect_eq 'what it finds' "$(cat out err)" ''
expect_exit 0 inside systemd-analyze security --offline=true --no-pager --threshold=20 qetl@orders.service
expect_text out 'Overall exposure level for qetl@orders.service: [01]\.[0-9]'

# ---- Removed, nothing but configuration and state is left; purged, nothing ----

mkdir -p system/var/lib/qetl/{orders/state,orders/dead-letters,spent/state,plugins/content} system/var/log/qetl/orders system/etc/qetl/trusted-keys
echo kept | tee system/var/lib/qetl/orders/{state/state.db,out.ndjson,dead-letters/1.ndjson} system/var/lib/qetl/plugins/installed.json >system/etc/qetl/trusted-keys/acme.qkey
echo 'name: orders' >system/etc/qetl/orders.yaml
echo word >system/etc/qetl/secrets/word
inside chown -R qetl:qetl /var/lib/qetl /var/log/qetl
inside systemctl enable -q qetl@orders
added() { # since the beginning
    inside apt-get autoremove -y -qq --purge >apt.log 2>&1 || fail autoremove "$(cat apt.log)"
    census | diff fresh - | grep '^[<>]' | cut -d' ' -f1,2
}
expect_exit 0 inside apt-get remove -y -qq qetl qetl-dev 'qetl-plugin-*'
added >left
expect_file left <<'X'
> ./etc/qetl
> ./etc/qetl/orders.yaml
> ./etc/qetl/secrets
> ./etc/qetl/secrets/word
> ./etc/qetl/trusted-keys
> ./etc/qetl/trusted-keys/acme.qkey
> ./etc/systemd/system/multi-user.target.wants/qetl@orders.service
> ./var/lib/qetl
> ./var/lib/qetl/orders
> ./var/lib/qetl/orders/dead-letters
> ./var/lib/qetl/orders/dead-letters/1.ndjson
> ./var/lib/qetl/orders/out.ndjson
> ./var/lib/qetl/orders/state
> ./var/lib/qetl/orders/state/state.db
> ./var/lib/qetl/plugins
> ./var/lib/qetl/plugins/content
> ./var/lib/qetl/plugins/installed.json
> ./var/lib/qetl/spent
> ./var/lib/qetl/spent/state
X
expect_exit 0 inside apt-get purge -y -qq qetl qetl-dev 'qetl-plugin-*'
expect_text out 'qetl: /etc/qetl has files of yours'
added >left
expect_file left <<'X'
> ./etc/qetl
> ./etc/qetl/orders.yaml
> ./etc/qetl/secrets
> ./etc/qetl/secrets/word
> ./var/lib/qetl
> ./var/lib/qetl/orders
> ./var/lib/qetl/orders/dead-letters
> ./var/lib/qetl/orders/dead-letters/1.ndjson
> ./var/lib/qetl/orders/out.ndjson
X
inside getent passwd qetl >left
expect_text left '^qetl:'
# Once more, with nothing that is anybody's.
expect_exit 0 inside sh -c 'rm -r /etc/qetl/orders.yaml /etc/qetl/secrets /var/lib/qetl/orders'
install /root/first/qetl_"$version"_"$(dpkg --print-architecture)".deb
expect_exit 0 inside apt-get purge -y -qq qetl
added >left
expect_file left <<'X'
X
inside getent passwd qetl >left
expect_eq 'its user' "$(cat left)" ''

# ---- Services, in a system that runs ----

"$root/tests/debian/boot" --try "$PWD/system" 2>why || {
    echo "# this machine permits no system in a folder, so services were not started: $(tail -n 1 why)"
    exit 0
}
# A later version: the same files under a higher number.
for package in system/root/first/*.deb; do
    dpkg-deb -R "$package" repacked
    sed -i "s/${version//./\\.}/$version+later/" repacked/DEBIAN/control
    dpkg-deb --root-owner-group -Znone -b repacked system/root/later >/dev/null || fail "$package" 'cannot be packed again'
    rm -r repacked
done
install "${all[@]}"
cp "$root"/tests/debian/inside.* system/root/
timeout -k 5 300 "$root/tests/debian/boot" "$PWD/system" >boot.log 2>&1
expect_file system/root/inside.out <<X
booted: yes
start orders: 0
orders has: 2 rows
orders runs as: qetl qetl
its capabilities: 0000000000000000
its system calls are filtered: 2
top tells: orders
dead letters: 1
state: qetl 700
upgrade: 0
version: $version+later
the same process: yes
orders has: 3 rows
restart: 0
another process: yes
orders has: 4 rows
stopped in time: yes
orders ended: inactive, success
rows of orders: {"n":1}{"n":2}{"n":3}{"n":4}
report: qetl
wrong ended: 2, restarts 0
absent is tried again after: 3
absent has: 1 rows
absent ended: inactive, success
outside is refused: 3
neighbour is refused: 3
private is refused: 3
what they wrote: 0
remove: 0
orders after that: inactive, success
kept: 3
done: yes
X
[ "$failed" = 0 ] || cat boot.log system/root/inside.err system/root/journal 2>/dev/null | head -n 150
expect_text system/root/journal 'ledger   balanced'
