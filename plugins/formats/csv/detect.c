/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sample says of its encoding, line ends and delimiter. UTF-16 with a byte order mark is
 * certain; what is not is looked for only where the encoding is to be detected.
 */
#include "foreign.h"

#include <stdlib.h>

enum { CERTAIN_BYTES = 64 * 1024, SNIFFED_BYTES = 64 * 1024 };

/* Not UTF-8, though the last character may be cut. */
static bool is_other(const uint8_t *data, int64_t size, bool whole)
{
    for (int cut = 0; cut < (whole ? 1 : 4) && cut <= size; cut++)
        if (qetl_utf8_valid(data, size - cut))
            return false;
    return true;
}

static int32_t encoding_detect(struct csv *self, const struct qetl_sample *s)
{
    const char *option = qetl_option_text(self->env, "/encoding");
    bool marked = s->size >= 2 && (s->data[0] ^ s->data[1]) == 1 && s->data[0] >= 0xfe;
    bool detect = option && !strcmp(option, "detect");
    const char *found = NULL;

    if (option && strcmp(option, "utf-8") != 0 && strcmp(option, "utf-16") != 0 && !detect)
        return QETL_OK;
    if (marked || detect || (option && !strcmp(option, "utf-16")))
        found = csv_foreign_detect(s->data, s->size);
    if (!found && detect && is_other(s->data, s->size, s->whole))
        found = "windows-1252";
    if (found && detect)
        qetl_logf(self->env, QETL_LOG_INFO, "the sample is read as %s", found);
    return found ? csv_foreign_encoding(self, found) : QETL_OK;
}

static int32_t returns_detect(struct csv *self, const struct qetl_sample *s)
{
    if (self->foreign && self->foreign->returns)
        return QETL_OK;
    if ((!s->whole && s->size < CERTAIN_BYTES) ||
        !csv_foreign_returns(self->foreign, s->data, s->size))
        return QETL_OK;
    if (csv_foreign_need(self))
        return QETL_E_NO_MEMORY;
    self->foreign->returns = true;
    csv_foreign_settle(self->foreign);
    return QETL_OK;
}

/* The lines that are no comments, in UTF-8, with line feeds. */
static int32_t lines_collect(struct csv_foreign *f, const uint8_t *data, int64_t size,
                             struct csv_bytes *out)
{
    int32_t status = QETL_OK;

    for (int64_t at = 0; !status && at < size;) {
        int64_t idle = csv_foreign_idle(f, data + at, size - at, true), line;

        at += idle;
        line = csv_foreign_line(f, data + at, size - at);
        line = line < 0 ? size - at : line;
        f->cell.size = 0;
        if (f->encoding ? csv_foreign_decode(f, data + at, line, &f->cell)
                        : csv_bytes_room(&f->cell, line + 1))
            return QETL_E_NO_MEMORY;
        if (!f->encoding && line) {
            memcpy(f->cell.data, data + at, (size_t)line);
            f->cell.size = line;
        }
        status = csv_bytes_room(out, f->cell.size + 1);
        for (int64_t i = 0; !status && i < f->cell.size; i++)
            out->data[out->size++] = f->returns && f->cell.data[i] == '\r' ? '\n' : f->cell.data[i];
        at += line;
    }
    return status;
}

/* The plain kernels count delimiters well enough, escapes or not. */
static int32_t delimiter_detect(struct csv *self, const struct qetl_sample *s, bool *guessed)
{
    struct csv_foreign *f = self->foreign;
    struct csv_marks marks = self->dialect.marks;
    int64_t before = csv_preamble_size(self, s->data, s->size, s->whole);
    int64_t size = before < 0 ? 0 : s->size - before;

    if (before < 0)
        return QETL_NEED_INPUT;
    size = size < SNIFFED_BYTES ? size : SNIFFED_BYTES;
    f->text.size = 0;
    if (lines_collect(f, s->data + before, size, &f->text))
        return QETL_E_NO_MEMORY;
    self->dialect.marks.quote = f->quote ? f->quote : 0xff;
    csv_foreign_delimiter(self,
                          csv_sniff(self, f->text.data, f->text.size,
                                    s->whole && s->size - before == size, s->object, guessed));
    self->dialect.marks = marks;
    return QETL_OK;
}

int32_t csv_detect(struct csv *self, const struct qetl_sample *sample, bool *guessed)
{
    int32_t status = encoding_detect(self, sample);

    if (!status)
        status = returns_detect(self, sample);
    if (!status && self->foreign && !self->dialect.delimiter_given)
        status = delimiter_detect(self, sample, guessed);
    return status;
}
