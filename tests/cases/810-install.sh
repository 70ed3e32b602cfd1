#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installed packages: versions side by side, what a pipeline finds, who is trusted when it runs, and that
# what was verified is what is loaded.
. "$(dirname "$0")/lib.sh"

XDG_CONFIG_HOME=$PWD/config
XDG_DATA_HOME=$PWD/data
QETL_TOUCH=$PWD/touched # the constructor of the plugin touch makes this file
export XDG_CONFIG_HOME XDG_DATA_HOME QETL_TOUCH
depot=$XDG_DATA_HOME/qetl/plugins

version() { # VERSION FOLDER: the plugin touch as that version, of as many letters as 0.1.0
    mkdir -p "$2"
    sed "s/0\.1\.0/$1/g" "$QETL_TEST_PLUGINS/touch.so" >"$2/touch.so"
    sed "s/0\.1\.0/$1/g" "$QETL_TEST_PLUGINS/touch.qetl.json" >"$2/touch.qetl.json"
}
packed() { # VERSION [KEY]: a package of it; its name
    version "$1" "made/$1"
    qetl plugin pack "made/$1" --out made --replace ${2:+--key "$2"} || echo missing
}
list() {
    qetl plugin list --packages --json | jq -c '[.result.packages[] | [.version, .used]]'
}
# Plugins of qetl's own, without the one that is tested.
mkdir plain
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: touch, input: s}}\n' >p.yaml
for v in 0.1.0 0.2.0 0.3.0; do sed "s/touch,/touch@$v,/" p.yaml >"p-$v.yaml"; done
run() {
    qetl run -q --no-state "$@"
}

expect_exit 0 qetl plugin keygen acme
one=$(packed 0.1.0 acme.qsecret)
two=$(packed 0.2.0 acme.qsecret)

# ---- trust decides ----
expect_exit 3 qetl plugin install "$one"
expect_text err 'not trusted here'
expect_absent "$depot/installed.json" "$depot/content/"*
expect_exit 0 qetl plugin list --packages
expect_text out '^no package is installed$'
expect_exit 0 qetl key list
expect_text out '^no key is trusted$'
expect_exit 2 qetl key add acme.qkey
expect_exit 2 qetl key add acme.qkey --plugins '../*'
expect_exit 2 qetl key add acme.qkey --plugins touch --expires tomorrow
expect_exit 2 qetl key add acme.qkey --plugins touch --name 'A B'
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' -p touch
expect_exit 3 qetl key add acme.qkey --plugins 'touch'
expect_text err 'exists'
expect_exit 0 qetl key list --json
expect_json out '.result.keys | length == 1 and .[0].plugins == ["x-*", "touch"] and .[0].expires == null and .[0].name == "acme"'

# ---- installed, and found ----
expect_exit 2 run p.yaml
expect_exit 0 qetl plugin install "$one" --json
expect_json out '.result.packages[0] | .installed and .name == "touch" and .signed_by == "acme"'
expect_exit 0 qetl plugin install "$one"
expect_text out 'before'
expect_exit 0 qetl plugin list --json
expect_json out '[.result.plugins[] | select(.id == "touch")] | length == 1 and (.[0].package | length == 64)'
expect_absent touched
expect_exit 0 run p.yaml
expect_eq 'it ran' "$(ls touched)" touched
expect_exit 0 run p-0.1.0.yaml
expect_exit 2 run p-0.2.0.yaml
expect_text err 'touch@0.2.0'

# ---- side by side ----
expect_exit 0 qetl plugin install "$two"
expect_eq 'the newest is used' "$(list)" '[["0.1.0",false],["0.2.0",true]]'
expect_exit 0 run p-0.1.0.yaml
expect_exit 0 run p-0.2.0.yaml
expect_exit 3 qetl plugin install "$one"
expect_text err 'older than 0.2.0'
expect_exit 0 qetl plugin install "$one" --downgrade
expect_eq 'the older one is used' "$(list)" '[["0.1.0",true],["0.2.0",false]]'
expect_exit 0 qetl plugin install "$two"
mkdir -p made/again
cp made/0.2.0/touch.* made/again
echo more >made/again/README
expect_exit 0 qetl plugin pack made/again --out made/again --key acme.qsecret
expect_exit 3 qetl plugin install made/again
expect_text err 'another package of touch 0.2.0'
# A folder that somebody names goes before packages; what came with qetl stands behind them.
expect_exit 0 qetl plugin info touch --plugin-dir made/0.1.0 --json
expect_json out '.result.components[0].library | endswith("made/0.1.0/touch.so")'

