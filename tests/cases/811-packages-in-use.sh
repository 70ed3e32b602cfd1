#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installed packages that are read while they are changed: nobody's lock is in a reader's way, a run keeps what it
# began with, and what went wrong is called by its name.
. "$(dirname "$0")/lib.sh"

depot=$XDG_DATA_HOME/qetl/plugins
mkdir -p plain made/words
for name in file_source csv file_sink; do
    cp "${QETL_PLUGIN_PATH%%:*}/$name.so" "${QETL_PLUGIN_PATH%%:*}/$name.qetl.json" plain
done
export QETL_PLUGIN_PATH=$PWD/plain
cp "$QETL_TEST_PLUGINS"/beside.{so,qetl.json} made
echo first >made/words/one.txt
printf 'id\n1\n' >in.csv
printf 'sources: {s: {plugin: file, path: in.csv}}\nsinks: {t: {plugin: beside, input: s, file: words/one.txt, folder: words, out: got}}\n' >p.yaml
run() {
    qetl run -q --no-state "$@"
}
expect_exit 0 qetl plugin keygen acme
expect_exit 0 qetl plugin keygen other
for key in acme other; do
    expect_exit 0 qetl key add "$key.qkey" --plugins '*'
    mkdir "by-$key"
    expect_exit 0 qetl plugin pack made --key "$key.qsecret" --out "by-$key"
