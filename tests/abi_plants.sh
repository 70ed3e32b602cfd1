#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Plants one change at a time in a copy of plugin.h: sdk/abi/compare names each that breaks a plugin that was
# built before it, and none that does not. A plant whose text is not found in the header fails: it has to be kept
# up.
set -uo pipefail

# shellcheck source=tests/plants-lib.sh
. "$(dirname "$0")/plants-lib.sh"
header=$(<sdk/qetl/plugin.h)
sdk/abi/describe sdk/qetl/plugin.h >"$work/before" || exit 2

# 0: it fits; 1: it breaks, and $work/why says how; 2: it is no plant. The texts are bash patterns.
try() { # pairs of a text and what stands there instead
    local text=$header
    while [ $# -gt 0 ]; do
        [[ $text == *"$1"* ]] || return 2
        text=${text/"$1"/"$2"}
        shift 2
    done
    printf '%s\n' "$text" >"$work/plugin.h"
    sdk/abi/describe "$work/plugin.h" >"$work/after" 2>"$work/why" || return 2
    sdk/abi/compare "$work/before" "$work/after" >"$work/why" 2>&1
}

breaks() { # what compare has to say, what was changed, the change
    local said=$1 what=$2
    shift 2
    try "$@"
    [ $? = 1 ] && grep -qF -- "$said" "$work/why"
    verdict $? "breaks: $what: $(head -n 1 "$work/why")"
}

fits() {
    local what=$1
    shift
    try "$@"
    verdict $? "fits: $what$(head -n 1 "$work/why")"
}

fits 'nothing is changed' 'struct qetl_demand {' 'struct qetl_demand {'

# ---- data ----
breaks 'max_cells stands in its place' 'a member in the middle of a struct' 'int64_t max_rows;' 'int64_t max_cells; int64_t max_rows;'
breaks 'max_bytes stands in its place' 'two members change places' \
    'int64_t max_rows;' 'int64_t max_swap;' 'int64_t max_bytes;' 'int64_t max_rows;' 'int64_t max_swap;' 'int64_t max_bytes;'
breaks 'size of retry_after_ms was 8, and is 4' 'a narrower member' 'int64_t retry_after_ms;' 'int32_t retry_after_ms;'
breaks 'type of bytes_expected' 'another sign' 'int64_t bytes_expected;' 'uint64_t bytes_expected;'
breaks 'member rows_held is gone' 'a member that nobody needs any more' 'int64_t rows_held; ' ''
breaks 'derived_map is gone' 'the last member goes' 'const int32_t *derived_map;' ''
breaks 'padding' 'a member in what was padding' 'uint32_t emits;' 'uint32_t emits;' \
    '    uint32_t n_components;' '    uint32_t n_components; uint32_t more_components;'
breaks 'alignment' 'a member that wants more alignment' 'int64_t watermark_us;      /*' '__int128 watermark_us; /*'
breaks 'aligned to 4 bytes' 'a struct that grows, and whose place may not fit what comes' 'handles outlive the process */
    uint64_t reserved;' 'handles outlive the process */'
breaks 'can never change' 'a struct without struct_size gets a member' 'uint64_t size;
};' 'uint64_t size; uint64_t room;
};'
breaks 'by value' 'a struct that grows, within another' 'struct qetl_blob note;' \
    'struct qetl_blob note; struct qetl_demand demand;'
breaks 'struct qetl_inspected is gone' 'a struct goes' 'struct qetl_inspected {' 'struct qetl_looked_at {'

# ---- calls ----
breaks 'nack stands in its place' 'callbacks in another order' '(*ack)(void' '(*swap)(void' '(*nack)(void' '(*ack)(void' \
    '(*swap)(void' '(*nack)(void'
breaks 'type of nack' 'a parameter more' '(*nack)(void *self, ' '(*nack)(void *self, int64_t rows, '
breaks 'type of frame' 'a parameter of another type' '(*frame)(void *self, struct qetl_frame *io)' \
    '(*frame)(void *self, const struct qetl_frame *io)'
