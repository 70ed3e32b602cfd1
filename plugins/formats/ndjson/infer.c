/* SPDX-License-Identifier: Apache-2.0 */
/* From a sample of lines to columns with types. */
#include "infer.h"

#include "bytes.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>

enum { BIGINT_DIGITS = 18 };

void ndjson_infer_free(struct ndjson_infer *in)
{
    ndjson_names_reset(&in->names);
    ndjson_reader_free(&in->reader);
    free(in->tallies);
    in->tallies = NULL;
    in->tallies_capacity = 0;
}

int32_t ndjson_declared_parse(const char *sql, char format[QETL_TYPE_FORMAT_MAX], bool *json)
{
    *json = sql && !strcmp(sql, "json");
    if (!*json)
        return qetl_type_parse(sql, format);
    strcpy(format, "vu");
    return QETL_OK;
}

static int32_t most(int32_t a, int64_t b)
{
    return b > a ? (b < INT32_MAX ? (int32_t)b : INT32_MAX) : a;
}

static void number_count(struct ndjson_tally *tally, const struct ndjson_cell *cell)
{
    const uint8_t *p = cell->data, *end = p + cell->size;
    p += *p == '-';
    const uint8_t *first = p;
    while (p < end && ndjson_is_digit(*p))
        p++;
    tally->integer_digits = most(tally->integer_digits, p - first);
    if (p == end) {
        tally->integers++;
        return;
    }
    first = p + 1;
    if (*p == '.')
        for (p++; p < end && ndjson_is_digit(*p); p++)
            tally->fraction_digits = most(tally->fraction_digits, p - first + 1);
    double real;
    tally->fractions += p == end;
    tally->exponents += p < end;
    if (p < end && !ndjson_number_real(cell->data, cell->size, &real))
        tally->overflow = true;
}

static void cell_count(struct ndjson_tally *tally, const struct ndjson_cell *cell)
{
    tally->strings += cell->token == NDJSON_STRING;
    tally->booleans += cell->token == NDJSON_TRUE || cell->token == NDJSON_FALSE;
    tally->nulls += cell->token == NDJSON_NULL;
    tally->nested += cell->token == NDJSON_NESTED;
    if (cell->token == NDJSON_NUMBER)
        number_count(tally, cell);
}

/* The tally of a name, which is new or not; NULL without memory. */
static struct ndjson_tally *tally_of(struct ndjson_infer *in, const uint8_t *data, int64_t size)
{
    int64_t index = ndjson_names_add(&in->names, data, size);
    if (index < 0)
        return NULL;
    if (index >= in->tallies_capacity) {
        int64_t capacity = in->tallies_capacity ? in->tallies_capacity * 2 : 64;
        struct ndjson_tally *grown = realloc(in->tallies, (size_t)capacity * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + in->tallies_capacity, 0,
               (size_t)(capacity - in->tallies_capacity) * sizeof *grown);
        in->tallies = grown;
        in->tallies_capacity = capacity;
    }
    return &in->tallies[index];
}

/* A record that was read once as a whole: nothing in it can fail but memory. */
static int32_t record_count(struct ndjson_infer *in, const uint8_t *p)
{
    struct ndjson_reader *reader = &in->reader;
    ndjson_reader_begin(reader);
    p = ndjson_blanks(p + 1, reader->end);
    while (*p != '}') {
        struct ndjson_key key;
        struct ndjson_cell cell;
        p = ndjson_key_read(reader, p, &key);
        p = p ? ndjson_value_read(reader, p, &cell) : NULL;
        if (!p)
            return reader->fault.status ? reader->fault.status : QETL_E_FATAL;
        /* A name in Arrow cannot hold NUL: such a key stays unknown, and its records are rejected.
         */
        if (!memchr(key.data, 0, (size_t)key.size)) {
            struct ndjson_tally *tally = tally_of(in, key.data, key.size);
            if (!tally)
                return QETL_E_NO_MEMORY;
            cell_count(tally, &cell);
        }
        p = ndjson_blanks(p, reader->end);
        if (*p == ',')
            p = ndjson_blanks(p + 1, reader->end);
    }
    return QETL_OK;
}

static int32_t line_count(struct ndjson_infer *in, const uint8_t *p, const uint8_t *end)
{
    in->reader.end = end;
    p = ndjson_blanks(p, end);
    if (p == end)
        return QETL_OK;
    ndjson_reader_begin(&in->reader);
    const uint8_t *behind = NULL;
    if (*p == '{' && qetl_utf8_valid(p, end - p))
        behind = ndjson_nested_read(&in->reader, p, 0);
    if (in->reader.fault.status)
        return in->reader.fault.status;
    if (!behind || ndjson_blanks(behind, end) < end) {
        in->faulty++;
        return QETL_OK;
    }
    in->records++;
    return record_count(in, p);
}

