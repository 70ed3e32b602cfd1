/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one instance inferred and every other needs: the dialect and the header as it stood.
 * Layout: "qcsv", version 2, delimiter, quote, header (0 or 1); whether the dialect is foreign, its
 * lines end in a carriage return, its delimiter (0: the options say), its encoding (15 bytes), its
 * quote, whether decimal commas were found; then per name its size (32 bits, little endian) and its
 * bytes.
 */
#include "foreign.h"

#include <endian.h>
#include <stdlib.h>

enum {
    PROLOGUE_HEAD = 28,
    PROLOGUE_ENCODING = 11,
    ENCODING_SIZE = 15,
    PROLOGUE_QUOTE = 26,
    PROLOGUE_COMMA = 27,
    PROLOGUE_VERSION = 2
};

static int64_t prologue_size(const struct csv_names *header)
{
    int64_t size = PROLOGUE_HEAD;

    for (int64_t i = 0; i < header->count; i++)
        size += 4 + header->list[i].size;
    return size;
}

static void foreign_write(const struct csv_foreign *f, uint8_t *at)
{
    memset(at + 8, 0, PROLOGUE_HEAD - 8);
    if (!f)
        return;
    at[8] = 1;
    at[9] = f->returns;
    at[PROLOGUE_QUOTE] = f->quote;
    at[PROLOGUE_COMMA] = f->comma_found;
    at[10] = f->delimiter.size == 1 ? f->delimiter.text[0] : 0;
    if (f->encoding)
        strncpy((char *)at + PROLOGUE_ENCODING, f->encoding, ENCODING_SIZE);
}

/* Names of encodings live as long as the library. */
static const char *encoding_name(const char *name)
{
    static const char *const found[] = {"utf-16le", "utf-16be", "windows-1252"};

    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        if (!strcmp(found[i], name))
            return found[i];
    return NULL;
}

static int32_t foreign_read(struct csv *self, const uint8_t *at)
{
    const char *encoding = encoding_name((const char *)at + PROLOGUE_ENCODING);
    int32_t status;

    if (!at[8])
        return QETL_OK;
    status = csv_foreign_need(self);
    if (status)
        return status;
    self->foreign->returns = at[9];
    if (at[10])
        csv_foreign_delimiter(self, at[10]);
    if (at[PROLOGUE_COMMA] && csv_foreign_comma(self))
        return QETL_E_NO_MEMORY;
    csv_foreign_settle(self->foreign);
    return encoding ? csv_foreign_encoding(self, encoding) : QETL_OK;
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
    foreign_write(self->foreign, at);
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
    if (data[8] && !self->foreign) /* found in the sample: the rest is as the options have it */
        self->dialect.marks =
            (struct csv_marks){.delimiter = data[10], .quote = data[PROLOGUE_QUOTE]};
    int32_t status = foreign_read(self, data);

    if (status)
        return status;
    self->dialect.marks = (struct csv_marks){.delimiter = data[5], .quote = data[6]};
    self->dialect.header = data[7];
    csv_names_free(&self->header);
    return names_take(&self->header, data + PROLOGUE_HEAD, size, count);
}
