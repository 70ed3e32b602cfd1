/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types from rows all over a large object, for what stands at its beginning need not stand further
 * on. A place may begin within a quoted cell: only a stretch whose rows are nearly all alike
 * counts, and it can only make a type wider. The last row of all is left to be rejected: where it
 * alone is another it is a total, and no reason to read the whole column as text.
 */
#include "foreign.h"
#include "guess.h"

#include <stddef.h>
#include <stdlib.h>

enum { PLACE_BYTES = 64 * 1024, PLACE_MOST = 1 << 20, PLACE_ROWS = 8, PLACE_TAIL = 64 };

/* What a place must not touch: the sample's index, and its text as the kernels read it. */
struct stash {
    struct csv_index index;
    struct csv_bytes canon;
    struct csv_fault *faults;
    int64_t n_faults, room_faults;
    uint8_t *converted;
};

static void stash_take(struct csv *self, struct stash *out)
{
    *out = (struct stash){.index = self->index, .converted = self->converted};
    self->index = (struct csv_index){0};
    self->converted = NULL;
    if (!self->foreign)
        return;
    out->canon = self->foreign->canon;
    self->foreign->canon = (struct csv_bytes){0};
    out->faults = self->foreign->faults;
    out->n_faults = self->foreign->n_faults;
    out->room_faults = self->foreign->room_faults;
    self->foreign->faults = NULL;
    self->foreign->n_faults = self->foreign->room_faults = 0;
}

static void stash_give_back(struct csv *self, const struct stash *stash)
{
    csv_index_free(&self->index);
    free(self->converted);
    self->index = stash->index;
    self->converted = stash->converted;
    if (!self->foreign)
        return;
    free(self->foreign->canon.data);
    self->foreign->canon = stash->canon;
    free(self->foreign->faults);
    self->foreign->faults = stash->faults;
    self->foreign->n_faults = stash->n_faults;
    self->foreign->room_faults = stash->room_faults;
}

static int64_t place_size(const struct csv *self, const struct qetl_sample *sample)
{
    int64_t rows = self->index.n_rows ? self->index.n_rows : 1;
    int64_t size = sample->size / rows * PLACE_ROWS;

    size = size < PLACE_BYTES ? PLACE_BYTES : size;
    return size > PLACE_MOST ? PLACE_MOST : size;
}

/* Behind the first quote that would close a cell, or -1. */
static int64_t quote_behind(const struct csv *self, const uint8_t *data, int64_t size)
{
    const struct csv_foreign *f = self->foreign;
    uint8_t quote = f ? f->quote : self->dialect.marks.quote, escape = f ? f->escape : 0;

    if (!quote || (f && f->width > 1))
        return -1;
    for (int64_t i = 0; i < size; i++) {
        bool doubled = data[i] == quote && i + 1 < size && data[i + 1] == quote;

        if ((escape && data[i] == escape) || doubled)
            i++;
        else if (data[i] == quote)
            return i + 1;
    }
    return -1;
}

/* Indexes what is whole of data from a byte on that no quote is open at; answers the text, NULL
 * without memory; *bad counts the rows that are unlike others or faulty. */
static const uint8_t *stretch_read(struct csv *self, const uint8_t *data, int64_t size,
                                   int64_t n_columns, int64_t *bad)
{
    struct csv_scan scan = CSV_SCAN_START;
    struct csv_index *ix = &self->index;
    int64_t end = self->foreign ? csv_foreign_last_end(self->foreign, data, 0, size, &scan)
                                : self->kernel->last_end(data, 0, size, self->dialect.marks, &scan);

    size = end > 0 ? end : 0;
    data = csv_converted(self, data, &size);
    if (!data || self->kernel->index(data, size, self->dialect.marks, ix))
        return NULL;
    *bad = ix->n_faults + (self->foreign ? self->foreign->n_faults : 0);
    for (int64_t r = 0; r < ix->n_rows; r++)
        *bad += ix->rows[r] - (r ? ix->rows[r - 1] : 0) != n_columns;
    return data;
}

static bool ends_in_feed(const struct csv *self, const uint8_t *data, int64_t size)
{
    const struct csv_foreign *f = self->foreign;

    return f ? csv_foreign_feed(f, data, size) > 0 : data[size - 1] == '\n';
}

/* The place begins outside of quotes, or within: whatever makes better rows of it. The first has
 * lost its beginning. */
static int32_t place_add(struct csv *self, const uint8_t *data, int64_t size, bool last,
                         int64_t n_columns, struct csv_guess *guesses, int64_t offset,
                         int64_t *places)
{
    int64_t begins[2] = {0, quote_behind(self, data, size)}, bad[2] = {0, INT64_MAX};
    const uint8_t *text = NULL;
    int chosen;

    for (int i = 0; i < 2; i++)
        if (begins[i] >= 0 &&
            !(text = stretch_read(self, data + begins[i], size - begins[i], n_columns, &bad[i])))
            return QETL_E_NO_MEMORY;
    chosen = bad[1] < bad[0];
    if (!chosen && begins[1] >= 0)
        text = stretch_read(self, data, size, n_columns, &bad[0]);
    if (!text)
        return QETL_E_NO_MEMORY;
    self->index.n_rows -= last && ends_in_feed(self, data, size);
    if (self->index.n_rows < 2 || (bad[chosen] - 1) * 10 > self->index.n_rows)
        return QETL_OK;
    csv_guesses_add(self, text, 1, n_columns, guesses, offset);
    ++*places;
    return QETL_OK;
}

static bool can_look_ahead(const struct qetl_sample *sample)
{
    return sample->struct_size > offsetof(struct qetl_sample, object_size) && sample->glimpse &&
           sample->object_size > sample->size;
}

int32_t csv_places_add(struct csv *self, const struct qetl_sample *sample, int64_t n_columns,
                       struct csv_guess *guesses, int64_t *places)
{
    int64_t n = qetl_option_int(self->env, "/sample_places"), size = place_size(self, sample);
    int64_t width = self->foreign ? self->foreign->width : 1, ahead;
    struct stash stash;
    int32_t status = QETL_OK;
    uint8_t *data;

    *places = 0;
    if (!can_look_ahead(sample) || !n)
        return QETL_OK;
    ahead = sample->object_size - sample->size;
    size = size < ahead ? size : ahead;
    n = n < (ahead + size - 1) / size ? n : (ahead + size - 1) / size;
    data = malloc((size_t)size + PLACE_TAIL);
    if (!data)
        return QETL_E_NO_MEMORY;
    stash_take(self, &stash);
    for (int64_t i = 1; !status && i <= n; i++) {
        int64_t offset = (sample->size + (ahead - size) / n * i) / width * width, got;

        if (i == n)
            offset = (sample->object_size - size) / width * width;
        got = sample->glimpse(sample->stream, offset, data, size);
        if (got > 0) {
            memset(data + got, 0, PLACE_TAIL);
            status = place_add(self, data, got, i == n, n_columns, guesses, offset, places);
        }
    }
    stash_give_back(self, &stash);
    free(data);
    return status;
}
