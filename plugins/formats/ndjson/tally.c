/* SPDX-License-Identifier: Apache-2.0 */
/* Values are counted by their kinds, down to any depth, and a type is made of the counts. */
#include "infer.h"

#include "bytes.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>

/* An object with more keys than this is a map from something to something, and no struct. */
enum { BIGINT_DIGITS = 18, FIELDS_MAX = 256 };

void ndjson_tally_free(struct ndjson_tally *tally)
{
    if (tally->shape)
        ndjson_shape_free(tally->shape);
    if (tally->element)
        ndjson_tally_free(tally->element);
    free(tally->shape);
    free(tally->element);
}

void ndjson_shape_free(struct ndjson_shape *shape)
{
    for (int64_t i = 0; shape->tallies && i < shape->names.n; i++)
        ndjson_tally_free(&shape->tallies[i]);
    ndjson_names_reset(&shape->names);
    free(shape->tallies);
    shape->tallies = NULL;
    shape->capacity = 0;
}

struct ndjson_tally *ndjson_shape_find(struct ndjson_shape *shape, const uint8_t *data,
                                       int64_t size)
{
    if (shape->names.n == shape->capacity) {
        int64_t capacity = shape->capacity ? shape->capacity * 2 : 8;
        struct ndjson_tally *grown = realloc(shape->tallies, (size_t)capacity * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + shape->capacity, 0, (size_t)(capacity - shape->capacity) * sizeof *grown);
        shape->tallies = grown;
        shape->capacity = capacity;
    }
    int64_t index = ndjson_names_add(&shape->names, data, size);
    return index < 0 ? NULL : &shape->tallies[index];
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
    if (cell->token == NDJSON_NUMBER)
        number_count(tally, cell);
}

/* The tally of a member; the one of nothing where the object has become shapeless. */
static struct ndjson_tally *member_tally(struct ndjson_tally *tally, struct ndjson_tally *nothing,
                                         const struct ndjson_key *key)
{
    struct ndjson_shape *shape = tally->shape;
    if (memchr(key->data, 0, (size_t)key->size) ||
        (shape->names.n >= FIELDS_MAX &&
         ndjson_names_find(&shape->names, key->data, key->size) < 0))
        tally->shapeless = true;
    return tally->shapeless ? nothing : ndjson_shape_find(shape, key->data, key->size);
}

static const uint8_t *object_count(struct ndjson_reader *reader, const uint8_t *p,
                                   struct ndjson_tally *tally)
{
    struct ndjson_tally nothing = {0};
    tally->objects++;
    if (!tally->shape)
        tally->shape = calloc(1, sizeof *tally->shape);
    p = tally->shape ? ndjson_blanks(reader, p + 1) : NULL;
    while (p && *p != '}') {
        struct ndjson_key key;
        p = ndjson_key_read(reader, p, &key);
        struct ndjson_tally *member = p ? member_tally(tally, &nothing, &key) : NULL;
        p = member ? ndjson_tally_value(reader, p, member) : NULL;
        p = p ? ndjson_blanks(reader, p) : NULL;
        if (p && *p == ',')
            p = ndjson_blanks(reader, p + 1);
    }
    ndjson_tally_free(&nothing);
    return p ? p + 1 : NULL;
}

static const uint8_t *list_count(struct ndjson_reader *reader, const uint8_t *p,
                                 struct ndjson_tally *tally)
{
    tally->lists++;
    if (!tally->element)
        tally->element = calloc(1, sizeof *tally->element);
    p = tally->element ? ndjson_blanks(reader, p + 1) : NULL;
    while (p && *p != ']') {
        p = ndjson_tally_value(reader, p, tally->element);
        p = p ? ndjson_blanks(reader, p) : NULL;
        if (p && *p == ',')
            p = ndjson_blanks(reader, p + 1);
    }
    return p ? p + 1 : NULL;
}

const uint8_t *ndjson_tally_value(struct ndjson_reader *reader, const uint8_t *p,
                                  struct ndjson_tally *tally)
{
    struct ndjson_cell cell;
    if (*p == '{')
        return object_count(reader, p, tally);
    if (*p == '[')
        return list_count(reader, p, tally);
    p = ndjson_scalar_read(reader, p, &cell);
    if (p)
        cell_count(tally, &cell);
    return p;
}

static int64_t numbers_of(const struct ndjson_tally *t)
{
    return t->integers + t->fractions + t->exponents;
}

int64_t ndjson_tally_kinds(const struct ndjson_tally *t)
{
    return (t->strings > 0) + (t->booleans > 0) + (numbers_of(t) > 0) + (t->objects > 0) +
           (t->lists > 0);
}

/* The Arrow format of scalars of one kind; false: no type holds them all. */
static bool scalar_format(const struct ndjson_tally *t, char format[QETL_TYPE_FORMAT_MAX])
{
    int64_t digits = (int64_t)t->integer_digits + t->fraction_digits;
    strcpy(format, "vu");
    if (t->strings || !ndjson_tally_kinds(t))
        return true;
    if (t->booleans)
        strcpy(format, "b");
    else if (t->exponents && !t->overflow)
        strcpy(format, "g");
    else if (t->exponents || digits > NDJSON_DIGITS_MAX)
        return false;
    else if (t->fractions || digits > BIGINT_DIGITS)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "d:38,%d", t->fraction_digits);
    else
        strcpy(format, "l");
    return true;
}

static int32_t json_field(const char *name, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_field(out, name, "vu");
    return status ? status : qetl_schema_set_metadata(out, "qetl:type", "json");
}

/* Inside a nested value nothing is known of a field that is always null: as JSON, all fits. */
static int32_t inner_add(const struct ndjson_tally *t, const char *name, struct ArrowSchema *parent)
{
    struct ArrowSchema field = {0};
    int32_t status = ndjson_tally_kinds(t) ? ndjson_tally_field(t, name, false, &field)
                                           : json_field(name, &field);
    if (!status)
        status = qetl_schema_append(parent, &field);
    qetl_schema_release(&field);
    return status;
}

static int32_t struct_field(const struct ndjson_tally *t, const char *name, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_field(out, name, "+s");
    for (int64_t i = 0; i < t->shape->names.n && !status; i++)
        status = inner_add(&t->shape->tallies[i], t->shape->names.names[i].data, out);
    return status;
}

static int32_t list_field(const struct ndjson_tally *t, const char *name, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_field(out, name, "+l");
    return status ? status : inner_add(t->element, "item", out);
}

int32_t ndjson_tally_field(const struct ndjson_tally *t, const char *name, bool flat,
                           struct ArrowSchema *out)
{
    char format[QETL_TYPE_FORMAT_MAX];
    bool nested = t->objects || t->lists, one = ndjson_tally_kinds(t) < 2;
    int32_t status;
    *out = (struct ArrowSchema){0};
    if (one && t->lists && !flat)
        status = list_field(t, name, out);
    else if (one && t->objects && !flat && !t->shapeless && t->shape->names.n)
        status = struct_field(t, name, out);
    else if (one && !nested && scalar_format(t, format))
        status = qetl_schema_init_field(out, name, format);
    else
        status = json_field(name, out);
    if (status)
        qetl_schema_release(out);
    return status;
}
