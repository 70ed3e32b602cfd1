/* SPDX-License-Identifier: Apache-2.0 */
/* Schema and dialect from the first bytes of the first object. */
#include "foreign.h"
#include "guess.h"
#include "match.h"

#include <stdio.h>
#include <stdlib.h>

enum { SUMMARY_MAX = 400 };

int64_t csv_bom_size(const uint8_t *data, int64_t size)
{
    return size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static int32_t type_declare(struct csv *self, struct ArrowSchema *schema, const char *name)
{
    char *pointer = csv_option_pointer("/types/", name), format[QETL_TYPE_FORMAT_MAX];
    int64_t column = qetl_schema_find(schema, name);
    struct ArrowSchema field = {0};
    struct csv_type type;
    int32_t status;

    if (!pointer)
        return QETL_E_NO_MEMORY;
    if (column < 0 && csv_match_policy(self) == CSV_NEW_EVOLVE) {
        status = QETL_OK; /* a later object may have it */
    } else if (column < 0) {
        status = qetl_fail(self->env, QETL_E_CONFIG, pointer,
                           "Name a column as the header does; names match exactly.",
                           "types names the column %s, which the input does not have", name);
    } else if (qetl_type_parse(qetl_option_text(self->env, pointer), format) ||
               qetl_schema_init_field(&field, schema->children[column]->name, format) ||
               csv_type_of(&field, false, &type)) {
        status = qetl_fail(
            self->env, QETL_E_CONFIG, pointer,
            "Use a scalar type of SQL: bigint, decimal(12,2), text, date, timestamp ...",
            "\"%s\" is no type that a csv column can have", qetl_option_text(self->env, pointer));
    } else {
        qetl_schema_release(schema->children[column]);
        *schema->children[column] = field;
        field.release = NULL;
        status = QETL_OK;
    }
    qetl_schema_release(&field);
    free(pointer);
    return status;
}

static int32_t types_settle(struct csv *self, const struct qetl_sample *sample, const uint8_t *data,
                            struct ArrowSchema *schema)
{
    int64_t n = schema->n_children, declared = qetl_option_count(self->env, "/types");
    struct csv_guess *guesses = calloc((size_t)n + 1, sizeof *guesses);
    int32_t status = guesses ? QETL_OK : QETL_E_NO_MEMORY;

    if (!status) {
        csv_guesses_offer(self, schema, guesses);
        csv_guesses_add(self, data, self->dialect.header, n, guesses, 0);
        status = csv_places_add(self, sample, n, guesses, &self->places);
    }
    if (!status)
        csv_guess_hints(self, data, schema, guesses);
    for (int64_t i = 0; !status && i < n; i++) {
        char format[QETL_TYPE_FORMAT_MAX];
        struct ArrowSchema field;

        csv_guess_format(&guesses[i], format);
        if (!strcmp(format, "vu")) {
            status = csv_guess_tell(&guesses[i], schema->children[i]);
            continue;
        }
        status = qetl_schema_init_field(&field, schema->children[i]->name, format);
        if (status)
            break;
        qetl_schema_release(schema->children[i]);
        *schema->children[i] = field;
    }
    for (int64_t i = 0; !status && i < declared; i++)
        status = type_declare(self, schema, qetl_option_key(self->env, "/types", i));
    free(guesses);
    return status;
}

/* column1, column2, ... */
static int32_t names_count_up(struct csv_names *out, int64_t count)
{
    char *at;

    out->list = calloc((size_t)count + 1, sizeof *out->list);
    out->text = at = malloc((size_t)count * 28 + 1);
    if (!out->list || !at)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        int n = sprintf(at, "column%lld", (long long)i + 1);

        out->list[i] = (struct qetl_text){at, n};
        at += n;
    }
    out->count = count;
    return QETL_OK;
}

enum { NOT_ENOUGH = INT32_MIN };

/* Indexes the whole records of the sample; answers their size, 0 if there is none, NOT_ENOUGH if
 * the first of them does not end, or a failure. */
