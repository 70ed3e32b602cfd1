#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one fault at a time in a copy of a source of the engine, its state or a sink, builds the program with failpoints
# anew, and shows that each proof of recovery that can see the fault sees it. A plant whose text is not found in its source
# fails: it has to be kept up.
#
#                                      kills   power_loss   faults   fencing   garbage
#   ack before the decision               x         x          x         x
#   a sync left out                                 x
#   a sync whose failure is passed over                        x
#   a barrier that is overtaken           x         x                    x
#   commit is not idempotent              x         x          x         x
#   the position moves early              x         x          x         x
#   the watermark moves early             x         x          x
#   letters that are not cut back         x         x
#   the generation is not checked                                        x
#   a later state, a damaged state                                                        x
#   a replay of dead letters that is settled wrongly: replays alone
#
# What is blank cannot be seen from there: a process that is killed leaves what it wrote without any sync; a call that is
# not made cannot fail; calls are counted in runs of one thread, in which nothing overtakes; two processes at once are what
# fencing alone has; and garbage gives whole runs one damaged state.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
seed=${SEED:-1}
export QETL_BUILD=$build QETL_SHIMS=$build/tests/shim
: "${QETL_PLUGIN_PATH:=$build/plugins/lib}"
original=$QETL_PLUGIN_PATH
only=${1:-} # of the names of plants
libraries=(-ljansson -lyaml -lpcre2-8 -lnettle -lsqlite3 -larchive -lzstd -lsodium -lm -pthread)
echo "seed $seed"

# All of the program's objects but the one that is replaced: $1 its source
program_link() {
    local objects=() object
    for object in $(<"$build/tests/failpoints/objects"); do
        [ "$object" = "tests/failpoints/${1%.c}.o" ] || objects+=("$object")
    done
    (cd "$build" && $CC -o "$work/program" "$work/plant.o" "${objects[@]}" -Wl,--start-group libqetl_show.a libqetl.a \
        libqetl_sdk.a -Wl,--end-group "${libraries[@]}" -ledit)
}

