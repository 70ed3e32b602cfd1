#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each shell loads its script and offers what the program knows.
. "$(dirname "$0")/lib.sh"

mkdir bin folder
ln -s "$QETL" bin/qetl
PATH=$PWD/bin:$PATH
: >pipeline.yaml
for shell in bash zsh fish; do
    expect_exit 0 qetl completion $shell
    mv out "qetl.$shell"
    command -v $shell >/dev/null || continue
    expect_exit 0 $shell -n "qetl.$shell"
done
expect_exit 2 qetl completion fisch
expect_text err 'did you mean fish'

# What bash offers after these words; the last is being typed.
cat >bash.sh <<'SH'
. ./qetl.bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_qetl
printf '%s\n' "${COMPREPLY[@]}"
SH
in_bash() {
    bash bash.sh "$@" 2>&1 | sort | paste -sd ' '
}
# What fish offers for a line: the words without their descriptions.
in_fish() {
    HOME=$PWD fish --no-config -c 'source qetl.fish; complete -C "'"$1"'"' 2>&1 | cut -f 1 | sort | paste -sd ' '
}
plugin_words=$("$QETL" help --format markdown | sed -n 's/^## qetl plugin //p' | sort | paste -sd ' ')
expect_eq 'bash: commands' "$(in_bash qetl va)" validate
expect_eq 'bash: second words' "$(in_bash qetl plugin '')" "$plugin_words"
expect_eq 'bash: options' "$(in_bash qetl run --plugin-d)" --plugin-dir
expect_eq 'bash: only its own options' "$(in_bash qetl version --w)" ''
expect_eq 'bash: choices' "$(in_bash qetl run --driver '')" 'pool pull'
expect_eq 'bash: choices after =' "$(in_bash qetl run --driver = pu)" 'pull'
expect_eq 'bash: files' "$(in_bash qetl run pipe)" pipeline.yaml
expect_eq 'bash: folders' "$(in_bash qetl run --plugin-dir f)" folder
expect_eq 'bash: formats' "$(in_bash qetl run --from-format nd)" ndjson
expect_eq 'bash: plugins' "$(in_bash qetl plugin info sele)" select
expect_eq 'bash: commands of help' "$(in_bash qetl help val)" validate
expect_eq 'bash: shells' "$(in_bash qetl completion z)" zsh
expect_eq 'bash: no value that it knows' "$(in_bash qetl run --workers '')" ''
if command -v fish >/dev/null; then
    expect_eq 'fish: commands' "$(in_fish 'qetl va')" validate
    expect_eq 'fish: second words' "$(in_fish 'qetl plugin ')" "$plugin_words"
    expect_eq 'fish: options' "$(in_fish 'qetl run --plugin-d')" --plugin-dir
    expect_eq 'fish: only its own options' "$(in_fish 'qetl version --w')" ''
    expect_eq 'fish: choices' "$(in_fish 'qetl run --driver p')" 'pool pull'
    expect_eq 'fish: files' "$(in_fish 'qetl run pipe')" pipeline.yaml
    expect_eq 'fish: folders' "$(in_fish 'qetl run --plugin-dir f')" folder/
    expect_eq 'fish: formats' "$(in_fish 'qetl run --from-format nd')" ndjson
    expect_eq 'fish: plugins' "$(in_fish 'qetl plugin info sele')" select
    expect_eq 'fish: commands of help' "$(in_fish 'qetl help val')" validate
    expect_eq 'fish: shells' "$(in_fish 'qetl completion z')" zsh
fi
# zsh completes in its line editor alone: it is typed to, on a terminal.
if command -v zsh >/dev/null; then
    cat >type.py <<'PY'
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", ZDOTDIR=os.getcwd(), PS1="> ", COLUMNS="200")
    os.execvp("zsh", ["zsh", "-f", "-i"])

def read_until(mark, seconds=20):
    seen, end = "", time.monotonic() + seconds
    while mark not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536).decode("utf-8", "replace")
            except OSError:
                break
    return seen

def send(text):
    os.write(terminal, text.encode())

send("autoload -Uz compinit; compinit -u -D; fpath=($PWD $fpath); source ./qetl.zsh; echo rea''dy\n")
read_until("\nready")
for line, wanted in [pair.split("\t") for pair in sys.stdin.read().splitlines()]:
    send("\x15" + line + "\t")
    seen = read_until(wanted)
    good = wanted in seen
    print("%s - zsh: %s TAB gives %s" % ("ok" if good else "not ok", line, wanted))
    if not good:
        print(repr(seen[-300:]))
send("\x15exit\n")
os.close(terminal)
PY
    printf '%s\t%s\n' 'qetl va' 'qetl validate ' 'qetl plugin inf' 'qetl plugin info ' \
        'qetl run --plugin-d' 'qetl run --plugin-dir ' 'qetl run --driver pul' 'qetl run --driver pull ' \
        'qetl run pipe' 'qetl run pipeline.yaml' 'qetl run --plugin-dir f' 'qetl run --plugin-dir folder' \
        'qetl run --from-format nd' 'qetl run --from-format ndjson' \
        'qetl plugin info sele' 'qetl plugin info select' 'qetl help val' 'qetl help validate' \
        'qetl completion fi' 'qetl completion fish' >lines
    timeout 60 python3 type.py <lines >zsh.out 2>&1
    cat zsh.out
    expect_eq 'zsh: lines completed' "$(grep -c '^ok - ' zsh.out)" "$(wc -l <lines)"
fi
