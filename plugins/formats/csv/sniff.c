/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delimiter of a sample, and whether its quote is the apostrophe. A candidate qualifies if the
 * first row has at least two cells and nine in ten of the first rows have as many, and no quote out
 * of place, or, if there is none such, none but within bare cells; the highest share wins, then
 * more cells, then the order of the list. If none qualifies it is the first of the list, so that
 * nothing is guessed out of prose. The apostrophe is taken where the sample is no clean table with
 * the quote, and one with it; where it is one with either, nothing tells them apart, which is said.
 */
#include "csv.h"

#include <strings.h>

enum { SNIFF_BYTES = 64 * 1024, SNIFF_ROWS = 1000, SNIFF_NEEDED = 900 };

struct verdict {
    int64_t share; /* of a thousand */
    int64_t cells;
    bool clean; /* all rows are alike, and no quote is out of place */
};

/* lenient: quotes within cells that have none around them speak against nothing. */
static struct verdict candidate_try(struct csv *self, uint8_t delimiter, const uint8_t *data,
                                    int64_t size, bool lenient)
{
    struct csv_index *ix = &self->index;
    struct csv_marks marks = {.delimiter = delimiter, .quote = self->dialect.marks.quote};
    struct verdict v = {0, 0, false};
    int64_t rows, alike = 0;

    if (self->kernel->index(data, size, marks, ix))
        return v;
    if (lenient)
        csv_index_settle(ix, data, marks);
    rows = ix->n_rows < SNIFF_ROWS ? ix->n_rows : SNIFF_ROWS;
    if (!rows)
        return v;
    v.cells = ix->rows[0];
    for (int64_t i = 0, fault = 0; i < rows; i++) {
        while (fault < ix->n_faults && ix->faults[fault].record < i)
            fault++;
        alike += ix->rows[i] - (i ? ix->rows[i - 1] : 0) == v.cells &&
                 (fault == ix->n_faults || ix->faults[fault].record != i);
    }
    v.share = alike * 1000 / rows;
    v.clean = alike == rows && rows > 1 && !ix->n_faults && !ix->failed;
    return v;
}

static int64_t whole_rows(struct csv *self, uint8_t delimiter, const uint8_t *data, int64_t size,
                          bool all)
{
    struct csv_scan scan = CSV_SCAN_START;
    struct csv_marks marks = {.delimiter = delimiter, .quote = self->dialect.marks.quote};
    int64_t last;

    if (all)
        return size;
    last = self->kernel->last_end(data, 0, size, marks, &scan);
    return last > 0 ? last : size;
}

static bool object_is_tabbed(const char *object)
{
    size_t size = object ? strlen(object) : 0;

    return size > 4 &&
           (!strcasecmp(object + size - 4, ".tsv") || !strcasecmp(object + size - 4, ".tab"));
}

static struct verdict delimiter_try(struct csv *self, const uint8_t *data, int64_t size, bool whole,
                                    const char *candidates, bool lenient, uint8_t *chosen)
{
    struct verdict best = {0, 0, false};
    bool all = whole && size <= SNIFF_BYTES;

    *chosen = (uint8_t)candidates[0];
    for (const char *c = candidates; *c; c++) {
        int64_t n =
            whole_rows(self, (uint8_t)*c, data, size < SNIFF_BYTES ? size : SNIFF_BYTES, all);
        struct verdict v = candidate_try(self, (uint8_t)*c, data, n, lenient);

        if (v.cells < 2 || v.share < SNIFF_NEEDED || v.share < best.share ||
            (v.share == best.share && v.cells <= best.cells))
            continue;
        best = v;
        *chosen = (uint8_t)*c;
    }
    return best;
}

static struct verdict delimiter_find(struct csv *self, const uint8_t *data, int64_t size,
                                     bool whole, const char *candidates, uint8_t *chosen)
{
    struct verdict v = delimiter_try(self, data, size, whole, candidates, false, chosen);

    return v.share ? v : delimiter_try(self, data, size, whole, candidates, true, chosen);
}

static const char *candidates_of(const char *object)
{
    return object_is_tabbed(object) ? "\t,;|" : ",;\t|";
}

uint8_t csv_sniff(struct csv *self, const uint8_t *data, int64_t size, bool whole,
                  const char *object, bool *settled)
{
    uint8_t chosen;

    *settled = delimiter_find(self, data, size, whole, candidates_of(object), &chosen).share > 0;
    return chosen;
}

/* Of the index at hand: some cell is in quotes, and none begins with the usual one. The last may be
 * empty, and begin where the bytes end. */
static bool cells_are_quoted(const struct csv_index *ix, const uint8_t *data, int64_t size)
{
    for (int64_t i = 0; i < ix->n_ends; i++)
        if (ix->ends[i - 1] + 1 < size && data[ix->ends[i - 1] + 1] == '"')
            return false;
    return ix->quotes;
}

bool csv_sniff_apostrophe(struct csv *self, const uint8_t *data, int64_t size, bool whole,
                          const char *object)
{
    struct csv_dialect *d = &self->dialect;
    char given[2] = {(char)d->marks.delimiter, 0};
    const char *candidates = d->delimiter_given ? given : candidates_of(object);
    bool all = whole && size <= SNIFF_BYTES, usual;
    uint8_t chosen;

    self->apostrophe_fits = false;
    size = size < SNIFF_BYTES ? size : SNIFF_BYTES;
    if ((d->delimiter_given && given[0] == '\'') || !memchr(data, '\'', (size_t)size))
        return false;
    usual = delimiter_try(self, data, size, all, candidates, true, &chosen).clean;
    d->marks.quote = '\'';
    if (delimiter_try(self, data, size, all, candidates, true, &chosen).clean) {
        /* once more, for the index of the one that was chosen */
        candidate_try(self, chosen, data, whole_rows(self, chosen, data, size, all), true);
        self->apostrophe_fits = cells_are_quoted(&self->index, data, size);
    }
    if (self->apostrophe_fits && !usual)
        return true;
    d->marks.quote = '"';
    return false;
}
