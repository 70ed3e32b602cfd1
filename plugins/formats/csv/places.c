/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types from rows all over a large object, for what stands at its beginning need not stand further
 * on. A place may begin within a quoted cell: only a stretch whose rows are nearly all alike
 * counts, and it can only make a type wider. The last row of all is left to be rejected: where it
 * alone is another it is a total, and no reason to read the whole column as text. Where the object
 * lies in the sample, the places are there.
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
    if (self->foreign)
        self->foreign->strict = true;
    data = csv_converted(self, data, &size);
    if (self->foreign)
        self->foreign->strict = false;
    if (!data || self->kernel->index(data, size, self->dialect.marks, ix))
        return NULL;
    *bad = ix->n_faults + (self->foreign ? self->foreign->n_faults : 0);
    for (int64_t r = 0; r < ix->n_rows; r++)
        *bad += ix->rows[r] - (r ? ix->rows[r - 1] : 0) != n_columns;
    csv_index_settle(ix, data, self->dialect.marks);
    return data;
}

static bool ends_in_feed(const struct csv *self, const uint8_t *data, int64_t size)
{
    const struct csv_foreign *f = self->foreign;

    return f ? csv_foreign_feed(f, data, size) > 0 : data[size - 1] == '\n';
}

static bool row_is_empty(const struct csv_index *ix, const uint8_t *text, int64_t row)
{
    uint32_t base = row ? ix->rows[row - 1] : 0;
    int64_t begin = csv_cell_begin(ix, base, 0), end = ix->ends[base];

    return ix->rows[row] - base == 1 && (end == begin || (end == begin + 1 && text[begin] == '\r'));
}

/* The last row, with the empty lines behind it. Without a line feed it was none of the index. */
static void last_drop(struct csv *self, const uint8_t *text, bool fed)
{
    struct csv_index *ix = &self->index;

    while (ix->n_rows && row_is_empty(ix, text, ix->n_rows - 1))
        ix->n_rows--;
    ix->n_rows -= ix->n_rows && fed;
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
    if (last)
        last_drop(self, text, ends_in_feed(self, data, size));
    if (self->index.n_rows < 2 || (bad[chosen] - 1) * 10 > self->index.n_rows)
        return QETL_OK;
    csv_guesses_add(self, text, 1, n_columns, guesses, offset);
    ++*places;
    return QETL_OK;
}

/* What lies behind the part of an object that was looked at as a whole. */
struct beyond {
    const struct qetl_sample *sample;
    int64_t from, end;
    bool glimpses; /* as far as the object goes */
};

static struct beyond beyond_of(const struct csv *self, const struct qetl_sample *sample)
{
    struct beyond b = {.sample = sample, .end = sample->size};

    b.from = sample->size < self->dialect.sample_bytes ? sample->size : self->dialect.sample_bytes;
    b.glimpses = sample->struct_size > offsetof(struct qetl_sample, object_size) && sample->glimpse;
    if (b.glimpses)
        b.end = sample->object_size;
    return b;
}

static int64_t beyond_read(const struct beyond *b, int64_t offset, uint8_t *data, int64_t size)
{
    const struct qetl_sample *s = b->sample;

    if (offset + size > s->size)
        return b->glimpses ? s->glimpse(s->stream, offset, data, size) : 0;
    memcpy(data, s->data + offset, (size_t)size);
    return size;
}

/* n places of a size, the last of them at the end. */
static int32_t beyond_look(struct csv *self, const struct beyond *b, int64_t n, int64_t size,
                           int64_t n_columns, struct csv_guess *guesses, int64_t *places)
{
    int64_t width = self->foreign ? self->foreign->width : 1;
    uint8_t *data = malloc((size_t)size + PLACE_TAIL);
    int32_t status = data ? QETL_OK : QETL_E_NO_MEMORY;

    for (int64_t i = 1; !status && i <= n; i++) {
        int64_t offset = i == n ? b->end - size : b->from + (b->end - b->from - size) / n * i;
        bool last = i == n && (b->glimpses || b->sample->whole);
        int64_t got;

        offset = offset / width * width;
        got = beyond_read(b, offset, data, size);
        if (got > 0) {
            memset(data + got, 0, PLACE_TAIL);
            status = place_add(self, data, got, last, n_columns, guesses, offset, places);
        }
    }
    free(data);
    return status;
}

int32_t csv_places_add(struct csv *self, const struct qetl_sample *sample, int64_t n_columns,
                       struct csv_guess *guesses, int64_t *places)
{
    int64_t n = qetl_option_int(self->env, "/sample_places"), size = place_size(self, sample);
    struct beyond beyond = beyond_of(self, sample);
    int64_t ahead = beyond.end - beyond.from;
    struct stash stash;
    int32_t status;

    *places = 0;
    if (ahead <= 0 || !n)
        return QETL_OK;
    size = size < ahead ? size : ahead;
    n = n < (ahead + size - 1) / size ? n : (ahead + size - 1) / size;
    stash_take(self, &stash);
    status = beyond_look(self, &beyond, n, size, n_columns, guesses, places);
    stash_give_back(self, &stash);
    return status;
}
