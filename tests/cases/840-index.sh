#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Indexes: made, searched, installed and upgraded from; and each that is not as it should be is refused,
# before anything is written or any code of a package runs.
. "$(dirname "$0")/lib.sh"
late_libraries

XDG_CONFIG_HOME=$PWD/config
XDG_DATA_HOME=$PWD/data
QETL_TOUCH=$PWD/touched # the constructor of the plugin touch makes this file
export XDG_CONFIG_HOME XDG_DATA_HOME QETL_TOUCH
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
depot=$XDG_DATA_HOME/qetl/plugins

packed() { # VERSION FOLDER [NAME]: a signed package of the plugin touch as that version, or by another name of five letters
    rm -rf made
    mkdir made
    local name=${3:-touch}
    sed "s/0\.1\.0/$1/g; s/touch/$name/g" "$QETL_TEST_PLUGINS/touch.so" >"made/$name.so"
    sed "s/0\.1\.0/$1/g; s/touch/$name/g" "$QETL_TEST_PLUGINS/touch.qetl.json" >"made/$name.qetl.json"
    "$QETL" plugin pack made --out "$2" --replace --key "${key:-acme.qsecret}" >/dev/null || fail "no package of $1"
}
index() { # FOLDER OPTION…
    local folder=$1
    shift
    qetl plugin index "$folder" --key acme-index.qsecret "$@"
}
list() {
    qetl plugin list --packages --json | jq -c '[.result.packages[] | [.version, .used]]'
}
serve() { # FOLDER PORT_FILE OPTION…: $server is its process
    python3 "$root/tests/indexes.py" serve "$@" 2>serve.err &
    server=$!
    servers+=("$server")
    for _ in $(seq 600); do
        [ -s "$2" ] && return
        sleep 0.1
    done
    fail "no server" "$(cat serve.err)"
}
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; finish' EXIT

for name in acme acme-index other; do expect_exit 0 qetl plugin keygen "$name"; done
expect_exit 0 qetl key add acme.qkey --plugins 'to*'
mkdir site
packed 0.1.0 site
packed 0.2.0 site

# ---- made ----
expect_exit 2 qetl plugin index site --name acme
expect_exit 2 index site
expect_text err 'needs a name'
expect_exit 2 index site --name 'A B'
expect_exit 0 index site --name acme --days 7 --json
expect_json out '.result | .packages == 2 and .version == 1 and .name == "acme"'
expect_json out '.result | (.expires | fromdate) - (.issued | fromdate) == 7 * 86400'
expect_exit 2 index site --name other
expect_text err 'would refuse'
expect_eq 'who reads it' "$(stat -c %a site/index.json)" 644
jq -s '.[0].packages | map(.version)' -c site/index.json >out
expect_eq 'what is in it' "$(cat out)" '["0.1.0","0.2.0"]'
expect_eq 'the size of a package' "$(jq -s '.[0].packages[0].size' site/index.json)" "$(stat -c %s site/touch-0.1.0-*.qpkg)"
expect_eq 'its hash' "$(jq -rs '.[0].packages[0].sha256' site/index.json)" "$(sha256sum site/touch-0.1.0-*.qpkg | cut -c 1-64)"
expect_eq 'what it brings' "$(jq -cs '.[0].packages[0].components' site/index.json)" '["sink touch"]'
cp -r site bad
mv bad/touch-0.1.0-*.qpkg bad/one.qpkg
expect_exit 3 index bad
expect_text err 'another name'
rm bad/one.qpkg
key=other.qsecret packed 0.2.0 bad # another signature, the same list: the same package
expect_exit 0 index bad
echo more >made/README
expect_exit 0 qetl plugin pack made --out bad --replace --key acme.qsecret
expect_exit 3 index bad
expect_text err 'another package of touch 0.2.0'
echo x >>bad/index.json
expect_exit 3 index bad
rm -rf bad