# ---- removed ----
expect_exit 2 qetl plugin remove touch@9.9.9
expect_exit 2 qetl plugin remove nothing
expect_exit 0 qetl plugin remove touch@0.2.0
expect_eq 'the one that stays is used' "$(list)" '[["0.1.0",true]]'
expect_eq 'its content is gone' "$(ls "$depot/content" | wc -l)" 1
expect_exit 0 qetl plugin install "$two"
expect_exit 0 qetl plugin remove touch --json
expect_json out '.result.removed == 2'
expect_eq 'nothing is left' "$(find "$depot/content" "$depot/unborn" -mindepth 1 | wc -l)" 0
expect_exit 2 run p.yaml

# ---- at the same time ----
for i in 1 2 3 4 5 6; do packed "0.4.$i" acme.qsecret >/dev/null; done
for i in 1 2 3 4 5 6; do qetl plugin install --downgrade made/touch-0.4."$i"-*.qpkg -q & done
wait
expect_eq 'all of them' "$(qetl plugin list --packages --json | jq '.result.packages | length')" 6
expect_exit 0 qetl plugin remove touch

# ---- unsigned ----
three=$(packed 0.3.0)
expect_exit 3 qetl plugin install "$three"
expect_text err 'nobody signed it'
expect_exit 3 qetl plugin install "$three" --allow-unsigned --json
expect_json out '.error.code == "claimed_name"'
expect_exit 0 qetl key remove acme
expect_exit 0 qetl plugin install "$three" --allow-unsigned
expect_text err 'nobody signed'
for _ in 1 2; do
    expect_exit 0 run p.yaml
    expect_text err 'warning: nobody signed the plugin touch 0.3.0'
done
expect_exit 0 qetl key add acme.qkey --plugins 'x-*' -p touch # whose name it is from now on
expect_exit 3 run p.yaml
expect_text err 'nobody signed the plugin touch, and the name of the plugin `touch` belongs to the key `acme`'
expect_exit 0 qetl plugin remove touch

# ---- a key that ends ----
expect_exit 0 qetl plugin install "$one"
expect_exit 0 qetl key add acme.qkey --plugins touch --expires 2024-12-31 --replace
expect_exit 3 qetl plugin install "$two"
expect_text err 'until 2024-12-31'
expect_exit 0 run p.yaml
expect_text err 'warning: the key `acme` .* until 2024-12-31'
expect_exit 0 qetl key add acme.qkey --plugins other --replace
rm -f touched
expect_exit 3 run p.yaml
expect_text err 'not trusted with the plugin `touch`'
expect_exit 0 qetl key remove acme
expect_exit 2 qetl key remove acme
expect_exit 3 run p.yaml
expect_text err 'signed by a key that is not trusted'
expect_absent touched
expect_exit 0 qetl key add acme.qkey --plugins 'to*'
expect_exit 0 run p.yaml

