#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Packages: what is packed is taken; what nobody should make is refused, each for its own reason, and
# before any of its code runs.
. "$(dirname "$0")/lib.sh"

XDG_CONFIG_HOME=$PWD/config
QETL_TOUCH=$PWD/touched # the constructor of the plugin touch makes this file
export XDG_CONFIG_HOME QETL_TOUCH
touch_so=$QETL_TEST_PLUGINS/touch.so
trusted=config/qetl/trusted-keys
mkdir -p "$trusted"
trust() { # NAME PLUGINS [EXPIRES]: as `plugins` and `expires` of a trusted key
    jq --argjson plugins "$2" --arg expires "${3-}" '.plugins = $plugins | if $expires != "" then .expires = $expires else . end' \
        "$1.qkey" >"$trusted/$1.qkey"
}

# ---- keys ----
expect_exit 0 qetl plugin keygen acme --json
expect_json out '.result.name == "acme" and .result.secret == "./acme.qsecret"'
expect_eq 'who may read a secret' "$(stat -c %a acme.qsecret)" 600
cp acme.qsecret before
expect_exit 3 qetl plugin keygen acme
expect_text err 'exists'
expect_same acme.qsecret before
mkdir keys
expect_exit 0 qetl plugin keygen other --out keys
cp keys/other.* .
for name in Acme a/b ../x '' -x; do
    expect_exit 2 qetl plugin keygen -- "$name"
done

# ---- packing ----
mkdir dist
expect_exit 0 qetl plugin pack "$touch_so" --out dist --key acme.qsecret
file=$(cat out)
expect_eq 'its name' "$file" "dist/touch-0.1.0-linux-$(uname -m)-glibc.qpkg"
expect_exit 3 qetl plugin pack "$touch_so" --out dist --key acme.qsecret
expect_text err 'raise the version'
cp "$file" first
expect_exit 0 qetl plugin pack "$touch_so" --out dist --key acme.qsecret --replace --json
expect_json out '.result.files == 2 and .result.packed_bytes > 1000 and .result.platform == "linux-'"$(uname -m)"'-glibc"'
expect_same "$file" first
# However it was stripped; debug information may lie elsewhere.
for way in 'strip' 'strip --strip-unneeded' 'objcopy --strip-debug' 'objcopy --compress-debug-sections=zlib' \
    'objcopy --add-gnu-debuglink=stripped/touch.debug'; do
    rm -rf stripped && mkdir stripped
    cp "$touch_so" "${touch_so%.so}.qetl.json" stripped
    objcopy --only-keep-debug "$touch_so" stripped/touch.debug
    $way stripped/touch.so
    expect_exit 0 qetl plugin pack stripped/touch.so --out stripped
done
# A folder brings all that is in it; what it may not bring is refused.
mkdir -p whole/docs
cp "$touch_so" whole
echo 'read me' >whole/docs/README
expect_exit 0 qetl plugin pack whole/ --json
expect_json out '.result.files == 3'
expect_exit 0 qetl plugin verify --allow-unsigned "$(jq -r .result.path out)"
expect_text err 'nobody signed'
for bad in 'ln -s /etc/passwd whole/link' 'mkfifo whole/pipe' 'echo x >whole/.hidden' "echo x >'whole/a b'" \
    'echo x >whole/DOCS' 'cp whole/touch.so whole/second.so' 'rm whole/touch.so' 'echo x >whole/contents' \
    'sed "s/Shows that/Tells that/" "$QETL_TEST_PLUGINS/touch.qetl.json" >whole/touch.qetl.json'; do
    cp -r whole kept
    bash -c "$bad"
    expect_exit 3 qetl plugin pack whole --out dist --replace
    rm -rf whole
    mv kept whole
done
mkdir careless
cp "$touch_so" "${touch_so%.so}.qetl.json" acme.qsecret careless
expect_exit 3 qetl plugin pack careless --out dist --key acme.qsecret --replace
expect_text err 'acme.qsecret.*a key that signs'
rm -r careless
expect_exit 2 qetl plugin pack nothing.so
expect_exit 3 qetl plugin pack "$file"
chmod 644 acme.qsecret
expect_exit 3 qetl plugin pack "$touch_so" --key acme.qsecret --replace
expect_text err 'others .* may read'
chmod 600 acme.qsecret
cp acme.qkey public
chmod 600 public
expect_exit 3 qetl plugin pack "$touch_so" --key public
expect_text err 'no secret'

