/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow fields as DuckDB's types, for writing. */
#include "shape.h"

#include <stdlib.h>

enum { DIGITS_SECOND = 0, DIGITS_MICROSECOND = 6, DIGITS_NANOSECOND = 9 };

/* Dictionaries are written as what they stand for: Parquet makes its own. */
static const char *format_of(const struct ArrowSchema *field)
{
    return field->dictionary ? field->dictionary->format : field->format;
}

static int32_t time_of(struct shape *s, const char *format)
{
    bool nano = format[2] == 'n', zone = format[3] == ':' && format[4];
    s->digits = DIGITS_MICROSECOND;
    switch (format[1]) {
    case 'd':
        s->id = DUCK_DATE;
        s->digits = DIGITS_SECOND;
        return QETL_OK;
    case 't':
        s->id = DUCK_TIME;
        return QETL_OK;
    case 's':
        s->id = zone ? DUCK_TIMESTAMP_TZ : nano ? DUCK_TIMESTAMP_NS : DUCK_TIMESTAMP;
        s->digits = nano && !zone ? DIGITS_NANOSECOND : DIGITS_MICROSECOND;
        return QETL_OK;
    case 'i':
        s->id = DUCK_INTERVAL;
        return QETL_OK;
    default:
        return QETL_E_UNSUPPORTED;
    }
}

static int32_t decimal_of(struct shape *s, const char *format)
{
    if (!qetl_type_decimal(format, &s->precision, &s->scale) || s->scale < 0 ||
        s->scale > s->precision)
        return QETL_E_UNSUPPORTED;
    s->id = DUCK_DECIMAL;
    s->stored = s->precision <= 4    ? DUCK_SMALLINT
                : s->precision <= 9  ? DUCK_INTEGER
                : s->precision <= 18 ? DUCK_BIGINT
                                     : DUCK_HUGEINT;
    return QETL_OK;
}

static int32_t scalar_of(struct shape *s, const char *format)
{
    static const struct {
        const char *format;
        enum duck_id id;
    } plain[] = {{"b", DUCK_BOOLEAN},   {"c", DUCK_TINYINT},  {"s", DUCK_SMALLINT},
                 {"i", DUCK_INTEGER},   {"l", DUCK_BIGINT},   {"C", DUCK_UTINYINT},
                 {"S", DUCK_USMALLINT}, {"I", DUCK_UINTEGER}, {"L", DUCK_UBIGINT},
                 {"f", DUCK_FLOAT},     {"g", DUCK_DOUBLE},   {"u", DUCK_VARCHAR},
                 {"U", DUCK_VARCHAR},   {"vu", DUCK_VARCHAR}, {"z", DUCK_BLOB},
                 {"Z", DUCK_BLOB},      {"vz", DUCK_BLOB},    {"n", DUCK_INTEGER}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(format, plain[i].format) == 0) {
            s->id = plain[i].id;
            return QETL_OK;
        }
    return *format == 'd'   ? decimal_of(s, format)
           : *format == 't' ? time_of(s, format)
                            : QETL_E_UNSUPPORTED;
}

static int32_t scalar_write(struct shape *s, const struct duck *duck,
                            const struct ArrowSchema *field, struct duck_type **type)
{
    int32_t status = scalar_of(s, format_of(field));
    if (status)
        return status;
    *type = s->id == DUCK_DECIMAL
                ? duck->create_decimal_type((uint8_t)s->precision, (uint8_t)s->scale)
                : duck->create_logical_type((int)s->id);
    if (*type && s->id == DUCK_VARCHAR && qetl_schema_is_json(field))
        duck->logical_type_set_alias(*type, "JSON");
    return *type ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t children_write(struct shape *s, const struct duck *duck,
                              const struct ArrowSchema *field, struct duck_type **types,
                              const char **names)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < s->n_children; i++) {
        names[i] = field->children[i]->name;
        status = shape_write(&s->children[i], duck, field->children[i], &types[i]);
    }
    return status;
}

/* A struct without fields has no column that could say how many rows there are. */
int32_t shape_write(struct shape *s, const struct duck *duck, const struct ArrowSchema *field,
                    struct duck_type **type)
{
    bool list = strcmp(field->format, "+l") == 0;
    if (!list && strcmp(field->format, "+s") != 0)
        return scalar_write(s, duck, field, type);
    if (field->n_children < 1)
        return QETL_E_UNSUPPORTED;
    s->id = list ? DUCK_LIST : DUCK_STRUCT;
    struct duck_type **types = calloc((size_t)field->n_children, sizeof *types);
    const char **names = calloc((size_t)field->n_children, sizeof *names);
    int32_t status = types && names ? shape_children(s, field->n_children) : QETL_E_NO_MEMORY;
    if (!status)
        status = children_write(s, duck, field, types, names);
    if (!status) {
        *type = list ? duck->create_list_type(types[0])
                     : duck->create_struct_type(types, names, (uint64_t)field->n_children);
        status = *type ? QETL_OK : QETL_E_NO_MEMORY;
    }
    for (int64_t i = 0; types && i < field->n_children; i++)
        if (types[i])
            duck->destroy_logical_type(&types[i]);
    free(types);
    free(names);
    return status;
}
