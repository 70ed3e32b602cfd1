/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over the cells of a column, once for each kernel. A kernel's file defines, before it
 * includes this one, VIEW_TARGET and view_write(view, data, size, buffer, offset), which does what
 * csv_view_write does.
 *
 * Invariant: as in view_walk.h.
 * Ownership: as in view_walk.h.
 * Threads:   as in view_walk.h.
 */
#include "view_walk.h"

enum { VIEWS_A_WORD = 64 };

/* What the loop needs at each cell, beside what it writes: nothing that a store could change. */
struct views_loop {
    const uint32_t *base, *ends; /* ends: of the column, from a row's base on */
    const uint8_t *data;
    uint32_t shift;
    uint8_t quote;
};

/* One row; 1 if the cell is not NULL. */
static inline VIEW_TARGET __attribute__((always_inline)) uint64_t
view_row(struct csv_view_walk *w, struct views_loop loop, uint64_t *view, int64_t row, bool last,
         bool simple, bool *far)
{
    const uint32_t *end = loop.ends + loop.base[row];
    uint32_t begin = end[-1] + 1, size = *end - begin;
    const uint8_t *cell = loop.data + begin;

    if (last && size && cell[size - 1] == '\r')
        size--;
    if (__builtin_expect(*cell == loop.quote && size >= 2, 0)) {
        csv_view_quoted(w, view, cell + 1, size - 2);
        return 1;
    }
    *far |= size > 12;
    view_write(view, cell, size, 0, loop.shift + begin);
    if (simple)
        return size != 0;
    const struct csv_nulls *nulls = &w->job->self->dialect.nulls;
    return !(csv_nulls_may(nulls, size) && csv_nulls_match(nulls, cell, size));
}

static inline VIEW_TARGET __attribute__((always_inline)) int64_t views_walk(struct csv_view_walk *w,
                                                                            bool last, bool simple)
{
    const struct csv_job *job = w->job;
    struct views_loop loop = {.base = job->s->base,
                              .ends = job->self->index.ends + w->column,
                              .data = job->chunk->data,
                              .shift = w->shift,
                              .quote = job->self->dialect.marks.quote};
    uint64_t *valid = job->s->valid, *views = w->views;
    int64_t rows = job->rows, n_valid = 0;
    bool far = false;

    for (int64_t at = 0; at < rows; at += VIEWS_A_WORD) {
        int64_t n = rows - at < VIEWS_A_WORD ? rows - at : VIEWS_A_WORD;
        uint64_t word = 0;

        for (int64_t i = 0; i < n; i++)
            word |= view_row(w, loop, views + 2 * (at + i), at + i, last, simple, &far) << i;
        valid[at / VIEWS_A_WORD] = word;
        n_valid += __builtin_popcountll(word);
    }
    w->far |= far;
    return rows - n_valid;
}

static VIEW_TARGET int64_t views_fill(struct csv_view_walk *w)
{
    const struct csv_nulls *nulls = &w->job->self->dialect.nulls;
    bool simple = nulls->count == 1 && !nulls->list[0].size;
    bool last = w->column == w->job->self->n_columns - 1;

    if (last)
        return simple ? views_walk(w, true, true) : views_walk(w, true, false);
    return simple ? views_walk(w, false, true) : views_walk(w, false, false);
}
