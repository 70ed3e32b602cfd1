/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one instance inferred and every other needs: the dialect and the header as it stood.
 * Layout: "qcsv", version 1, delimiter, quote, header (0 or 1), then per name its size (32 bits,
 * little endian) and its bytes.
 */
#include "csv.h"

#include <endian.h>
#include <stdlib.h>

enum { PROLOGUE_HEAD = 8, PROLOGUE_VERSION = 1 };

static int64_t prologue_size(const struct csv_names *header)
{
    int64_t size = PROLOGUE_HEAD;

    for (int64_t i = 0; i < header->count; i++)
        size += 4 + header->list[i].size;
    return size;
}

int32_t csv_prologue_write(struct csv *self, const struct csv_names *header, struct qetl_blob *out)
{
    int64_t size = prologue_size(header);
    uint8_t *at = malloc((size_t)size);

    if (!at)
        return QETL_E_NO_MEMORY;
    free(self->prologue);
    self->prologue = at;
    memcpy(at, "qcsv", 4);
    at[4] = PROLOGUE_VERSION;
    at[5] = self->dialect.marks.delimiter;
    at[6] = self->dialect.marks.quote;
    at[7] = self->dialect.header;
    at += PROLOGUE_HEAD;
    for (int64_t i = 0; i < header->count; i++) {
        uint32_t n = htole32((uint32_t)header->list[i].size);

        memcpy(at, &n, sizeof n);
        memcpy(at + 4, header->list[i].data, (size_t)header->list[i].size);
        at += 4 + header->list[i].size;
    }
    *out = (struct qetl_blob){self->prologue, (size_t)size};
    return QETL_OK;
}

static int64_t names_count(const uint8_t *at, const uint8_t *end)
{
    int64_t count = 0;

    for (; end - at >= 4; count++) {
        uint32_t n;

        memcpy(&n, at, sizeof n);
        n = le32toh(n);
        if (n > end - at - 4)
            return -1;
        at += 4 + n;
    }
    return at == end ? count : -1;
}

static int32_t names_take(struct csv_names *out, const uint8_t *data, int64_t size, int64_t count)
{
    const char *at;

    out->text = malloc((size_t)size + 1);
    out->list = calloc((size_t)count + 1, sizeof *out->list);
    if (!out->text || !out->list)
        return QETL_E_NO_MEMORY;
    memcpy(out->text, data, (size_t)size);
    at = out->text;
    out->count = count;
    for (int64_t i = 0; i < count; i++) {
        uint32_t n;

        memcpy(&n, at, sizeof n);
        out->list[i] = (struct qetl_text){at + 4, le32toh(n)};
        at += 4 + le32toh(n);
    }
    return QETL_OK;
}

int32_t csv_prologue_read(struct csv *self, struct qetl_blob prologue)
{
    const uint8_t *data = prologue.data;
    int64_t size = (int64_t)prologue.size - PROLOGUE_HEAD, count;

    if (size < 0 || memcmp(data, "qcsv", 4) || data[4] != PROLOGUE_VERSION ||
        (count = names_count(data + PROLOGUE_HEAD, data + prologue.size)) < 0)
        return qetl_fail(self->env, QETL_E_UNSUPPORTED, NULL,
                         "Infer the schema anew with this version of the csv format.",
                         "the csv prologue is not one that this version wrote");
    self->dialect.marks = (struct csv_marks){.delimiter = data[5], .quote = data[6]};
    self->dialect.header = data[7];
    csv_names_free(&self->header);
    return names_take(&self->header, data + PROLOGUE_HEAD, size, count);
}
