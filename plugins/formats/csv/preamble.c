/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before the rows, and the names that the user gives them. */
#include "foreign.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t foreign_preamble(const struct csv *self, const uint8_t *data, int64_t size,
                                bool whole)
{
    const struct csv_foreign *f = self->foreign;
    int64_t at = f->width == 2 ? 2 * (csv_foreign_detect(data, size < 2 ? size : 2) != NULL)
                               : csv_bom_size(data, size);

    if (!whole && size < 3)
        return -1;
    for (int64_t i = 0; i < self->dialect.skip_lines; i++) {
        int64_t line = csv_foreign_line(f, data + at, size - at);

        if (line < 0)
            return whole ? size : -1;
        at += line;
    }
    int64_t idle = csv_foreign_idle(f, data + at, size - at, whole);

    return idle < 0 ? -1 : at + idle;
}

int64_t csv_preamble_size(const struct csv *self, const uint8_t *data, int64_t size, bool whole)
{
    if (self->foreign)
        return foreign_preamble(self, data, size, whole);

    int64_t at = csv_bom_size(data, size);

    if (!whole && size < 3 && !memcmp(data, "\xef\xbb\xbf", (size_t)size))
        return -1;
    for (int64_t i = 0; i < self->dialect.skip_lines; i++) {
        const uint8_t *feed = memchr(data + at, '\n', (size_t)(size - at));

        if (!feed)
            return whole ? size : -1;
        at = feed + 1 - data;
    }
    return at;
}

const uint8_t *csv_converted(struct csv *self, const uint8_t *data, int64_t *size)
{
    struct csv_foreign *f = self->foreign;

    if (f) {
        if (csv_foreign_spans(f, data, *size) || csv_foreign_read(self, data, NULL))
            return NULL;
        *size = f->canon.size;
        return f->canon.data;
    }
    if (!self->encoding)
        return data;
    free(self->converted);
    self->converted = malloc((size_t)*size * CSV_ENCODED_MAX + 4);
    if (self->converted)
        *size =
            csv_encoding_convert(self->encoding, data, *size, self->converted) - self->converted;
    return self->converted;
}

int32_t csv_names_given(struct csv *self, int64_t n_columns, struct csv_names *out)
{
    int64_t count = qetl_option_count(self->env, "/names");

    *out = (struct csv_names){0};
    if (count <= 0)
        return QETL_OK;
    if (count != n_columns)
        return qetl_fail(self->env, QETL_E_CONFIG, "/names", "Give each column its name.",
                         "names has %lld names, and the first row %lld cells", (long long)count,
                         (long long)n_columns);
    out->list = calloc((size_t)count, sizeof *out->list);
    if (!out->list)
        return QETL_E_NO_MEMORY;
    out->count = count;
    for (int64_t i = 0; i < count; i++) {
        char pointer[40];

        snprintf(pointer, sizeof pointer, "/names/%lld", (long long)i);
        out->list[i].data = qetl_option_text(self->env, pointer);
        out->list[i].size = (int64_t)strlen(out->list[i].data);
    }
    return QETL_OK;
}