done
# What cannot be written leaves nothing behind.
(ulimit -f 4 && trap '' XFSZ && qetl plugin install by-acme/*.qpkg >out 2>err) && fail 'a small limit of files'
expect_text err 'cannot be installed: File too large'
expect_text err 'write larger files \(ulimit -f\)'
expect_eq 'nothing is left' "$(find "$depot/unborn" "$depot/content" -mindepth 1)" ''
expect_exit 0 qetl plugin install by-acme/*.qpkg
content=$(echo "$depot"/content/*)

# ---- locks of others ----
cat >hold.py <<'PY'
import fcntl, os, sys, time
held = []
for path in filter(os.path.exists, sys.argv[1:]):
    held.append(os.open(path, os.O_RDONLY))
    fcntl.flock(held[-1], fcntl.LOCK_EX)
open("held", "w").close()
while not os.path.exists("let-go") and os.getppid() != 1:
    time.sleep(0.02)
PY
hold() { # PATH…: exclusive locks, by whoever may open them; $holder
    rm -f held let-go
    python3 hold.py "$@" &
    holder=$!
    while [ ! -e held ]; do sleep 0.02; done
}
let_go() {
    : >let-go
    wait "$holder"
}
hold "$depot" "$depot/content" "$content" "$content/CONTENTS" "$depot/users" "$depot/installed.json" "$depot/unborn"
expect_exit 0 run p.yaml
expect_exit 0 qetl plugin audit
expect_exit 0 qetl doctor
expect_exit 0 qetl plugin install by-acme/*.qpkg
let_go
expect_eq 'who may open the lock of changes' "$(stat -c %a "$depot/lock")" 600
chmod 666 "$depot/lock"
expect_exit 0 qetl plugin install by-acme/*.qpkg
expect_eq 'as it was' "$(stat -c %a "$depot/lock")" 600
# Where there are no locks, it is read without.
if [ -z "$QETL_SANITIZER" ]; then
    LD_PRELOAD=$QETL_BUILD/tests/shim/fail.so QETL_SHIM=lock:1+:ENOLCK expect_exit 0 run p.yaml
    LD_PRELOAD=$QETL_BUILD/tests/shim/fail.so QETL_SHIM=lock:1+:ENOLCK expect_exit 3 qetl plugin remove beside
    expect_text err 'cannot be locked: No locks available'
    expect_text err 'have it on a local disk'
    LD_PRELOAD=$QETL_BUILD/tests/shim/fail.so QETL_SHIM=write:1+:ENOSPC expect_exit 3 qetl plugin remove beside
    expect_text err 'the list of installed packages cannot be written: No space left'
    expect_text err 'make room on its file system'
fi

# ---- who changes it waits for who changes it, and says so ----
hold "$depot/lock"
echo "$holder" >"$depot/lock"
(
    while [ ! -s told ]; do sleep 0.05; done
    : >let-go
) &
waiter=$!
qetl plugin install by-acme/*.qpkg 2>told
expect_eq 'it was done then' $? 0
expect_text told "waiting for process $holder, which changes the packages in $depot"
wait "$holder" "$waiter"

# ---- many versions, few open files ----
few() { # as few as a run needs; what it says on the way down to them has nothing to do with damage
    local most
    for most in $(seq 10 200); do
        (ulimit -n "$most" && run p.yaml) >out 2>err && break
        if grep -q damaged err; then
            fail "with $most files: $(grep -m 1 damaged err)"
            break
        fi
    done
    echo "$most"
}
if [ -z "$QETL_SANITIZER" ]; then
    alone=$(few)
    for i in $(seq 24); do
        version=$((i / 10)).$((i % 10)).0
        mkdir -p "v/$version"
        for end in so qetl.json; do sed "s/0\.1\.0/$version/g" "$QETL_TEST_PLUGINS/touch.$end" >"v/$version/touch.$end"; done
        expect_exit 0 qetl plugin pack "v/$version" --key acme.qsecret --out v
    done
    expect_exit 0 qetl plugin install v/*.qpkg
    expect_eq 'they cost no open files' "$(few)" "$alone"
    expect_exit 0 qetl plugin remove touch
fi

# ---- the same files by another signer, or by none: cut short anywhere, a run finds what was, or what was to be ----
mkdir by-nobody
qetl plugin pack made --out by-nobody 2>err || fail "no unsigned package: $(cat err)"
cut_short() { # CLASS HOW: at the first, second, … call of that class, until there are none left
    local n=0 was next code now
    while :; do
        n=$((n + 1))
        was=$(signer)
        case $was in acme) next=other ;; other) next=nobody ;; *) next=acme ;; esac
        rm -f fired
        LD_PRELOAD=$QETL_BUILD/tests/shim/fail.so QETL_SHIM="$1:$n:$2" QETL_SHIM_FIRED=$PWD/fired \
            "$QETL" plugin install --change-signer --allow-unsigned by-$next/*.qpkg >out 2>err
        code=$?
        [ -e fired ] || break
        now=$(signer)
        case $code:$now in
        137:"$was" | 137:"$next" | 3:"$was" | 3:"$next" | 0:"$next") ;;
        *) fail "$1 $n $2: $code, $was is $now, and was to be $next" "$(cat err)" ;;
        esac
        expect_exit 0 run p.yaml
        expect_exit 0 qetl plugin audit
    done
    expect_eq "$1 $2: there were some" "$((n > 1))" 1
}
signer() {
    "$QETL" plugin list --packages --json | jq -r '.result.packages[] | select(.name == "beside") | .signed_by // "nobody"'
}
if [ -z "$QETL_SANITIZER" ]; then
    for how in rename:KILL rename:DIE sync:KILL sync:ENOSPC write:ENOSPC; do cut_short "${how%:*}" "${how#*:}"; done
    expect_exit 0 qetl plugin install --change-signer by-acme/*.qpkg
fi

# ---- a run keeps what it began with ----
mkfifo pipe
sed 's/path: in.csv/path: pipe, format: {type: csv}/' p.yaml >pipe.yaml
late() { # COMMAND…: while a run knows its plugins, and has yet to load that of its sink, which reads a file then
    rm -f got
    qetl run -q --no-state pipe.yaml 2>err-late &
    local run=$!
    exec 3>pipe
    "$@"
    printf 'id\n1\n' >&3
    exec 3>&-
    wait "$run"
    expect_eq "it came to its end: $*" $? 0
    expect_eq 'and read its file' "$(tail -n 1 got)" first
}
same() { # it is there already: not a file of it is written anew
    local before
    before=$(stat -c '%i %z' "$content"/*)
    expect_exit 0 qetl plugin install --change-signer by-acme/*.qpkg
    expect_eq 'as it stood there' "$(stat -c '%i %z' "$content"/*)" "$before"
}
late same
late expect_exit 0 qetl plugin install --change-signer by-other/*.qpkg
expect_exit 0 qetl plugin list --packages --json
expect_json out '.result.packages[0].signed_by == "other"'
spoil() {
    rm "$content/CONTENTS"
    expect_exit 0 qetl plugin install --change-signer by-acme/*.qpkg
}
late spoil
late expect_exit 0 qetl plugin remove beside
expect_eq 'it is there as long as it was read' "$(ls "$depot/content" | wc -l)" 1
expect_exit 0 qetl plugin install by-acme/*.qpkg
expect_exit 0 qetl plugin remove beside
expect_eq 'and no longer' "$(find "$depot/content" "$depot/unborn" -mindepth 1 | wc -l)" 0

# ---- who may change what is there ----
expect_exit 0 qetl plugin install by-acme/*.qpkg
refused() { # CODE MESSAGE: by those that read it, and by those that write there
    expect_exit 3 run p.yaml --json
    expect_json out ".error.code == \"$1\" and (.error.message | test(\"$2\"))"
    expect_exit 3 qetl plugin audit --json
    expect_json out ".error.code == \"$1\" and (.error.message | test(\"$2\"))"
}
for what in . content installed.json; do
    chmod o+w "$depot/$what"
    refused unsafe_packages 'others on this machine may change'
    expect_exit 3 qetl plugin remove touch
    expect_text err "chmod go-w $depot"
    chmod o-w "$depot/$what"
done
for what in . CONTENTS beside.qetl.json; do
    chmod o+w "$content/$what"
    refused package_damaged 'may be changed by others on this machine'
    chmod o-w "$content/$what"
done
# The file that readers lock: a run says that it is not as it should be, and whoever changes something makes it so.
for fault in 'rm users' 'chmod 666 users' 'rm users; mkdir users' 'rm users; ln -s lock users' 'chmod 000 users' 'chown 12345 users'; do
    if [ "$(id -u)" = 0 ]; then
        case $fault in chmod\ 000*) continue ;; esac
    else
        case $fault in chown*) continue ;; esac
    fi
    (cd "$depot" && bash -c "$fault")
    expect_exit 0 run p.yaml
    expect_text err 'warning: packages may be removed while they are in use, as the file `users`'
    case $fault in
    *mkdir*) # what is no file is for its owner to remove
        expect_exit 3 qetl plugin install by-acme/*.qpkg
        rmdir "$depot/users"
        ;;
    esac
    expect_exit 0 qetl plugin install by-acme/*.qpkg
    expect_eq "$fault: as it was" "$(stat -c '%a %u %F' "$depot/users")" "644 $(id -u) regular empty file"
    expect_exit 0 run p.yaml
    expect_no_text err warning
done
chmod g+w "$content/words"
expect_exit 3 run p.yaml
expect_exit 3 qetl plugin audit
chmod g-w "$content/words"
expect_exit 0 run p.yaml
mv "$depot/content" elsewhere
ln -s "$PWD/elsewhere" "$depot/content"
expect_exit 3 run p.yaml
expect_text err 'cannot be read'
expect_exit 3 qetl plugin install by-acme/*.qpkg
rm "$depot/content"
mv elsewhere "$depot/content"
for pipe in installed.json lock; do
    mv "$depot/$pipe" kept
    mkfifo "$depot/$pipe"
    QETL_RUN_SECONDS=20 expect_exit 3 qetl plugin remove nothing
    rm "$depot/$pipe"
    mv kept "$depot/$pipe"
done
mv "$depot" kept
echo x >"$depot"
expect_exit 3 run p.yaml
expect_text err 'cannot be read: Not a directory'
expect_exit 3 qetl plugin audit
rm "$depot"
mv kept "$depot"
expect_exit 0 run p.yaml
# Who may not look does not know that there is nothing.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && [ -z "$QETL_SANITIZER" ]; then
    nobody() {
        setpriv --reuid 65534 --clear-groups timeout 60 ./program "$@"
    }
    cp "$QETL" program
    chmod 755 "$scratch" "$runtime" "$runtime/data"
    chmod -R a+rX plain in.csv p.yaml program
    chmod 700 "$depot/.."
    for command in 'run -q --no-state p.yaml' 'plugin audit' 'plugin list'; do
        # shellcheck disable=SC2086
        expect_exit 3 nobody $command
        expect_text err "$depot: .*cannot be read: Permission denied"
    done
    chmod a+rX "$runtime/data/qetl" "$depot" "$depot/.."
    chmod -R a+rX "$depot/content"
    chmod go-r "$content/CONTENTS"
    for command in 'run -q --no-state p.yaml' 'plugin audit'; do
        # shellcheck disable=SC2086
        expect_exit 3 nobody $command
        expect_text err 'beside .* cannot be read: CONTENTS: Permission denied'
        expect_text err 'mend: what is installed has to be readable by those that use it'
    done
    mkdir -m 700 closed
    for command in 'install closed:this folder cannot be read' 'pack closed:it cannot be packed'; do
        # shellcheck disable=SC2086
        expect_exit 3 nobody plugin ${command%:*}
        expect_text err "closed: error: ${command#*:}: Permission denied"
        expect_text err 'mend: ls -ld closed shows what it is, and who may read it'
    done
    chmod a+r "$content/CONTENTS"
    chmod go-r plain/csv.so
    expect_exit 3 nobody plugin lock p.yaml
    expect_text err 'csv.so: error: this library cannot be read: Permission denied'
    expect_text err 'mend: what is installed has to be readable by those that use it'
fi
