#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Faults that were built into tiny plugins, each against the rule that has to name it; and the same
# plugins without a fault.
# tsan: no
. "$(dirname "$0")/lib.sh"

# Under AddressSanitizer it is the checker that is looked at, while it has to do with them: then each leads to its
# own rule alone, as that is quicker.
only=
[ -z "$QETL_SANITIZER" ] || only=yes
command -v "${CC:-cc}" >/dev/null || skip_all "there is no C compiler"
bad=$root/tests/plugins/bad

# bad KIND FAULT FLAG…: builds bad_KIND.so with it, in the folder FAULT
bad() {
    local kind=$1 fault=$2
    shift 2
    mkdir -p "$kind-$fault"
    cp "$bad/bad_$kind.qetl.json" "$kind-$fault/"
    (cd "$kind-$fault" && "${CC:-cc}" -std=gnu11 -O1 -D_GNU_SOURCE= -DFAULT="$fault" "$@" -I"$root/sdk" \
        -I"$bad" -Wa,-I"$bad" -fPIC -shared -fvisibility=hidden -Wl,--exclude-libs,ALL \
        -o "bad_$kind.so" "$bad/bad_$kind.c" "$QETL_BUILD/libqetl_sdk.a" -lm 2>err) ||
        fail "bad_$kind with $fault does not build" "$(cat "$kind-$fault/err")"
}

