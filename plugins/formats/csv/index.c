/* SPDX-License-Identifier: Apache-2.0 */
/* The arrays of a structural index, and the state machine that every kernel must agree with. */
#include "scan.h"

#include <stdlib.h>

enum { INDEX_SLACK = 64 + 17, INDEX_FIRST = 4096 };

static int32_t array_grow(void **array, int64_t *room, int64_t used, int64_t extra, size_t width)
{
    int64_t wanted = *room ? *room * 2 : INDEX_FIRST;
    void *grown;

    if (*room - used >= extra)
        return 0;
    grown = realloc(*array, (size_t)wanted * width);
    if (!grown)
        return -1;
    *array = grown;
    *room = wanted;
    return 0;
}

static int32_t ends_grow(struct csv_index *ix)
{
    uint32_t *store = ix->ends ? ix->ends - 1 : NULL;
    int64_t room = ix->room_ends;

    if (array_grow((void **)&store, &room, ix->n_ends + 1, INDEX_SLACK, sizeof *store))
        return -1;
    store[0] = UINT32_MAX;
    ix->ends = store + 1;
    ix->room_ends = room;
    return 0;
}

int32_t csv_index_grow(struct csv_index *ix)
{
    if (ends_grow(ix))
        return -1;
    return array_grow((void **)&ix->rows, &ix->room_rows, ix->n_rows, INDEX_SLACK,
                      sizeof *ix->rows);
}

int32_t csv_index_fault(struct csv_index *ix, int64_t record, int64_t at, enum csv_code code)
{
    struct csv_fault *last = ix->n_faults ? &ix->faults[ix->n_faults - 1] : NULL;

    if (last && last->record == record && last->code == CSV_BARE_QUOTE && code != CSV_BARE_QUOTE)
        *last = (struct csv_fault){.record = (uint32_t)record, .at = (uint32_t)at, .code = code};
    if (last && last->record == record)
        return 0;
    if (array_grow((void **)&ix->faults, &ix->room_faults, ix->n_faults, 1, sizeof *ix->faults))
        return -1;
    ix->faults[ix->n_faults++] =
        (struct csv_fault){.record = (uint32_t)record, .at = (uint32_t)at, .code = code};
    return 0;
}

int32_t csv_index_finish(struct csv_index *ix, int64_t size, const struct csv_scan *scan)
{
    uint32_t ended = ix->n_rows ? ix->rows[ix->n_rows - 1] : 0;
    uint32_t last = ix->ends[(int64_t)ended - 1] + 1;

    if (ix->failed)
        return -1;
    if (last == size)
        return 0;
    if (csv_index_grow(ix))
        return -1;
    if (scan->inside && csv_index_fault(ix, ix->n_rows, last, CSV_OPEN_QUOTE))
        return -1;
    ix->ends[ix->n_ends++] = (uint32_t)size;
    ix->rows[ix->n_rows++] = (uint32_t)ix->n_ends;
    return 0;
}

/* The first quote of a record that only blanks stand before in its cell, or -1. */
static int64_t quote_behind_blanks(const struct csv_index *ix, const uint8_t *data, int64_t record,
                                   struct csv_marks marks)
{
    uint32_t base = record ? ix->rows[record - 1] : 0;

    for (uint32_t i = base; i < ix->rows[record]; i++) {
        uint32_t begin = csv_cell_begin(ix, i, 0), at = begin;

        while (at < ix->ends[i] && (data[at] == ' ' || data[at] == '\t'))
            at++;
        if (at > begin && at < ix->ends[i] && data[at] == marks.quote)
            return at;
    }
    return -1;
}

void csv_index_settle(struct csv_index *ix, const uint8_t *data, struct csv_marks marks)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < ix->n_faults; i++) {
        struct csv_fault fault = ix->faults[i];
        int64_t at = fault.at;

        if (fault.code == CSV_BARE_QUOTE)
            at = quote_behind_blanks(ix, data, fault.record, marks);
        fault.at = (uint32_t)at;
        if (at >= 0)
            ix->faults[kept++] = fault;
    }
    ix->n_faults = kept;
}

int32_t csv_index_make(const struct csv_kernel *kernel, const uint8_t *data, int64_t size,
                       struct csv_marks marks, struct csv_index *ix)
{
    int32_t status = kernel->index(data, size, marks, ix);

    if (!status)
        csv_index_settle(ix, data, marks);
    return status;
}

void csv_index_reset(struct csv_index *ix)
{
    ix->n_ends = ix->n_rows = ix->n_faults = 0;
    ix->ascii = true;
    ix->quotes = false;
    ix->failed = false;
}

void csv_index_free(struct csv_index *ix)
{
    if (ix->ends)
        free(ix->ends - 1);
    free(ix->rows);
    free(ix->faults);
    *ix = (struct csv_index){.ascii = true};
}

enum state { CELL_BEGIN, BARE, QUOTED, CLOSED };

static enum state state_of(const struct csv_scan *scan)
{
    if (scan->inside)
        return QUOTED;
    if (scan->after_close)
        return CLOSED;
    return scan->may_open ? CELL_BEGIN : BARE;
}

static enum csv_code fault_of(enum state state, uint8_t byte, int next, struct csv_marks marks)
{
    if (state == BARE && byte == marks.quote)
        return CSV_BARE_QUOTE;
    if (state == CLOSED && byte != marks.quote && !(byte == '\r' && (next == '\n' || next < 0)))
        return CSV_AFTER_QUOTE;
    return CSV_FINE;
}

static enum state state_next(enum state state, uint8_t byte, struct csv_marks marks)
{
    switch (state) {
    case CELL_BEGIN:
        return byte == marks.quote ? QUOTED : BARE;
    case QUOTED:
        return byte == marks.quote ? CLOSED : QUOTED;
    case CLOSED:
        return byte == marks.quote ? QUOTED : BARE;
    case BARE:
        break;
    }
    return BARE;
}

struct csv_block csv_scan_exact(const uint8_t *data, int n, int next, struct csv_marks marks,
                                struct csv_scan *scan, struct csv_index *ix, int64_t at)
{
    struct csv_block block = {0, 0};
    enum state state = state_of(scan);

    for (int i = 0; i < n; i++) {
        bool line = data[i] == '\n';

        if (state != QUOTED && (line || data[i] == marks.delimiter)) {
            block.ends |= UINT64_C(1) << i;
            block.lines |= (uint64_t)line << i;
            state = CELL_BEGIN;
            continue;
        }
        if (ix) {
            enum csv_code code = fault_of(state, data[i], i + 1 < n ? data[i + 1] : next, marks);
            int64_t record = ix->n_rows + __builtin_popcountll(block.lines);

            if (code && csv_index_fault(ix, record, at + i, code))
                ix->failed = true;
        }
        state = state_next(state, data[i], marks);
    }
    scan->inside = state == QUOTED ? ~UINT64_C(0) : 0;
    scan->may_open = state == CELL_BEGIN;
    scan->after_close = state == CLOSED;
    return block;
}
