/* SPDX-License-Identifier: Apache-2.0 */
/* The options that say how delimited text is spelled. */
#include "foreign.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t mark_read(struct csv *self, const char *pointer, const char *what, uint8_t *out)
{
    const char *text = qetl_option_text(self->env, pointer);
    uint8_t byte;

    /* see foreign.c */
    if (!text || !*text || (out == &self->dialect.marks.delimiter && text[1]))
        return QETL_OK;
    byte = (uint8_t)text[0];
    if (text[1] || byte >= 0x80 || byte == '\r' || byte == '\n')
        return qetl_fail(
            self->env, QETL_E_CONFIG, pointer,
            "Give one character of ASCII that is no line end, such as \",\" or \"\\t\".",
            "the %s \"%s\" is not one character of ASCII", what, text);
    *out = byte;
    return QETL_OK;
}

char *csv_option_pointer(const char *front, const char *name)
{
    char *pointer = malloc(strlen(front) + 2 * strlen(name) + 1), *at = pointer;

    if (!pointer)
        return NULL;
    at = stpcpy(at, front);
    for (; *name; name++) {
        if (*name == '~' || *name == '/') {
            *at++ = '~';
            *at++ = *name == '~' ? '0' : '1';
        } else {
            *at++ = *name;
        }
    }
    *at = 0;
    return pointer;
}

static int32_t nulls_add(struct csv_nulls *nulls, const char *text)
{
    int64_t size = (int64_t)strlen(text);

    nulls->list[nulls->count++] = (struct qetl_text){text, size};
    nulls->sizes |= UINT64_C(1) << (size < 63 ? size : 63);
    return QETL_OK;
}

static bool spelling_fits(const struct csv_marks *marks, const char *text)
{
    return !strchr(text, marks->delimiter) && !strchr(text, marks->quote) && !strpbrk(text, "\r\n");
}

static int32_t nulls_read(struct csv *self)
{
    struct csv_nulls *nulls = &self->dialect.nulls;
    int64_t count = qetl_option_count(self->env, "/null");

    nulls->list = calloc(count > 0 ? (size_t)count : 1, sizeof *nulls->list);
    if (!nulls->list)
        return QETL_E_NO_MEMORY;
    if (count < 0)
        return nulls_add(nulls, "");
    for (int64_t i = 0; i < count; i++) {
        char pointer[32];
        const char *text;

        snprintf(pointer, sizeof pointer, "/null/%lld", (long long)i);
        text = qetl_option_text(self->env, pointer);
        if (!text || !spelling_fits(&self->dialect.marks, text))
            return qetl_fail(self->env, QETL_E_CONFIG, pointer,
                             "Leave delimiters, quotes and line ends out of a spelling of NULL.",
                             "\"%s\" cannot spell NULL: such a cell would stand in quotes",
                             text ? text : "");
        nulls_add(nulls, text);
    }
    return QETL_OK;
}

static void writer_read(struct csv *self)
{
    struct csv_dialect *d = &self->dialect;
    const char *newline = qetl_option_text(self->env, "/newline");
    const char *quoting = qetl_option_text(self->env, "/quoting");

    d->crlf = newline && !strcmp(newline, "crlf");
    d->returns = newline && !strcmp(newline, "cr");
    d->bom = qetl_option_bool(self->env, "/bom");
    d->safe = qetl_option_bool(self->env, "/spreadsheet_safe");
    if (quoting && !strcmp(quoting, "all"))
        d->quoting = CSV_QUOTE_ALL;
    if (quoting && !strcmp(quoting, "nonnumeric"))
        d->quoting = CSV_QUOTE_NONNUMERIC;
}

int32_t csv_dialect_read(struct csv *self, uint8_t default_delimiter)
{
    struct csv_dialect *d = &self->dialect;
    const char *ragged = qetl_option_text(self->env, "/ragged");
    int32_t status;

    d->marks = (struct csv_marks){.delimiter = default_delimiter, .quote = '"'};
    d->delimiter_given = qetl_option_given(self->env, "/delimiter") || default_delimiter != ',';
    d->header = !qetl_option_given(self->env, "/header") || qetl_option_bool(self->env, "/header");
    d->pad = ragged && !strcmp(ragged, "pad");
    d->skip_lines = qetl_option_int(self->env, "/skip_lines");
    writer_read(self);
    d->sample_bytes = qetl_option_given(self->env, "/sample_bytes")
                          ? qetl_option_int(self->env, "/sample_bytes")
                          : INT64_MAX;
    status = mark_read(self, "/delimiter", "delimiter", &d->marks.delimiter);
    if (!status)
        status = mark_read(self, "/quote", "quote", &d->marks.quote);
    if (!status && d->marks.delimiter == d->marks.quote)
        status = qetl_fail(self->env, QETL_E_CONFIG, "/quote", "Choose another quote or delimiter.",
                           "quote and delimiter are the same character");
    if (!status)
        status = csv_encoding_open(self);
    if (!status)
        status = nulls_read(self);
    return status ? status : csv_foreign_open(self);
}

void csv_dialect_free(struct csv_dialect *dialect)
{
    free(dialect->nulls.list);
    dialect->nulls.list = NULL;
}

bool csv_nulls_match(const struct csv_nulls *nulls, const void *data, int64_t size)
{
    for (int64_t i = 0; i < nulls->count; i++)
        if (nulls->list[i].size == size && !memcmp(nulls->list[i].data, data, (size_t)size))
            return true;
    return false;
}

void csv_delimiter_show(uint8_t delimiter, char out[CSV_DELIMITER_SHOWN])
{
    if (delimiter == '\t')
        snprintf(out, CSV_DELIMITER_SHOWN, "tab");
    else
        snprintf(out, CSV_DELIMITER_SHOWN, "'%c'", delimiter);
}
