/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delimiter of a sample. A candidate qualifies if the first row has at least two cells and nine
 * in ten of the first rows have as many; the highest share wins, then more cells, then the order of
 * the list. If none qualifies it is the first of the list, so that nothing is guessed out of prose.
 */
#include "csv.h"

#include <strings.h>

enum { SNIFF_BYTES = 64 * 1024, SNIFF_ROWS = 1000, SNIFF_NEEDED = 900 };

struct verdict {
    int64_t share; /* of a thousand */
    int64_t cells;
};

static struct verdict candidate_try(struct csv *self, uint8_t delimiter, const uint8_t *data,
                                    int64_t size)
{
    struct csv_index *ix = &self->index;
    struct csv_marks marks = {.delimiter = delimiter, .quote = self->dialect.marks.quote};
    struct verdict v = {0, 0};
    int64_t rows, alike = 0;

    if (self->kernel->index(data, size, marks, ix))
        return v;
    rows = ix->n_rows < SNIFF_ROWS ? ix->n_rows : SNIFF_ROWS;
    if (!rows)
        return v;
    v.cells = ix->rows[0];
    for (int64_t i = 0; i < rows; i++)
        alike += ix->rows[i] - (i ? ix->rows[i - 1] : 0) == v.cells;
    v.share = alike * 1000 / rows;
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

uint8_t csv_sniff(struct csv *self, const uint8_t *data, int64_t size, bool whole,
                  const char *object, bool *settled)
{
    static const char comma_first[] = ",;\t|", tab_first[] = "\t,;|";
    const char *candidates = object_is_tabbed(object) ? tab_first : comma_first;
    struct verdict best = {0, 0};
    uint8_t chosen = (uint8_t)candidates[0];
    bool all = whole && size <= SNIFF_BYTES;

    for (const char *c = candidates; *c; c++) {
        int64_t n =
            whole_rows(self, (uint8_t)*c, data, size < SNIFF_BYTES ? size : SNIFF_BYTES, all);
        struct verdict v = candidate_try(self, (uint8_t)*c, data, n);

        if (v.cells < 2 || v.share < SNIFF_NEEDED || v.share < best.share ||
            (v.share == best.share && v.cells <= best.cells))
            continue;
        best = v;
        chosen = (uint8_t)*c;
    }
    *settled = best.share > 0;
    return chosen;
}