breaks 'type of log' 'another answer' 'void (*log)(' 'int32_t (*log)('
breaks 'qetl_plugin_entry_fn was' 'the entry' 'qetl_plugin_entry_fn(const struct' 'qetl_plugin_entry_fn(struct'
breaks 'have to be allowed' 'a new callback that every component must have' 'uint64_t *number);' \
    'uint64_t *number); int32_t (*shrink)(void *self);'
breaks 'no longer can' 'a callback that could be left out no longer can' '/* [worker] (opt) The split goes' '/* [worker] The split goes'
breaks 'was called on [any]' 'another thread' '/* [any] Nonzero once the run' '/* [worker] Nonzero once the run'

# ---- names and numbers ----
breaks 'QETL_MORE was 7, and is 8' 'statuses get other numbers' 'QETL_MORE = 7' 'QETL_MORE = 8' 'QETL_BLOCKED = 8' 'QETL_BLOCKED = 7'
breaks 'QETL_E_THROTTLED is gone' 'a status goes' 'QETL_E_THROTTLED = -8,' ''
breaks 'has the number of' 'a new flag with the bit of another' 'QETL_DEMAND_REST = 2 }' 'QETL_DEMAND_REST = 2, QETL_DEMAND_LATE = 2 }'
breaks 'QETL_EXT_POLL was' 'an extension under another name' 'QETL_EXT_POLL "qetl.poll/1"' 'QETL_EXT_POLL "qetl.poll/2"'
breaks 'macro QETL_PLUGIN_ENTRY was' 'the entry is named otherwise' 'define QETL_PLUGIN_ENTRY "qetl_plugin_entry"' \
    'define QETL_PLUGIN_ENTRY "qetl_plugin_enter"'

# ---- growth ----
fits 'a struct grows at its end' 'const int32_t *derived_map;' 'const int32_t *derived_map; int64_t rows_late; double share;'
fits 'a table gets a callback that may be left out' 'uint64_t *number);' 'uint64_t *number);
/* [control] (opt) */ int32_t (*shrink)(void *self);'
fits 'the host gets a call' '(*get_extension)(struct qetl_ctx *ctx, const char *id);' \
    '(*get_extension)(struct qetl_ctx *ctx, const char *id); void (*count)(struct qetl_ctx *ctx, int64_t n);'
fits 'a new status, a new flag, a new event' 'QETL_INSTEAD = 12,' 'QETL_INSTEAD = 12, QETL_PAUSE = 13,' \
    'QETL_DEMAND_REST = 2 }' 'QETL_DEMAND_REST = 2, QETL_DEMAND_LATE = 4 }' 'QETL_EVENT_END = 7' 'QETL_EVENT_END = 7, QETL_EVENT_PAUSE = 8'
fits 'a new extension with its struct' '/* ---- Extensions of components' '#define QETL_EXT_TIMER "qetl.timer/1"
struct qetl_timer { uint32_t struct_size; int32_t (*after)(struct qetl_ctx *ctx, int64_t ms); };
/* ---- Extensions of components'
fits 'a callback may now be left out' '/* [control] After start. */' '/* [control] (opt) After start. */'
fits 'what was reserved gets a name' '    uint32_t reserved;
};' '    uint32_t patience;
};'
fits 'parameters and comments are called otherwise' '(*nack)(void *self, struct qetl_blob position)' '(*nack)(void *it, struct qetl_blob at)'
fits 'the version rises' 'QETL_ABI_MAKE(1, 0)' 'QETL_ABI_MAKE(1, 1)'

# ---- what is out is not added to ----
text=${header/'const int32_t *derived_map;'/'const int32_t *derived_map; int64_t rows_late;'}
mkdir -p "$work/tree/sdk/qetl" "$work/tree/tests"
cp -r sdk/abi "$work/tree/sdk/"
printf '%s\n' "$text" >"$work/tree/sdk/qetl/plugin.h"
QETL_SOURCE=$work/tree tests/check_abi.sh >"$work/why" 2>&1
[ $? = 1 ] && grep -q 'not ok.*raises QETL_ABI_VERSION' "$work/why"
verdict $? 'growth under the old version: check_abi.sh wants another'

plants_end