int32_t ndjson_infer_sample(struct ndjson_infer *in, const uint8_t *data, int64_t size)
{
    const uint8_t *p = data, *end = data + size;
    int32_t status = QETL_OK;
    while (p < end && !status) {
        const uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
        status = line_count(in, p, feed ? feed : end);
        p = feed ? feed + 1 : end;
    }
    return status;
}

/* Arrow format; *json: raw JSON, because no type holds all of the cells. */
static void format_of(const struct ndjson_tally *t, char format[QETL_TYPE_FORMAT_MAX], bool *json)
{
    int64_t numbers = t->integers + t->fractions + t->exponents;
    int64_t kinds = (t->strings > 0) + (t->booleans > 0) + (numbers > 0) + (t->nested > 0);
    int64_t digits = (int64_t)t->integer_digits + t->fraction_digits;
    *json = kinds > 1 || t->nested;
    strcpy(format, "vu");
    if (*json || !kinds || t->strings)
        return;
    if (t->booleans)
        strcpy(format, "b");
    else if (t->exponents && !t->overflow)
        strcpy(format, "g");
    else if (t->exponents || digits > NDJSON_DIGITS_MAX)
        *json = true;
    else if (t->fractions || digits > BIGINT_DIGITS)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "d:38,%d", t->fraction_digits);
    else
        strcpy(format, "l");
}

char *ndjson_types_pointer(const char *name)
{
    char *pointer = malloc(strlen(name) * 2 + 8), *out = pointer;
    if (!pointer)
        return NULL;
    out = stpcpy(out, "/types/");
    for (; *name; name++) {
        if (*name == '~' || *name == '/') {
            *out++ = '~';
            *out++ = *name == '~' ? '0' : '1';
        } else {
            *out++ = *name;
        }
    }
    *out = 0;
    return pointer;
}

static int32_t field_add(struct ArrowSchema *out, const char *name, const char *format, bool json)
{
    struct ArrowSchema field;
    int32_t status = qetl_schema_init_field(&field, name, format);
    if (status)
        return status;
    if (json)
        status = qetl_schema_set_metadata(&field, "qetl:type", "json");
    if (!status)
        status = qetl_schema_append(out, &field);
    if (status)
        qetl_schema_release(&field);
    return status;
}

static int32_t column_add(struct ndjson_infer *in, struct ArrowSchema *out, const char *name,
                          const struct ndjson_tally *tally)
{
    char format[QETL_TYPE_FORMAT_MAX];
    bool json;
    char *pointer = ndjson_types_pointer(name);
    if (!pointer)
        return QETL_E_NO_MEMORY;
    int32_t status = QETL_OK;
    if (!qetl_option_given(in->env, pointer))
        format_of(tally, format, &json);
    else
        status = ndjson_declared_parse(qetl_option_text(in->env, pointer), format, &json);
    if (!status)
        status = field_add(out, name, format, json);
    free(pointer);
    return status;
}

/* Declared columns that no record of the sample has. */
static int32_t absent_add(struct ndjson_infer *in, struct ArrowSchema *out)
{
    static const struct ndjson_tally none;
    int64_t n = qetl_option_count(in->env, "/types");
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        const char *name = qetl_option_key(in->env, "/types", i);
        if (ndjson_names_find(&in->names, (const uint8_t *)name, (int64_t)strlen(name)) < 0)
            status = column_add(in, out, name, &none);
    }
    return status;
}

static void summarise(struct ndjson_infer *in, const struct ArrowSchema *schema)
{
    int64_t mixed = 0;
    const char *first = "";
    for (int64_t i = 0; i < in->names.n; i++) {
        const struct ndjson_tally *t = &in->tallies[i];
        int64_t numbers = t->integers + t->fractions + t->exponents;
        if ((t->strings > 0) + (t->booleans > 0) + (numbers > 0) + (t->nested > 0) < 2)
            continue;
        first = mixed++ ? first : in->names.names[i].data;
    }
    int n = snprintf(in->summary, sizeof in->summary, "%lld columns from %lld records",
                     (long long)schema->n_children, (long long)in->records);
    char *rest = in->summary + n;
    size_t room = sizeof in->summary - (size_t)n;
    if (in->faulty) {
        n = snprintf(rest, room, "; %lld lines of the sample are no records",
                     (long long)in->faulty);
        rest += n;
        room -= (size_t)n;
    }
    if (mixed)
        snprintf(rest, room, "; %lld with values of several kinds, kept as JSON (\"%.60s\"%s)",
                 (long long)mixed, first, mixed > 1 ? ", …" : "");
    ndjson_message_mend(in->summary);
}

int32_t ndjson_infer_finish(struct ndjson_infer *in, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    if (status)
        return status;
    for (int64_t i = 0; i < in->names.n && !status; i++)
        status = column_add(in, out, in->names.names[i].data, &in->tallies[i]);
    if (!status)
        status = absent_add(in, out);
    if (status)
        qetl_schema_release(out);
    else
        summarise(in, out);
    return status;
}