# ---- damaged, or changed: refused before any of its code runs ----
content=$(echo "$depot"/content/*)
chmod -R u+w "$content"
cp -r "$content" kept
for change in 'printf x >>touch.so' 'printf x | dd of=touch.so bs=1 seek=5000 conv=notrunc status=none' 'rm touch.so' \
    'ln -sf /etc/passwd touch.so' 'printf " " >>touch.qetl.json' 'rm touch.qetl.json' 'printf " " >>CONTENTS' 'rm CONTENTS' \
    'mkfifo pipe && mv pipe touch.so' 'mkfifo pipe && mv pipe CONTENTS'; do
    rm -f touched
    (cd "$content" && bash -c "$change")
    expect_exit 3 run p.yaml
    expect_absent touched
    rm -rf "$content"
    cp -r kept "$content"
done
expect_exit 0 run p.yaml
# Another package of that version, which has a good signature as well: it is not the one that was installed.
mkdir made/other
cp made/0.1.0/touch.* made/other
echo more >made/other/README
expect_exit 0 qetl plugin pack made/other --out made/other --key acme.qsecret
expect_exit 0 env XDG_DATA_HOME="$PWD/elsewhere" "$QETL" plugin install made/other
chmod -R u+w "$content"
rm -r "$content"
cp -r elsewhere/qetl/plugins/content/* "$content"
rm -f touched
expect_exit 3 run p.yaml
expect_text err 'its list of files was changed'
expect_absent touched
chmod -R u+w "$content"
rm -r "$content"
cp -r kept "$content"
expect_exit 0 run p.yaml
for change in 'echo x >installed.json' 'rm -rf content' 'chmod o+w .' 'sed -i s/touch/tough/ installed.json' \
    'sed -i "s/\"signature\": \"[^A]/\"signature\": \"A/; t; s/\"signature\": \"A/\"signature\": \"B/" installed.json' 'sed -i /signature/d installed.json'; do
    cp -r "$depot" whole
    (cd "$depot" && bash -c "$change")
    expect_exit 3 run p.yaml
    chmod o-w "$depot"
    rm -rf "$depot"
    mv whole "$depot"
done
# Installing it again mends it.
printf x >>"$content/touch.so"
expect_exit 3 run p.yaml
expect_exit 0 qetl plugin install "$one"
expect_exit 0 run p.yaml

# ---- a run keeps what it began with ----
mkfifo pipe
sed 's/path: in.csv/path: pipe, format: {type: csv}/' p.yaml >pipe.yaml
qetl run -q --no-state pipe.yaml 2>err &
pid=$!
exec 3>pipe # opened at both ends: the run knows its plugins, and has yet to load that of the sink
expect_exit 0 qetl plugin remove touch
expect_eq 'its files stay as long' "$(ls "$depot/content" | wc -l)" 1
printf 'id\n1\n' >&3
exec 3>&-
wait "$pid"
expect_eq 'it came to its end' $? 0
expect_exit 0 qetl plugin install "$two"
expect_eq 'and then they go' "$(ls "$depot/content" | wc -l)" 1

# ---- a file that is exchanged between the look and the load ----
content=$(echo "$depot"/content/*)
chmod -R u+w "$content"
QETL_EVILS=$PWD/evil
export QETL_EVILS
sed 's/QETL_TOUCH/QETL_EVILS/' made/0.2.0/touch.so >evil.so
cp made/0.2.0/touch.so good.so
cat >race.py <<'PY'
import os, sys
target, good, evil = sys.argv[1:4]
texts = [open(name, "rb").read() for name in (evil, good)]
round = 0
while os.getppid() != 1 and not os.path.exists("enough"):
    round += 1
    if round % 3:  # another file under its name
        with open(target + ".new", "wb") as file:
            file.write(texts[round % 2])
        os.rename(target + ".new", target)
    else:  # other bytes in the very same file
        with open(target, "r+b") as file:
            file.write(texts[round % 2])
PY
race() { # FOLDER COMMAND…: forty runs while its library changes
    local target=$1
    shift
    rm -f evil enough
    ran=0 refused=0 other=0
    python3 race.py "$target/touch.so" good.so evil.so &
    local racer=$!
    for _ in $(seq 40); do
        "$@" >out 2>err
        case $? in 0) ran=$((ran + 1)) ;; 3) refused=$((refused + 1)) ;; *) other=$((other + 1)) ;; esac
    done
    : >enough
    wait "$racer"
    echo "    $ran ran, $refused were refused, $other"
}
race "$content" run p.yaml
expect_eq 'neither ran nor refused' "$other" 0
expect_eq 'some were refused' "$((refused > 0))" 1
expect_absent evil
# The same race is lost where a folder is trusted as it stands: the test sees what it looks for.
mkdir folder
cp made/0.2.0/touch.* folder
race "$PWD/folder" run --plugin-dir folder p.yaml
expect_eq 'the writer wins elsewhere' "$(ls evil)" evil