# try KIND FAULT RULE FLAG…: builds it, and checks it
try() {
    local kind=$1 name=$2 rule=$3 flags="${*:4}"
    # shellcheck disable=SC2086
    bad "$kind" "$name" ${flags%%--*}
    [ "$name" != note_missing ] || echo >>"$kind-$name/bad_$kind.qetl.json"
    # shellcheck disable=SC2086
    qetl plugin check "./$kind-$name/bad_$kind.so" --timeout 2 --json ${only:+--only $rule} ${flags#"${flags%%--*}"} >"$kind-$name.json" 2>"$kind-$name.err"
    echo $? >"$kind-$name.code"
}

for kind in source transform sink format; do
    bad $kind no_fault
    expect_exit 0 qetl plugin check ./$kind-no_fault/bad_$kind.so --json
    expect_json out '.result.broken == 0 and .result.held > 30'
done

# The table: kind, fault, rule, and flags for the compiler and the check.
cat >table <<'END'
source rows_ignored source-demand
source deadline_missed source-deadline --only source-deadline --timeout 1 --limit 6
source memory_left leak-memory
source text_left leak-memory
source mapping_left leak-memory
source descriptor_left leak-files
source thread_left leak-threads
source buffer_left leak-buffers
source umask_changed process-state
source process_left process-state
source stdout_written process-state
source stdin_closed process-state
source text_invalid arrow
source buffer_unaligned arrow
source nulls_miscounted arrow
source release_unmarked release
source release_late release
source position_ignored source-position
source position_guessed position-garbage
source interrupt_crashes interrupt
source interrupt_ignored interrupt --only interrupt
source thread_bound migration
source state_shared instances-apart
source rows_counted instances-apart
source options_last instances-apart
source options_first instances-apart
source failure_silent error --only error
source status_unknown status
source option_unread options-read
source option_unknown options-known
source option_refused options-accepted
source state_overrun state-size
source struct_overrun growth
source process_ended run
source aborts lifecycle
source symbol_exported symbols-exported -DFAULT_EXPORT
source symbol_missing symbols-undefined -DFAULT_IMPORT
source note_missing manifest-note
source version_other manifest-binary
source size_small tables
source callback_missing tables
source constructor_slow load-time --only load-time --timeout 20
source constructor_opens load-quiet
source constructor_hangs load
source constructor_ends load
source constructor_faults load
source constructor_forks load-quiet
source entry_obliging entry-abi
source malloc_unchecked memory
source buffer_unchecked host-memory
source wake_forgotten wake --only wake
source log_lines host-calls
source extension_assumed extensions
source extension_guessed extensions
source limit_ignored source-negotiate
source splits_mixed source-splits
source item_backward source-item
source delivery_unknown describe
source throttled_bare retry
source memory_unwritten unseen-bytes
source rows_divided options-accepted
source value_fatal options-accepted
source new_unchecked memory -DFAULT_NEW -Wl,-no-as-needed -lstdc++
source unit_divided options-accepted
source word_crashes options-accepted
source mark_short options-accepted
source mark_long options-accepted -fstack-protector-all
source rows_hang options-accepted --only options-accepted --timeout 1
source option_unnamed options-accepted
source open_silent error
source open_misleads error
source open_crashes error
source never_ends run --only run --limit 4
source idles_ever run --only run --limit 2
transform map_beyond row-map
transform map_backward row-map
transform derived_short row-map
transform rows_lost ledger
transform input_kept lent
transform input_reread lent
transform offset_ignored array-offset
transform batches_seen pieces
transform state_forgotten save
transform state_unversioned restore-garbage
transform state_unchecked restore-garbage
transform derived_wrongly bind-derived
transform column_invented bind
transform column_overread bind-reads
transform merge_forgets merge
transform kept_on_failure moved-on-failure
transform column_on_failure moved-on-failure
transform ends_never run --only run --limit 4
transform blocked_bare wake --only wake
transform rejects_beyond host-calls
transform bind_silent error
transform null_forgotten unseen-bytes
transform padding_read unseen-bytes
sink failure_silent error
sink null_forgotten unseen-bytes
sink commit_once commit
sink abort_once abort
sink abort_needs_prepare abort
sink commit_at_home commit-elsewhere
sink handle_large handle
sink handle_unchecked handle
sink rows_miscounted ledger
sink commit_repeated commit
sink commit_idle commit-visible
sink prepare_shows commit-visible
sink write_shows commit-visible
sink abort_leaves abort
sink abort_sweeps abort
sink open_sweeps commit-visible
sink parts_left leftovers
sink handle_remembered commit-elsewhere
sink batch_kept moved-on-failure
sink phase_unbacked describe
sink fence_missing last-committed
sink epoch_forgotten last-committed
sink busy_bare wake --only wake
sink rejects_late host-calls
sink forms_unknown describe
format infer_insists infer
format infer_overreads infer
format frame_overruns frame
format frame_stops frame
format frame_overreads frame
format records_miscounted ledger
format map_beyond decode
format garbage_crashes decode-garbage
format tail_read lent
format encode_overwrites encode
format encode_overflows encode
format encode_unreadable round-trip
format grows_unsaid status
format describe_both describe
format wants_ignored decode-columns
format wants_sorted decode-columns
format wants_counted decode-columns
format reject_written encode
END

# The sanitizer's own operator new is not starved.
[ -z "$QETL_SANITIZER" ] || sed -i '/ new_unchecked /d' table

# Each is found, by its rule and at the component's door; in groups, as much of it is waiting.
while read -r kind name rule flags; do
    while [ "$(jobs -rp | wc -l)" -ge 4 ]; do wait -n; done
    # shellcheck disable=SC2086
    try "$kind" "$name" "$rule" $flags &
done <table
wait
while read -r kind name rule _; do
    expect_eq "exit code of $kind $name" "$(cat "$kind-$name.code")" 1
    expect_json "$kind-$name.json" ".result.rules | any(.rule == \"$rule\" and .outcome == \"broken\")"
done <table

# Every rule has a plant, but that of the manifest, without which there is nothing to check (653-check-reports.sh).
expect_exit 0 qetl plugin check --list --json
jq -r '.result.rules[].rule' out | sort >rules
awk '{ print $3 }' table | sort -u | comm -3 rules - >unplanted
echo manifest | expect_file unplanted

# Who leaves the count to the host counts well.
bad sink count_untouched
expect_exit 0 qetl plugin check ./sink-count_untouched/bad_sink.so

# What may look like a leak: a block that the next instance gives back.
bad source note_kept
expect_exit 0 qetl plugin check ./source-note_kept/bad_source.so

# With a sanitizer in the plugin, as docs/debugging-plugins.md has it: what leaves no other trace, and
# no more findings than without.
asan=$("${CC:-cc}" -print-file-name=libasan.so)
if [ -e "$asan" ]; then
    flags='-g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'
    expect_text "$root/docs/debugging-plugins.md" "^cc .*$flags"
    for name in no_fault freed_read memory_left malloc_unchecked; do
        # shellcheck disable=SC2086
        bad source $name $flags
        ASAN_OPTIONS='' LD_PRELOAD=$asan expect_exit "$([ $name = no_fault ] && echo 0 || echo 1)" \
            qetl plugin check ./source-$name/bad_source.so --timeout 5 --json
        cp out asan-$name.json
    done
    expect_json asan-no_fault.json '.result.broken == 0 and .result.held > 30'
    expect_json asan-freed_read.json '.result.rules | any(.rule == "run" and (.message // "" | test("heap-use-after-free")))'
    expect_json asan-memory_left.json '.result.rules | any(.rule == "leak-memory" and .outcome == "broken")'
    expect_json asan-malloc_unchecked.json '.result.rules | any(.rule == "memory" and .outcome == "broken")'
fi