plugin_link() {
    local source object objects=() folder name
    folder=$(dirname "$1") name=$(basename "$(dirname "$1")")
    for source in "$folder"/*.c; do
        object=$build/${source%.c}.o
        [ "$source" = "$1" ] && object=$work/plant.o
        objects+=("$object")
    done
    $CC -shared -fPIC -Wl,--exclude-libs,ALL -o "$work/lib/$name.so" "${objects[@]}" "$build/plugins/lib/$name.note.o" \
        "$build/libqetl_sdk.a" -larchive -lz -lsqlite3 -lm
}

# name, source, the text in it, the fault, the proof and its arguments
plant() {
    local name=$1 source=$2
    [[ $name = *"$only"* ]] || return
    planted "$@" || return
    rm -rf "${work:?}/lib"
    cp -r "$original" "$work/lib"
    cp "$build/tests/bin/qetl_failpoints" "$work/program"
    local link=program_link
    [[ $source = core/* ]] || link=plugin_link
    if ! $CC -std=gnu11 -D_GNU_SOURCE= -O1 -w -fPIC -fvisibility=hidden -DQETL_FAILPOINTS -Isdk -Icore \
        -I"$(dirname "$source")" -c -o "$work/plant.o" "$work/plant.c" || ! $link "$source"; then
        verdict 1 "$name: it does not build"
        return
    fi
    shift 4
    local proof
    for proof in "$@"; do
        # shellcheck disable=SC2086 # a proof and its arguments
        sees "$name" $proof
    done
}

# name, proof, cases, pipelines… When a process is killed among threads is chance as well: what one seed does not see, another
# one may.
sees() {
    local name=$1 proof=$2 cases=$3 again code
    shift 3
    for again in 0 1 2; do
        QETL_PROOF=$work/program QETL_PLUGIN_PATH=$work/lib QETL_PROOF_WRONG=1 timeout 120 \
            python3 "tests/proof/$proof.py" "$cases" $((seed + again)) "$@" >"$work/out" 2>&1
        code=$?
        [ $code = 0 ] || break
        echo "        $name: not seen by $proof with the seed $((seed + again))"
    done
    [ $code = 1 ] && grep -q '^not ok' "$work/out"
    verdict $? "$name, seen by $proof: $(grep -m 1 '^not ok' "$work/out" | cut -c 10-130)"
    [ $code = 1 ] || tail -n 5 "$work/out"
}

plant "ack before the decision" core/run/decider.c \
    '    status = d->n_deciding ? decide_by_sinks' '    acknowledge_all(d);
    status = d->n_deciding ? decide_by_sinks' \
    'kills 600 queue' 'power_loss 3000 queue' 'faults 900 sync queue' 'fencing 300 queue'
plant "ack before the decision's fsync" core/state/database.c \
    '"PRAGMA synchronous = FULL"' '"PRAGMA synchronous = OFF"' 'power_loss 3000 queue'
plant "a decision that is forgotten by recovery" core/run/recover.c \
    'record->stage != QETL_STAGE_DECIDED ||' 'record->stage ||' \
    'kills 600 plain' 'power_loss 3000 plain' 'faults 900 rename,link,open plain'
plant "the folder of an output is not synced" plugins/sinks/file_sink/publish.c \
    'fd < 0 || fsync(fd) != 0 ? errno' 'fd < 0 ? errno' 'power_loss 3000 below'
plant "the folder of the state is not synced" core/state/folder_files.c \
    'if (fsync(folder->fd))' 'if (false)' 'power_loss 3000 plain queue'
plant "an output is not synced" plugins/sinks/file_sink/output.c \
    'code = fsync(out->fd);' 'code = 0;' 'power_loss 3000 plain append'
plant "the failure of an output's sync is passed over" plugins/sinks/file_sink/output.c \
    'code = fsync(out->fd);' 'code = fsync(out->fd) * 0;' 'faults 900 sync append'
plant "what comes behind a barrier overtakes it" core/run/stage.c \
    'if (input->ended || input->barrier)' 'if (input->ended)' \
    'kills 600 pair' 'power_loss 3000 pair' 'fencing 300 pair'
plant "the position moves early" core/run/cut.c \
    'stand->skip = framed(s)' 'stand->skip = (int64_t)s->drawn' \
    'kills 600 plain append' 'power_loss 3000 packed' 'faults 900 write,sync append' 'fencing 300 append'
plant "the watermark moves early" core/run/recover.c \
    'asked->n && asked->least >= run->attempt.undecided.number)' 'true); return status' \
    'kills 600 increment-sqlite' 'power_loss 3000 increment-sqlite' 'faults 900 write,sync increment-sqlite'
plant "commit is not idempotent" plugins/sinks/file_sink/publish.c \
    'if (final == OURS) { /* a link' 'if (final == OURS && staged == OURS) { /* a link' \
    'kills 600 plain queue' 'power_loss 3000 plain' 'faults 900 sync,open plain' 'fencing 300 plain'
plant "a sink that decides forgets what it committed" plugins/sinks/sqlite_sink/sink.c \
    's->recorded = !status;' '*number = 0; s->recorded = !status;' \
    'kills 600 sqlite-queue' 'power_loss 3000 sqlite-queue' 'faults 900 write,sync sqlite-queue'
plant "letters that nobody decided about stay" core/run/letters.c \
    'qetl_letter_store_begin(run->letters, epoch,' 'qetl_letter_store_begin(run->letters, UINT64_MAX,' \
    'kills 600 plain pair' 'power_loss 3000 plain'
plant "letters that were decided go" core/run/letters.c \
    'record->stage == QETL_STAGE_NONE ? 0 : record->number' '0 * record->number' 'kills 600 plain pair'
plant "letters are not synced before the decision" core/data/letter_file.c \
    '!file->stream && fsync(file->fd)' 'false' 'power_loss 3000 plain'
plant "a replay that was decided is forgotten" core/dlq/replay_resume.c \
    'else if (verdict == UNDECIDED)' 'else if (verdict == UNDECIDED || verdict == DECIDED)' 'replays 600'
plant "letters stay replayed by a replay that was not decided" core/dlq/replay_resume.c \
    'box ? qetl_letter_file_cut_replays(&box->file, from) : 0' '0' 'replays 600'
plant "the generation is not checked" core/state/store_change.c \
    'return fenced(store);
    return 0;' 'return 0;
    return 0;' 'fencing 300 nowhere'
plant "a sink does not compare generations" plugins/sinks/sqlite_sink/epochs.c \
    'if (values[1] > (int64_t)epoch->generation)' 'if (false)' 'fencing 60'
plant "a state of a later version is read" core/state/database.c \
    'if (!rc && *version > STATE_FORMAT)' 'if (false)' 'garbage 600'
plant "nobody looks at the tables of a state" core/state/database.c \
    'rc ? rc : tables_check(db)' '((void)tables_check, rc)' 'garbage 60'
plant "a damaged state is deleted" core/state/folder_files.c \
    '!renameat(folder->fd, name, folder->fd, aside)' '!unlinkat(folder->fd, name, 0)' 'garbage 600'

plants_end