static int64_t sample_index(struct csv *self, const struct qetl_sample *sample, const uint8_t *data,
                            int64_t size, bool whole)
{
    if (!whole) {
        struct csv_scan scan = CSV_SCAN_START;
        int64_t end = self->kernel->last_end(data, 0, size, self->dialect.marks, &scan);

        if (end <= 0 && size < self->dialect.sample_bytes)
            return NOT_ENOUGH;
        if (end <= 0)
            return qetl_fail(self->env, QETL_E_DATA, NULL,
                             "Check delimiter and quote; or raise sample_bytes.",
                             "%s: the first row does not end within the first %lld bytes",
                             sample->object ? sample->object : "input", (long long)size);
        size = end;
    }
    if (csv_index_make(self->kernel, data, size, self->dialect.marks, &self->index))
        return QETL_E_NO_MEMORY;
    return size;
}

/* Whole records of the sample, as the kernels read them. */
static const uint8_t *sample_text(struct csv *self, const uint8_t *data, int64_t *size, bool whole)
{
    struct csv_scan scan = CSV_SCAN_START;
    int64_t end;

    if (self->foreign && !whole) {
        end = csv_foreign_last_end(self->foreign, data, 0, *size, &scan);
        *size = end < 0 ? 0 : end;
    }
    return csv_converted(self, data, size);
}

/* An object that holds nothing, or one empty line, has no columns. */
static bool sample_is_empty(const uint8_t *data, int64_t size)
{
    return size == 0 || (size == 1 && (*data == '\n' || *data == '\r')) ||
           (size == 2 && !memcmp(data, "\r\n", 2));
}

static int32_t schema_make(struct csv *self, const struct qetl_sample *sample, const uint8_t *data,
                           struct csv_names *names, struct ArrowSchema *out)
{
    struct csv_names given = {0};
    int32_t status = qetl_schema_init_struct(out);

    if (status || !self->index.n_rows)
        return status;
    status = self->dialect.header ? csv_names_read(self, &self->index, data, names, sample->object)
                                  : names_count_up(names, self->index.rows[0]);
    if (!status)
        status = csv_names_given(self, self->index.rows[0], &given);
    if (!status)
        status = csv_names_columns(self, given.count ? &given : names, out);
    free(given.list);
    if (!status)
        status = types_settle(self, sample, data, out);
    return status;
}

/* What is foreign, for people: ", escape '\\', UTF-16" */
static void summary_foreign(const struct csv_foreign *f, char *out, size_t size)
{
    int n = 0;

    out[0] = 0;
    if (!f)
        return;
    if (!f->quote)
        n += snprintf(out + n, size - (size_t)n, ", no quotes");
    if (f->escape)
        n += snprintf(out + n, size - (size_t)n, ", escape '%c'", f->escape);
    if (f->n_comment)
        n += snprintf(out + n, size - (size_t)n, ", comments %.*s", f->n_comment, f->comment);
    if (f->returns)
        n += snprintf(out + n, size - (size_t)n, ", lines end in CR");
    if (f->encoding)
        n += snprintf(out + n, size - (size_t)n, ", %s", f->encoding);
    if (f->locale.mark == ',')
        snprintf(out + n, size - (size_t)n, ", decimal comma%s",
                 f->comma_found ? " (detected)" : "");
}

static int32_t summary_make(struct csv *self, int64_t n_columns, bool guessed, const char **out)
{
    const struct csv_foreign *f = self->foreign;
    char delimiter[CSV_MARK_MAX + 8], foreign[200], places[64] = "";

    free(self->summary);
    self->summary = malloc(SUMMARY_MAX);
    if (!self->summary)
        return QETL_E_NO_MEMORY;
    if (f && f->delimiter.size > 1)
        snprintf(delimiter, sizeof delimiter, "'%.*s'", f->delimiter.size, f->delimiter.text);
    else
        csv_delimiter_show(f ? f->delimiter.text[0] : self->dialect.marks.delimiter, delimiter);
    summary_foreign(f, foreign, sizeof foreign);
    if (self->places)
        snprintf(places, sizeof places, ", types from %lld places further on, too",
                 (long long)self->places);
    snprintf(self->summary, SUMMARY_MAX, "delimiter %s%s%s%s, %s, %lld column%s%s", delimiter,
             guessed ? " (detected)" : "",
             !f && self->dialect.marks.quote == '\'' ? ", quote '" : "", foreign,
             self->dialect.header ? "header" : "no header", (long long)n_columns,
             n_columns == 1 ? "" : "s", places);
    *out = self->summary;
    return QETL_OK;
}