# ---- trust ----
expect_exit 3 qetl plugin verify "$file"
expect_text err 'not trusted here'
expect_exit 0 qetl plugin verify --key acme.qkey "$file"
expect_exit 3 qetl plugin verify --key other.qkey "$file"
trust acme '["touch", "acme-*"]'
expect_exit 0 qetl plugin verify "$file" --json
expect_json out '.result.signed_by == "acme" and .result.name == "touch" and (.result.digest | length == 64)'
trust acme '["acme-*"]'
expect_exit 3 qetl plugin verify "$file" --json
expect_json out '.error.code == "key_out_of_scope"'
trust acme '["t?uch"]' 2999-12-31
expect_exit 0 qetl plugin verify "$file"
trust acme '["*"]' 2024-02-29
expect_exit 3 qetl plugin verify "$file" --json
expect_json out '.error.code == "key_expired" and (.error.message | contains("2024-02-29"))'
trust acme '["*"]' "$(date -u +%Y-%m-%d)"
expect_exit 0 qetl plugin verify "$file"
# A key that is not understood in full trusts nothing, aloud.
for change in '.expires = "2024-02-30"' '.expires = 5' '.plugins = []' '.plugins = "*"' '.plugins = ["../*"]' '.note = 1' \
    '.key = "x"' '.type = "qetl-secret/1"' '.name = "A"'; do
    trust acme '["*"]'
    jq "$change" acme.qkey >"$trusted/acme.qkey"
    expect_exit 3 qetl plugin verify "$file"
    expect_text err "acme.qkey: error"
done
cp acme.qkey "$trusted/acme.qkey" # as keygen made it: nobody said which plugins
expect_exit 3 qetl plugin verify "$file" --json
expect_json out '.error.code == "key_out_of_scope"'
trust acme '["*"]'
chmod 666 "$trusted/acme.qkey"
expect_exit 3 qetl plugin verify "$file"
expect_text err 'others .* may change'
chmod 644 "$trusted/acme.qkey"
chmod 777 "$trusted"
expect_exit 3 qetl plugin verify "$file"
expect_text err 'others .* may change'
chmod 755 "$trusted"
expect_exit 0 qetl plugin verify "$file"

# ---- signing ----
mkdir unsigned
expect_exit 0 qetl plugin pack "$touch_so" --out unsigned --json
unsigned=$(jq -r .result.path out)
expect_exit 3 qetl plugin verify "$unsigned" --json
expect_json out '.error.code == "unsigned_package"'
expect_exit 2 qetl plugin sign "$unsigned"
expect_exit 0 qetl plugin sign "$unsigned" --key acme.qsecret
expect_same "$unsigned" "$file"
expect_exit 0 qetl plugin sign "$unsigned" --key other.qsecret
expect_exit 0 qetl plugin verify "$unsigned" --key other.qkey
expect_exit 3 qetl plugin verify "$unsigned" --json
expect_json out '.error.code == "untrusted_key"'

# ---- what nobody should make ----
expect_exit 0 python3 "$root/tests/packages.py" "$touch_so" acme.qsecret crafted
expect_exit 0 qetl plugin verify crafted/good.qpkg
count=0
while read -r name code text; do
    count=$((count + 1))
    timeout 60 "$QETL" plugin install "crafted/$name.qpkg" --json >out 2>err
    got="$? $(jq -r .error.code out 2>&1)"
    if [[ $got =~ ^3\ ($code)$ ]] && jq -r .error.message out | grep -q -- "$text"; then
        pass "$name: ${got#3 }"
    else
        fail "$name: $got, wanted $code ($text)" "$(head -c 500 out)"
    fi
done <crafted/refusals
expect_eq 'refusals tried' "$((count >= 100))" 1
expect_eq 'what they left' "$(find "$XDG_DATA_HOME/qetl/plugins/content" "$XDG_DATA_HOME/qetl/plugins/unborn" -mindepth 1 | wc -l)" 0
expect_absent "$XDG_DATA_HOME/qetl/plugins/installed.json"
expect_absent touched
# The trap is set: whoever loads that library leaves a trace.
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
expect_exit 0 env QETL_PLUGIN_PATH="$QETL_PLUGIN_PATH:$QETL_TEST_PLUGINS" "$QETL" run -q --no-state p.yaml
expect_eq 'who loads it is seen' "$(ls touched)" touched
