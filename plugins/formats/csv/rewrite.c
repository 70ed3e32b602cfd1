/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chunk in other words: in UTF-8, where the file is in an encoding of one byte a character, and
 * with the cells that short rows lack. Delimiters, quotes and line ends are ASCII and stay, so that
 * records stay records. What is rejected is still shown as it was.
 */
#include "match.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

bool csv_encoding_is_wide(const char *name)
{
    static const char *const names[] = {"utf-16",  "utf-16le", "utf-16be", "shift_jis", "euc-jp",
                                        "gb18030", "gbk",      "big5",     "euc-kr"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

int32_t csv_encoding_open(struct csv *self)
{
    const char *name = qetl_option_text(self->env, "/encoding");
    struct csv_encoding *e;
    iconv_t converter;

    if (!name || !strcmp(name, "utf-8") || !strcmp(name, "detect") || csv_encoding_is_wide(name))
        return QETL_OK;
    e = self->encoding = calloc(1, sizeof *e);
    if (!e)
        return QETL_E_NO_MEMORY;
    converter = iconv_open("UTF-8", name);
    if (converter == (iconv_t)-1)
        return qetl_fail(self->env, QETL_E_ENVIRONMENT, "/encoding",
                         "Install the C library's character sets, or convert the file by iconv.",
                         "this machine cannot convert from %s", name);
    for (int i = 0; i < 256; i++) {
        char byte = (char)i, *in = &byte, *out = (char *)e->bytes[i];
        size_t left = 1, room = sizeof e->bytes[i];

        /* what has no meaning becomes no UTF-8, which is found where all text is checked */
        if (iconv(converter, &in, &left, &out, &room) == (size_t)-1) {
            e->bytes[i][0] = 0xff;
            room = sizeof e->bytes[i] - 1;
        }
        e->sizes[i] = (uint8_t)(sizeof e->bytes[i] - room);
    }
    iconv_close(converter);
    return QETL_OK;
}

uint8_t *csv_encoding_convert(const struct csv_encoding *e, const uint8_t *data, int64_t size,
                              uint8_t *out)
{
    for (int64_t i = 0; i < size; i++) {
        memcpy(out, e->bytes[data[i]], sizeof e->bytes[0]);
        out += e->sizes[data[i]];
    }
    return out;
}

/* Bytes of the line end, if there is one, of a record. */
static int64_t feed_size(const uint8_t *data, int64_t size)
{
    if (!size || data[size - 1] != '\n')
        return 0;
    return size > 1 && data[size - 2] == '\r' ? 2 : 1;
}

static int64_t cells_lacking(const struct csv *self, int64_t record)
{
    const struct csv_index *ix = &self->index;
    int64_t cells = ix->rows[record] - (record ? ix->rows[record - 1] : 0);

    return self->dialect.pad && cells < csv_cells_of(self) ? csv_cells_of(self) - cells : 0;
}

static int64_t rewritten_room(const struct csv *self, const struct qetl_chunk *chunk)
{
    int64_t room = chunk->size * (self->encoding ? CSV_ENCODED_MAX : 1) + CSV_REWRITE_TAIL;

    for (int64_t r = 0; self->dialect.pad && r < self->index.n_rows; r++)
        room += cells_lacking(self, r);
    return room;
}

static uint8_t *record_rewrite(const struct csv *self, const uint8_t *data, int64_t size,
                               int64_t lacking, uint8_t *out)
{
    int64_t feed = feed_size(data, size);

    if (self->encoding) {
        out = csv_encoding_convert(self->encoding, data, size - feed, out);
    } else {
        memcpy(out, data, (size_t)(size - feed));
        out += size - feed;
    }
    memset(out, self->dialect.marks.delimiter, (size_t)lacking);
    out += lacking;
    memcpy(out, data + size - feed, (size_t)feed);
    return out + feed;
}

bool csv_rewrite_needed(const struct csv *self)
{
    bool short_rows = false;

    for (int64_t r = 0; self->dialect.pad && r < self->index.n_rows && !short_rows; r++)
        short_rows = cells_lacking(self, r) > 0;
    return short_rows || (self->encoding && !self->index.ascii);
}

int32_t csv_rewritten_keep(struct csv_job *job, const uint8_t *data, int64_t size,
                           struct qetl_chunk *out)
{
    struct csv *self = job->self;
    uint8_t *copy =
        size > INT32_MAX - CSV_REWRITE_TAIL
            ? NULL
            : self->env.host->buffer_alloc(self->env.ctx, (size_t)size + CSV_REWRITE_TAIL);

    if (!copy)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(copy, data, (size_t)size);
    *out = *job->chunk;
    out->data = out->buffer = self->rewritten = copy;
    out->size = size;
    if (csv_index_make(self->kernel, copy, size, self->dialect.marks, &self->index))
        return QETL_E_NO_MEMORY;
    return self->index.n_rows == job->records ? QETL_OK : QETL_E_FATAL;
}

int32_t csv_rewrite(struct csv_job *job, struct qetl_chunk *out)
{
    struct csv *self = job->self;
    const struct qetl_chunk *chunk = job->chunk;
    const struct qetl_host *host = self->env.host;
    int64_t room = rewritten_room(self, chunk), n = self->index.n_rows;
    uint8_t *data, *at;

    if (room > INT32_MAX)
        return qetl_fail(self->env, QETL_E_UNSUPPORTED, "/ragged", "Read smaller batches.",
                         "a chunk of %lld bytes becomes too large", (long long)chunk->size);
    at = data = host->buffer_alloc(self->env.ctx, (size_t)room);
    if (!data)
        return QETL_E_NO_MEMORY;
    for (int64_t r = 0; r < n; r++) {
        int64_t begin = job->s->offsets[r], end = r + 1 < n ? job->s->offsets[r + 1] : chunk->size;

        at = record_rewrite(self, chunk->data + begin, end - begin, cells_lacking(self, r), at);
    }
    *out = *chunk;
    out->data = out->buffer = self->rewritten = data;
    out->size = at - data;
    if (!csv_index_make(self->kernel, out->data, out->size, self->dialect.marks, &self->index))
        return self->index.n_rows == n ? QETL_OK : QETL_E_FATAL;
    return QETL_E_NO_MEMORY;
}