static void quote_detect(struct csv *self, const struct qetl_sample *sample, const uint8_t *data,
                         int64_t size, bool whole)
{
    if (self->foreign || qetl_option_given(self->env, "/quote") ||
        !csv_sniff_apostrophe(self, data, size, whole, sample->object))
        return;
    qetl_logf(self->env, QETL_LOG_WARN,
              "cells stand in apostrophes, which are taken for quotes: without that the rows of "
              "the sample are not alike; set quote: \"'\" to say so, or quote: '\"' if they are "
              "text");
}

/* Whether the numbers of the index have decimal commas, where nothing was said of that and commas
 * do not end cells. */
static int32_t comma_detect(struct csv *self, const struct qetl_sample *sample, const uint8_t *data,
                            bool *found)
{
    const struct csv_foreign *f = self->foreign;
    uint8_t delimiter = !f                       ? self->dialect.marks.delimiter
                        : f->delimiter.size == 1 ? f->delimiter.text[0]
                                                 : 0;
    int64_t n = self->index.n_rows ? self->index.rows[0] : 0, places;
    struct csv_guess *guesses;
    int32_t status;

    *found = false;
    if (delimiter == ',' || !n || (f && f->locale.numbers) ||
        qetl_option_given(self->env, "/decimal_mark"))
        return QETL_OK;
    guesses = calloc((size_t)n, sizeof *guesses);
    if (!guesses)
        return QETL_E_NO_MEMORY;
    csv_guesses_add(self, data, self->dialect.header, n, guesses, 0);
    status = csv_places_add(self, sample, n, guesses, &places);
    *found = !status && csv_guesses_comma(guesses, n);
    free(guesses);
    return status;
}

/* The sample is read once more, with decimal commas. */
static int32_t comma_take(struct csv *self, const struct qetl_sample *sample,
                          struct qetl_inferred *out)
{
    int32_t status = csv_foreign_comma(self);

    if (status)
        return status;
    qetl_logf(self->env, QETL_LOG_WARN,
              "numbers with a decimal comma are found, and read as such: 1.234,5 is 1234.5; set "
              "decimal_mark: \",\" to say so, or decimal_mark: \".\" if they are text");
    return csv_infer(self, sample, out);
}

int32_t csv_infer(struct csv *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    bool guessed = false, comma = false, whole;
    int32_t status = csv_detect(self, sample, &guessed);
    int64_t limit = self->dialect.sample_bytes, before, size, indexed = 0;
    const uint8_t *data;
    struct csv_names names = {0};
    struct ArrowSchema schema = {0};

    if (status)
        return status;
    before = csv_preamble_size(self, sample->data, sample->size, sample->whole);
    if (before < 0)
        return QETL_NEED_INPUT;
    size = sample->size - before;
    whole = sample->whole && size <= limit;
    size = size < limit ? size : limit;
    data = sample_text(self, sample->data + before, &size, whole);
    if (!data)
        return QETL_E_NO_MEMORY;
    csv_index_reset(&self->index);
    if (!sample_is_empty(data, size)) {
        quote_detect(self, sample, data, size, whole);
        if (!self->dialect.delimiter_given && !self->foreign)
            self->dialect.marks.delimiter =
                csv_sniff(self, data, size, whole, sample->object, &guessed);
        indexed = sample_index(self, sample, data, size, whole);
    }
    /* a header alone says nothing of types */
    if (indexed == NOT_ENOUGH ||
        (!whole && sample->size - before < limit && self->index.n_rows <= self->dialect.header))
        return QETL_NEED_INPUT;
    status = indexed < 0 ? (int32_t)indexed : comma_detect(self, sample, data, &comma);
    if (comma)
        return comma_take(self, sample, out);
    if (!status)
        status = schema_make(self, sample, data, &names, &schema);
    if (!status) {
        struct csv_names none = {0};

        status = csv_prologue_write(self, self->dialect.header ? &names : &none, &out->prologue);
    }
    if (!status)
        status = summary_make(self, schema.n_children, guessed, &out->summary);
    if (!status)
        out->schema = schema;
    else
        qetl_schema_release(&schema);
    csv_names_free(&names);
    return status;
}