# ---- who may sign it ----
serve "$PWD" port
url=http://127.0.0.1:$(cat port)
expect_exit 3 qetl plugin search --index "$url/site"
expect_text err 'not trusted'
expect_exit 0 qetl key add acme-index.qkey --plugins 'touch' --name packer
expect_exit 3 qetl plugin search --index "$url/site" --json
expect_json out '.error.code == "key_out_of_scope" and (.error.message | contains("not with indexes"))'
expect_exit 0 qetl key remove packer
expect_exit 0 qetl key add acme-index.qkey --plugins '*' --indexes --expires 2024-12-31
expect_exit 3 qetl plugin search --index "$url/site" --json
expect_json out '.error.code == "key_expired"'
expect_absent "$depot/seen.json"
expect_exit 0 qetl key add acme-index.qkey --plugins '*' --indexes --replace
expect_exit 0 qetl key list --json
expect_json out '[.result.keys[] | [.name, .signs]] == [["acme-index", "indexes"], ["acme", "packages"]]'
# A key of indexes signs no packages.
mkdir wrong
key=acme-index.qsecret packed 0.9.0 wrong
expect_exit 3 qetl plugin install wrong/*.qpkg --json
expect_json out '.error.code == "key_out_of_scope" and (.error.message | contains("indexes alone"))'

# ---- searched ----
expect_exit 2 qetl plugin search
expect_text err 'no index'
for place in site ./site "$PWD/site/" "$url/site" "$url/site/"; do
    expect_exit 0 qetl plugin search --index "$place"
    expect_text out '^touch +0\.2\.0 +sink touch '
done
expect_no_text out '0\.1\.0'
expect_exit 0 qetl plugin search --index site --all --json
expect_json out '.result.packages | length == 2 and all(.runs_here) and .[0].index == "acme"'
for words in 'touch' 'TOU sink' 'sink'; do
    # shellcheck disable=SC2086
    expect_exit 0 qetl plugin search $words --index site --json
    expect_json out '.result.packages | length == 1'
done
expect_exit 0 qetl plugin search touch nothing --index site
expect_text out 'nothing'
for bad in ftp://x/y 'http://u:p@x/y' 'http://x/y?z' 'http:///y' 'https://x/a b'; do
    expect_exit 2 qetl plugin search --index "$bad"
done
expect_exit 3 qetl plugin search --index nowhere
# Files of indexes.
mkdir -p config/qetl
printf '# ours\n\n  %s/site  # by HTTP\n%s/site\n' "$url" "$url" >config/qetl/indexes
expect_exit 0 qetl plugin search --json
expect_json out '.result.packages | length == 1 and .[0].place == "'"$url/site"'"'
printf '\nhttp://x/y?z\n' >config/qetl/indexes
expect_exit 2 qetl plugin search
expect_text err 'config/qetl/indexes:2'
echo site >config/qetl/indexes
expect_exit 2 qetl plugin search
expect_text err 'absolute path'
echo "$url/site" >config/qetl/indexes

# The doctor looks, and keeps nothing.
cp "$depot/seen.json" seen
expect_exit 0 qetl doctor --json
expect_json out '[.result.checks[] | select(.check == "indexes")] | length == 1 and .[0].status == "ok" and (.[0].says | startswith("acme, release 1, "))'
echo "$url/nowhere" >>config/qetl/indexes
expect_exit 1 qetl doctor
expect_text err 'answers 404'
expect_same "$depot/seen.json" seen
echo "$url/site" >config/qetl/indexes

# ---- installed, and upgraded ----
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
mkdir plain
for name in file_source csv; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
expect_exit 2 qetl plugin install nothing
expect_text err 'no index has a package nothing'
expect_exit 2 qetl plugin install touch@x
expect_exit 2 qetl plugin install 'touch@>1.2'
expect_exit 2 qetl plugin install Touch
expect_exit 2 qetl plugin install touch.qpkg
expect_exit 3 qetl plugin install touch@^1
expect_text err 'has no touch of version \^1'
expect_text err 'it has 0\.2\.0, 0\.1\.0'
for range in 0.1.0 =0.1.0 0.1 '~0.1.0' '^0.1.0' '>=0.1.0,<0.2.0' '<=0.1.0' '<0.2'; do
    expect_exit 0 qetl plugin install "touch@$range" --json
    expect_json out '.result.packages[0] | .version == "0.1.0" and .signed_by == "acme"'
    expect_exit 0 qetl plugin remove touch
done
expect_exit 0 qetl plugin install touch@0.1.0
expect_absent touched
expect_exit 0 qetl run -q --no-state p.yaml
expect_eq 'it ran' "$(ls touched)" touched
expect_exit 0 qetl plugin upgrade --dry-run --json
expect_json out '.result.upgrades == [{"name": "touch", "from": "0.1.0", "to": "0.2.0"}] and .result.packages == []'
expect_exit 0 qetl plugin upgrade 'touch@0.1'
expect_text out 'newest'
expect_eq 'what is there' "$(list)" '[["0.1.0",true]]'
expect_exit 2 qetl plugin upgrade nothing
expect_exit 0 qetl plugin upgrade --json
expect_json out '.result.packages[0] | .version == "0.2.0" and .installed'
expect_eq 'side by side' "$(list)" '[["0.1.0",false],["0.2.0",true]]'
expect_exit 0 qetl plugin upgrade touch
expect_text out 'touch 0.2.0 is the newest'
# Back again only by the very version.
expect_exit 3 qetl plugin install 'touch@0.1'
expect_text err 'older than 0.2.0'
expect_exit 0 qetl plugin install touch@0.1.0
expect_eq 'back' "$(list)" '[["0.1.0",true],["0.2.0",false]]'
expect_exit 0 qetl plugin upgrade touch
expect_eq 'and forth' "$(list)" '[["0.1.0",false],["0.2.0",true]]'
expect_exit 0 qetl plugin remove touch

# ---- changed, at each place; and what nobody should make ----
mkdir changed
cp site/index.json good.json
python3 - <<'P' >positions
import os
size = os.path.getsize("good.json")
step = max(1, size // 60)
print("\n".join(str(at) for at in range(0, size, step)))
P
for at in $(cat positions); do
    cp good.json changed/index.json
    python3 -c 'import sys
with open("changed/index.json", "r+b") as f:
    f.seek(int(sys.argv[1])); old = f.read(1); f.seek(int(sys.argv[1])); f.write(bytes([old[0] ^ 1]))' "$at"
    "$QETL" plugin install touch --index changed --json >out 2>err
    got="$? $(jq -r .error.code out)"
    [[ $got =~ ^3\ (index_damaged|index_format)$ ]] || fail "changed at $at: $got"
done
pass "changed at $(wc -l <positions) places"
expect_exit 0 python3 "$root/tests/indexes.py" craft good.json acme-index.qsecret crafted
XDG_DATA_HOME=$PWD/elsewhere expect_exit 0 qetl plugin search --index crafted/good
expect_text out '^touch'
count=0
while read -r name code text; do
    count=$((count + 1))
    XDG_DATA_HOME=$PWD/elsewhere timeout 60 "$QETL" plugin install touch --index "crafted/$name" --json >out 2>err
    got="$? $(jq -r .error.code out 2>&1)"
    if [ "$got" = "3 $code" ] && jq -r .error.message out | grep -q -- "$text"; then
        pass "$name: ${got#3 }"
    else
        fail "$name: $got, wanted $code ($text)" "$(head -c 500 out)"
    fi
done <crafted/refusals
expect_eq 'refusals tried' "$((count >= 55))" 1

# ---- older and other releases ----
cp site/index.json old.json
packed 0.3.0 site
expect_exit 0 index site
expect_exit 0 qetl plugin search
expect_text out '0\.3\.0'
cp site/index.json new.json
cp old.json site/index.json
for try in 'search' 'install touch' 'upgrade' "search --index $url/site/" "search --index site"; do
    # shellcheck disable=SC2086
    expect_exit 3 qetl plugin $try --json
    expect_json out '.error.code == "index_older"'
done
cp old.json site/index.json
expect_exit 0 index site --days 8 # release 2 once more, and another
expect_exit 3 qetl plugin search --json
expect_json out '.error.code == "index_changed"'
mkdir another
cp site/touch-0.3.0-*.qpkg another
expect_exit 0 index another --name another
cp another/index.json site/index.json
expect_exit 3 qetl plugin search --json
expect_json out '.error.code == "index_other"'
cp new.json site/index.json
expect_exit 0 qetl plugin search
echo x >"$depot/seen.json"
expect_exit 3 qetl plugin search --json
expect_json out '.error.code == "bad_seen"'
rm "$depot/seen.json"
expect_exit 0 qetl plugin search

# ---- the first index that has the name decides ----
mkdir first
packed 0.1.0 first
expect_exit 0 index first --name first
expect_exit 0 qetl plugin install touch --index first --index site --json
expect_json out '.result.packages[0].version == "0.1.0"'
expect_exit 0 qetl plugin upgrade --index first --index site
expect_text out 'is the newest'
expect_exit 0 qetl plugin remove touch
# Forward from the one that is used, which need not be the newest that is there.
for v in 0.1.0 0.3.0 0.1.0; do expect_exit 0 qetl plugin install "touch@$v" --index site; done
expect_exit 0 qetl plugin upgrade touch@0.2 --index site
expect_eq 'in between' "$(list)" '[["0.1.0",false],["0.2.0",true],["0.3.0",false]]'
expect_exit 0 qetl plugin remove touch
# One that cannot be had is no reason to take what another has.
expect_exit 3 qetl plugin install touch --index nowhere --index site
expect_exit 3 qetl plugin install touch --index "$url/nowhere" --index site
expect_eq 'nothing is installed' "$(list)" '[]'
expect_exit 3 qetl plugin search --index "$url/nowhere" --index site
expect_text out '^touch'

# ---- the key's scope is the index's ----
packed 0.1.0 another tulip
expect_exit 0 qetl key add acme-index.qkey --plugins 'tou*' --indexes --replace
expect_exit 0 index another
expect_exit 0 qetl plugin search --index another --json
expect_json out '[.result.packages[].name] == ["touch"]'
expect_text err '1 package of the index `another` is passed over, such as tulip'
expect_exit 3 qetl plugin install tulip --index another
expect_text err 'has tulip, with which its key `acme-index` is not trusted'
expect_exit 0 qetl key add acme-index.qkey --plugins '*' --indexes --replace
expect_exit 3 qetl plugin install tulip --index another
expect_text err 'not trusted with the plugin `tulip`'

# ---- packages that are not as the index says ----
expect_exit 0 index site
mkdir kept
rm touched
cp site/* kept
for change in 'cp $0-0.1.0-* $0-0.3.0-*.qpkg' 'printf x >>$0-0.3.0-*.qpkg' 'truncate -s -1 $0-0.3.0-*.qpkg' \
    'printf x | dd of=$(echo $0-0.3.0-*.qpkg) bs=1 seek=2000 conv=notrunc status=none' 'rm $0-0.3.0-*' ': >$(echo $0-0.3.0-*.qpkg)'; do
    bash -c "$change" site/touch
    for place in site "$url/site"; do
        expect_exit 3 qetl plugin install touch --index "$place"
        echo "    $(head -n 1 err)"
    done
    cp kept/* site
done
for way in endless long cut short status-404 status-500 headers redirect-6 redirect-away; do
    expect_exit 0 qetl plugin search --index "$url/site"
    expect_exit 3 qetl plugin search --index "$url/$way/site"
    echo "    $(head -n 1 err)"
done
expect_eq 'nothing was installed' "$(list)" '[]'
expect_absent touched "$depot/content/"*
expect_exit 0 qetl plugin install touch --index "$url/redirect-5/site"
expect_exit 0 qetl plugin remove touch

# ---- TLS, and who may ask ----
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
serve "$PWD" tls-port --tls tls.crt tls.key
tls=https://127.0.0.1:$(cat tls-port)
expect_exit 3 qetl plugin search --index "$tls/site" --json
expect_json out '.error.code == "download_tls"'
export SSL_CERT_FILE=$PWD/tls.crt
expect_exit 0 qetl plugin install touch --index "$tls/site"
expect_exit 3 qetl plugin search --index "https://localhost:$(cat tls-port)/site" --json
expect_json out '.error.code == "download_tls"'
quoted=$(jq -rn --arg u "$url/site/index.json" '$u | @uri')
expect_exit 3 qetl plugin search --index "$tls/to/$quoted" --json # from TLS to none
expect_json out '.error.code == "download_redirect"'
unset SSL_CERT_FILE
expect_exit 3 qetl plugin search --index "$url/auth/site"
expect_text err 'netrc'
HOME=$PWD/home
mkdir home
(umask 077 && echo 'machine 127.0.0.1 login reader password secret' >home/.netrc)
export HOME
expect_exit 0 qetl plugin search --index "$url/auth/site"
# The server leads on to a path of its own, and libcurl makes it whole.
expect_exit 3 qetl plugin search --index "$url/redirect-2/nowhere"
expect_text err '127.0.0.1:[0-9]+/nowhere'
expect_no_text err 'secret'
qetl plugin search --index "http://reader:secret@127.0.0.1/site" 2>err
expect_text err 'belong into ~/.netrc'
expect_no_text err 'secret'

# ---- at the same time ----
expect_exit 0 qetl plugin remove touch
installs=()
for v in 0.1.0 0.2.0 0.3.0 0.1.0 0.2.0 0.3.0; do
    qetl plugin install -q "touch@$v" --index "$url/site" &
    installs+=($!)
done
wait "${installs[@]}"
expect_eq 'all of them' "$(qetl plugin list --packages --json | jq '.result.packages | length')" 3
