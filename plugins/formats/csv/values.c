/* SPDX-License-Identifier: Apache-2.0 */
/* What a column's type asks of its cells; booleans and bytes, the types that are no numbers. */
#include "values.h"

#include <strings.h>

static bool integer_of(const char *format, struct csv_type *t)
{
    static const char letters[] = "csil";
    const char *at = strchr(letters, format[0] | 0x20);
    bool is_unsigned = !(format[0] & 0x20);
    int bits;

    if (!format[0] || format[1] || !at || !*at)
        return false;
    bits = 8 << (at - letters);
    t->kind = is_unsigned ? CSV_UNSIGNED : CSV_INTEGER;
    t->width = (uint8_t)(bits / 8);
    t->least = is_unsigned ? 0 : -1 - (int64_t)(UINT64_MAX >> (65 - bits));
    t->greatest = is_unsigned ? UINT64_MAX >> (64 - bits) : UINT64_MAX >> (65 - bits);
    return true;
}

static void type_set(struct csv_type *t, enum csv_kind kind, uint8_t width)
{
    t->kind = kind;
    t->width = width;
}

/* Digits of the fraction that the unit of a time keeps, or -1. */
static int32_t unit_scale(char unit)
{
    static const char units[] = "s..m..u..n";
    const char *at = unit != '.' && unit ? strchr(units, unit) : NULL;

    return at ? (int32_t)(at - units) : -1;
}

static bool moment_of(const char *format, struct csv_type *t)
{
    if (!strcmp(format, "tdD")) {
        type_set(t, CSV_DATE, 4);
        return true;
    }
    if (format[0] != 't' || !strchr("ts", format[1]) || !format[1] || unit_scale(format[2]) < 0)
        return false;
    t->scale = unit_scale(format[2]);
    if (format[1] == 't' && !format[3])
        type_set(t, CSV_TIME, t->scale > 3 ? 8 : 4);
    else if (format[1] == 's' && format[3] == ':')
        type_set(t, CSV_TIMESTAMP, 8);
    else
        return false;
    t->zoned = t->kind == CSV_TIMESTAMP && format[4];
    return true;
}

int32_t csv_type_of(const struct ArrowSchema *field, bool strict, struct csv_type *out)
{
    const char *format = field->format;

    *out = (struct csv_type){.strict = strict};
    qetl_type_name(field, out->name, sizeof out->name);
    if (field->dictionary)
        return QETL_E_UNSUPPORTED;
    if (!strcmp(format, "vu") || !strcmp(format, "u") || !strcmp(format, "U"))
        type_set(out, CSV_TEXT, 16);
    else if (!strcmp(format, "vz") || !strcmp(format, "z") || !strcmp(format, "Z"))
        type_set(out, CSV_BINARY, 16);
    else if (!strcmp(format, "b"))
        type_set(out, CSV_BOOLEAN, 1);
    else if (!strcmp(format, "f"))
        type_set(out, CSV_FLOAT, 4);
    else if (!strcmp(format, "g"))
        type_set(out, CSV_DOUBLE, 8);
    else if (qetl_type_decimal(format, &out->precision, &out->scale))
        type_set(out, CSV_DECIMAL, 16);
    else if (!integer_of(format, out) && !moment_of(format, out))
        return QETL_E_UNSUPPORTED;
    return out->kind == CSV_DECIMAL && out->scale < 0 ? QETL_E_UNSUPPORTED : QETL_OK;
}

enum csv_code csv_parse_boolean(const uint8_t *cell, int64_t size, const struct csv_type *type,
                                void *out)
{
    static const struct {
        const char *word;
        uint8_t size, value;
    } words[] = {{"true", 4, 1}, {"false", 5, 0}, {"t", 1, 1},   {"f", 1, 0},
                 {"1", 1, 1},    {"0", 1, 0},     {"yes", 3, 1}, {"no", 2, 0},
                 {"y", 1, 1},    {"n", 1, 0},     {"on", 2, 1},  {"off", 3, 0}};

    (void)type;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].size == size &&
            !strncasecmp((const char *)cell, words[i].word, (size_t)size)) {
            *(uint8_t *)out = words[i].value;
            return CSV_FINE;
        }
    return CSV_BAD_VALUE;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int64_t csv_parse_binary(const uint8_t *cell, int64_t size, uint8_t *out)
{
    if (size < 2 || size % 2 || cell[0] != '\\' || cell[1] != 'x')
        return -1;
    for (int64_t i = 2; i < size; i += 2) {
        int high = hex_digit(cell[i]), low = hex_digit(cell[i + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i / 2 - 1] = (uint8_t)(high << 4 | low);
    }
    return size / 2 - 1;
}

csv_parse_fn *csv_parser_of(enum csv_kind kind)
{
    switch (kind) {
    case CSV_BOOLEAN:
        return csv_parse_boolean;
    case CSV_INTEGER:
        return csv_parse_integer;
    case CSV_UNSIGNED:
        return csv_parse_unsigned;
    case CSV_DECIMAL:
        return csv_parse_decimal;
    case CSV_FLOAT:
        return csv_parse_float;
    case CSV_DOUBLE:
        return csv_parse_double;
    case CSV_DATE:
        return csv_parse_date;
    case CSV_TIME:
        return csv_parse_time;
    case CSV_TIMESTAMP:
        return csv_parse_timestamp;
    default:
        return NULL;
    }
}
