#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Faults that were built into tiny plugins, each against the rule that has to name it; and the same
# plugins without a fault.
# tsan: no
. "$(dirname "$0")/lib.sh"

command -v "${CC:-cc}" >/dev/null || skip_all "there is no C compiler"
bad=$root/tests/plugins/bad
# A language with a comma in numbers, which few machines have.
mkdir locales
expect_exit 0 localedef -i de_DE -f UTF-8 "$PWD/locales/de_DE.UTF-8"
export LOCPATH=$PWD/locales

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

# try KIND FAULT RULE FLAG…: builds it, and tries what leads to the rule alone, as that is quicker
try() {
    local kind=$1 name=$2 rule=$3 flags="${*:4}"
    # shellcheck disable=SC2086
    bad "$kind" "$name" ${flags%%--*}
    [ "$name" != note_missing ] || echo >>"$kind-$name/bad_$kind.qetl.json"
    # shellcheck disable=SC2086
    qetl plugin check "./$kind-$name/bad_$kind.so" --timeout 2 --json --only "$rule" ${flags#"${flags%%--*}"} >"$kind-$name.json" 2>"$kind-$name.err"
    echo $? >"$kind-$name.code"
}

for kind in source transform sink format text named; do
    bad $kind no_fault
    expect_exit 0 qetl plugin check ./$kind-no_fault/bad_$kind.so --json
    expect_json out '.result.broken == 0 and .result.held > 30'
done

# A line that is refused stands among others; and what has to come of them.
cat >refused.json <<'JSON'
{"format bad": {"bytes": "1\nno number\n300\n4\n", "expect": "n,double\n1,2\n300,600\n4,8\n", "expect_rejected": 1}}
JSON
expect_exit 0 qetl plugin check ./format-no_fault/bad_format.so --options refused.json
echo '{"source bad": {"options": {"path": "{tmp}/ready.txt"}, "files": {"ready.txt": "x"}}}' >file.json
expect_exit 0 qetl plugin check ./source-no_fault/bad_source.so --options file.json
echo '{"source bad": {"options": {"rows": 40}}}' >many.json
echo '{"source bad": {"options": {"rows": 16}}}' >even.json
expect_exit 0 qetl plugin check ./source-no_fault/bad_source.so --options many.json

# Files of a sink, and types of what comes in.
echo '{"sink bad": {"options": {"path": "{tmp}/out.txt"}, "expect_files": {"out.txt": "24 1 0\n"}}}' >files.json
expect_exit 0 qetl plugin check ./sink-no_fault/bad_sink.so --options files.json --only expect
sed 's/24 1/23 1/' files.json >other-files.json
expect_exit 1 qetl plugin check ./sink-no_fault/bad_sink.so --options other-files.json --only expect
expect_text out "broken .*expect.*file 'out.txt': line 1 is '24 1 0' in place of '23 1 0'"
echo '{"transform bad": {"input": "n\n1\n2\n", "input_types": {"n": "text"}}}' >types.json
expect_exit 1 qetl plugin check ./transform-no_fault/bad_transform.so --options types.json --only run
expect_text out 'no number comes first'

# The table: kind, fault, rule, and flags for the compiler and the check.
cat >table <<'END'
source rows_ignored source-demand
source deadline_missed source-deadline
source memory_left leak-memory
source text_left leak-memory
source mapping_left leak-memory
source descriptor_left leak-files
source thread_left leak-threads
source buffer_left leak-buffers
source umask_changed process-state
source process_left process-state
source signal_blocked process-state
source limit_lowered process-state
source stdout_written process-state
source stdin_closed process-state
source text_invalid arrow
source buffer_unaligned arrow
source nulls_miscounted arrow
source release_unmarked release
source release_late release
source position_ignored source-position
source position_guessed position-garbage
source position_behind source-position --options many.json
source position_met source-position --options even.json
source position_since source-position
source position_threaded migration
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
source constructor_slow load-time --timeout 60 --limit 90
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
source delivery_lower describe
source end_denied describe
source rows_below_none describe
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
transform state_since save
transform state_unversioned restore-garbage
transform state_unchecked restore-garbage
transform derived_wrongly bind-derived
transform column_invented bind
transform column_overread bind-reads
named column_by_place bind-names
transform merge_forgets merge
transform kept_on_failure moved-on-failure
transform column_on_failure moved-on-failure
transform ends_never run --only run --limit 4
transform blocked_bare wake --only wake
transform rejects_beyond host-calls
transform rejects_aside host-calls
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
sink commit_in_steps commit-cut
sink names_by_epoch commit-beside
sink open_clears commit-beside
sink epoch_kept epochs
sink data_unsynced commit-durable
sink names_unsynced commit-durable
sink batch_kept moved-on-failure
sink phase_unbacked describe
sink phase_other describe
sink promise_other describe
sink takes_unlike describe
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
format map_counts_rows decode --options refused.json
format bytes_beside decode --options refused.json
format more_forever decode
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
format wants_beside decode-columns --options refused.json
format map_missing decode --options refused.json
format encode_truncates round-trip
format encode_by_place round-trip
format double_tripled expect --options refused.json
text header_again encode
text nulls_mixed empty-texts
text voids_swapped empty-texts
text empties_lost expect
format chunk_kept lent
format schema_kept lent
transform distribution_unsaid bind-distribution
transform scratch_shared instances-apart
format zone_read surroundings
format comma_read surroundings
source file_skipped error --options file.json
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

# Where no language has a comma in numbers, nobody knows what a plugin makes of one; of the time zone something is known.
LC_ALL=C LOCPATH=$PWD/none expect_exit 0 qetl plugin check ./format-no_fault/bad_format.so --only surroundings --json
expect_json out '.result.rules | any(.rule == "surroundings" and .outcome == "not_tried" and (.why | test("no locale that writes numbers with a comma")))'
LC_ALL=C LOCPATH=$PWD/none expect_exit 1 qetl plugin check ./format-zone_read/bad_format.so --only surroundings
expect_exit 0 qetl plugin check ./format-no_fault/bad_format.so --only surroundings --json
expect_json out '.result.rules | any(.rule == "surroundings" and .outcome == "held")'

# Variables that instances share are told, and break nothing. A sanitizer puts its own beside them, and names them otherwise.
if [ -z "$QETL_SANITIZER" ]; then
    for plant in transform-scratch_shared source-position_threaded format-zone_read; do
        expect_exit 1 qetl plugin check "./$plant/bad_${plant%%-*}.so" --json
        cp out "$plant.json"
    done
    expect_json source-position_threaded.json '.result.rules | any(.rule == "statics" and (.why // "" | test("thread_at \\(a thread.s, bad_source.c\\)")))'
    expect_json transform-scratch_shared.json '.result.rules | any(.rule == "statics" and (.why // "" | test(": scratch.*\\(bad_transform.c\\)$")))'
    expect_json transform-scratch_shared.json '.result.rules | any(.rule == "instances-apart" and (.message // "" | test("in the midst of process \\(they share scratch")))'
    expect_json format-zone_read.json '.result.rules | any(.rule == "statics" and .outcome == "held")'
fi

# Every rule has a plant, but that one and that of the manifest, without which there is nothing to check (653-check-reports.sh).
expect_exit 0 qetl plugin check --list --json
jq -r '.result.rules[].rule' out | sort >rules
awk '{ print $3 }' table | sort -u | comm -3 rules - >unplanted
printf 'manifest\nstatics\n' | expect_file unplanted

# Who leaves the count to the host counts well.
bad sink count_untouched
expect_exit 0 qetl plugin check ./sink-count_untouched/bad_sink.so

# What a busy machine takes is not the source's: its thread is late for want of a processor alone.
bad source processor_wanted
expect_exit 0 qetl plugin check ./source-processor_wanted/bad_source.so --only source-deadline --limit 100 --timeout 60 --json
expect_json out '.result.rules | any(.rule == "source-deadline" and .outcome == "held")'

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
