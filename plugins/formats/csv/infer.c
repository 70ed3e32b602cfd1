/* SPDX-License-Identifier: Apache-2.0 */
/* Schema and dialect from the first bytes of the first object. */
#include "csv.h"

#include <stdio.h>
#include <stdlib.h>

enum { BIGINT_DIGITS = 18, DECIMAL_DIGITS = 38, SUMMARY_MAX = 160, SEEN_MAX = 40 };

/* What the cells of one column have been so far. */
struct guess {
    int64_t cells;
    int64_t whole_digits;
    int64_t scale;
    bool other; /* some cell is no number: this one */
    const uint8_t *seen;
    int64_t seen_size, seen_row;
};

int64_t csv_bom_size(const uint8_t *data, int64_t size)
{
    return size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static int64_t digits_count(const uint8_t *p, int64_t size)
{
    int64_t n = 0;

    while (n < size && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

/* -?(0|[1-9][0-9]*)([.][0-9]+)? */
static bool number_measure(const uint8_t *p, int64_t size, int64_t *whole, int64_t *scale)
{
    int64_t sign = size && *p == '-';

    p += sign;
    size -= sign;
    *whole = digits_count(p, size);
    *scale = 0;
    if (!*whole || (p[0] == '0' && *whole > 1))
        return false;
    if (*whole == size)
        return true;
    *scale = size - *whole - 1;
    return p[*whole] == '.' && *scale && digits_count(p + *whole + 1, *scale) == *scale;
}

static void guess_add(struct guess *g, const struct csv_dialect *d, const uint8_t *cell,
                      int64_t size, int64_t row)
{
    int64_t whole, scale;
    bool quoted = size >= 2 && cell[0] == d->marks.quote;

    if (g->other ||
        (!quoted && csv_nulls_may(&d->nulls, size) && csv_nulls_match(&d->nulls, cell, size)))
        return;
    if (quoted) {
        cell++;
        size -= 2;
    }
    g->cells++;
    if (!number_measure(cell, size, &whole, &scale)) {
        g->other = true;
        g->seen = cell;
        g->seen_size = size;
        g->seen_row = row;
        return;
    }
    g->whole_digits = whole > g->whole_digits ? whole : g->whole_digits;
    g->scale = scale > g->scale ? scale : g->scale;
}

static void guess_format(const struct guess *g, char format[QETL_TYPE_FORMAT_MAX])
{
    if (g->other || !g->cells || g->whole_digits + g->scale > DECIMAL_DIGITS)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "vu");
    else if (!g->scale && g->whole_digits <= BIGINT_DIGITS)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "l");
    else
        snprintf(format, QETL_TYPE_FORMAT_MAX, "d:%d,%lld", DECIMAL_DIGITS, (long long)g->scale);
}

/* Rows with another number of cells than the first, or with a fault, say nothing. */
static void guesses_make(struct csv *self, const uint8_t *data, int64_t n_columns,
                         struct guess *guesses)
{
    const struct csv_index *ix = &self->index;
    int64_t fault = 0;

    for (int64_t r = self->dialect.header; r < ix->n_rows; r++) {
        uint32_t base = r ? ix->rows[r - 1] : 0;

        while (fault < ix->n_faults && ix->faults[fault].record < r)
            fault++;
        if (ix->rows[r] - base != n_columns ||
            (fault < ix->n_faults && ix->faults[fault].record == r))
            continue;
        for (int64_t c = 0; c < n_columns; c++) {
            int64_t begin = csv_cell_begin(ix, base, c), end = ix->ends[base + c];

            if (c == n_columns - 1 && end > begin && data[end - 1] == '\r')
                end--;
            guess_add(&guesses[c], &self->dialect, data + begin, end - begin,
                      r - self->dialect.header + 1);
        }
    }
}

/* "/types/NAME", with ~ and / escaped as JSON pointers have them. */
static char *types_pointer(const char *name)
{
    char *pointer = malloc(strlen("/types/") + 2 * strlen(name) + 1), *at = pointer;

    if (!pointer)
        return NULL;
    at = stpcpy(at, "/types/");
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

static int32_t type_declare(struct csv *self, struct ArrowSchema *schema, const char *name)
{
    char *pointer = types_pointer(name), format[QETL_TYPE_FORMAT_MAX];
    int64_t column = qetl_schema_find(schema, name);
    struct ArrowSchema field = {0};
    struct csv_type type;
    int32_t status;

    if (!pointer)
        return QETL_E_NO_MEMORY;
    if (column < 0) {
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

/* Says in the schema which cell made the column a text, for those who wanted numbers. */
static int32_t guess_tell(const struct guess *g, struct ArrowSchema *field)
{
    int64_t size = g->seen_size < SEEN_MAX ? g->seen_size : SEEN_MAX;
    char seen[SEEN_MAX + 64];

    if (!g->other)
        return QETL_OK;
    while (size < g->seen_size && size > 0 && (g->seen[size] & 0xc0) == 0x80)
        size--;
    if (!qetl_utf8_valid((const char *)g->seen, size))
        return QETL_OK;
    snprintf(seen, sizeof seen, "row %lld holds '%.*s%s'", (long long)g->seen_row, (int)size,
             (const char *)g->seen, size < g->seen_size ? "…" : "");
    return qetl_schema_set_metadata(field, "qetl:seen", seen);
}

static int32_t types_settle(struct csv *self, const uint8_t *data, struct ArrowSchema *schema)
{
    int64_t n = schema->n_children, declared = qetl_option_count(self->env, "/types");
    struct guess *guesses = calloc((size_t)n + 1, sizeof *guesses);
    int32_t status = guesses ? QETL_OK : QETL_E_NO_MEMORY;

    if (!status)
        guesses_make(self, data, n, guesses);
    for (int64_t i = 0; !status && i < n; i++) {
        char format[QETL_TYPE_FORMAT_MAX];
        struct ArrowSchema field;

        guess_format(&guesses[i], format);
        if (!strcmp(format, "vu")) {
            status = guess_tell(&guesses[i], schema->children[i]);
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
    if (self->kernel->index(data, size, self->dialect.marks, &self->index))
        return QETL_E_NO_MEMORY;
    return size;
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
        status = types_settle(self, data, out);
    return status;
}

static int32_t summary_make(struct csv *self, int64_t n_columns, bool guessed, const char **out)
{
    char delimiter[CSV_DELIMITER_SHOWN];

    free(self->summary);
    self->summary = malloc(SUMMARY_MAX);
    if (!self->summary)
        return QETL_E_NO_MEMORY;
    csv_delimiter_show(self->dialect.marks.delimiter, delimiter);
    snprintf(self->summary, SUMMARY_MAX, "delimiter %s%s, %s, %lld column%s", delimiter,
             guessed ? " (detected)" : "", self->dialect.header ? "header" : "no header",
             (long long)n_columns, n_columns == 1 ? "" : "s");
    *out = self->summary;
    return QETL_OK;
}

int32_t csv_infer(struct csv *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    int64_t before = csv_preamble_size(self, sample->data, sample->size, sample->whole);
    int64_t limit = self->dialect.sample_bytes, size = sample->size - before;
    const uint8_t *data = before < 0 ? NULL : csv_converted(self, sample->data + before, &size);
    bool whole = sample->whole && size <= limit, guessed = false;
    struct csv_names names = {0};
    struct ArrowSchema schema = {0};
    int64_t indexed = 0;
    int32_t status;

    if (before < 0)
        return QETL_NEED_INPUT;
    if (!data)
        return QETL_E_NO_MEMORY;
    size = size < limit ? size : limit;
    csv_index_reset(&self->index);
    if (!sample_is_empty(data, size)) {
        if (!self->dialect.delimiter_given)
            self->dialect.marks.delimiter =
                csv_sniff(self, data, size, whole, sample->object, &guessed);
        indexed = sample_index(self, sample, data, size, whole);
    }
    /* a header alone says nothing of types */
    if (indexed == NOT_ENOUGH ||
        (!whole && size < limit && self->index.n_rows <= self->dialect.header))
        return QETL_NEED_INPUT;
    status = indexed < 0 ? (int32_t)indexed : schema_make(self, sample, data, &names, &schema);
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
