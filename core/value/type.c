/* SPDX-License-Identifier: Apache-2.0 */
#include "type.h"

#include <qetl/sdk.h>
#include <stdio.h>
#include <string.h>

struct type_entry {
    const char *format, *name;
    size_t width;
};

static const struct type_entry type_table[EXPR_TYPES] = {
    [EXPR_UNKNOWN] = {"vu", "unknown", 16},
    [EXPR_BOOL] = {"b", "boolean", 0},
    [EXPR_INT1] = {"c", "tinyint", 1},
    [EXPR_INT2] = {"s", "smallint", 2},
    [EXPR_INT4] = {"i", "integer", 4},
    [EXPR_INT8] = {"l", "bigint", 8},
    [EXPR_UINT1] = {"C", "tinyint unsigned", 1},
    [EXPR_UINT2] = {"S", "smallint unsigned", 2},
    [EXPR_UINT4] = {"I", "integer unsigned", 4},
    [EXPR_UINT8] = {"L", "bigint unsigned", 8},
    [EXPR_FLOAT4] = {"f", "real", 4},
    [EXPR_FLOAT8] = {"g", "double", 8},
    [EXPR_DECIMAL] = {"d:", "decimal", 16},
    [EXPR_TEXT] = {"vu", "text", 16},
    [EXPR_DATE] = {"tdD", "date", 4},
    [EXPR_TIME] = {"ttu", "time", 8},
    [EXPR_TIMESTAMP] = {"tsu:", "timestamp", 8},
    [EXPR_TIMESTAMPTZ] = {"tsu:UTC", "timestamp with time zone", 8},
    [EXPR_INTERVAL] = {"tin", "interval", 16},
    [EXPR_JSON] = {"vu", "json", 16},
    [EXPR_JSONB] = {"vu", "jsonb", 16},
    [EXPR_OPAQUE] = {"", "a nested or binary type", 0},
};

size_t qetl_expr_type_width(enum expr_type_id id)
{
    return type_table[id].width;
}

static struct expr_type parse_decimal(const char *format)
{
    struct expr_type type = expr_type_of(EXPR_UNKNOWN);
    int32_t precision, scale;

    if (!qetl_type_decimal(format, &precision, &scale))
        return type;
    if (precision < 1 || precision > EXPR_DECIMAL_DIGITS || scale < 0 || scale > precision)
        return type;
    return expr_type_decimal(precision, scale);
}

struct expr_type qetl_expr_type_parse(const char *format)
{
    struct expr_type type = expr_type_of(EXPR_UNKNOWN);

    if (format[0] == 'd')
        return parse_decimal(format);
    if (!strcmp(format, "u") || !strcmp(format, "U"))
        return expr_type_of(EXPR_TEXT);
    if (!strncmp(format, "tsu:", 4) && format[4]) {
        type = expr_type_of(EXPR_TIMESTAMPTZ);
        type.zone = format + 4;
        return type;
    }
    for (int id = EXPR_BOOL; id < EXPR_OPAQUE; id++)
        if (!strcmp(format, type_table[id].format))
            return expr_type_of((enum expr_type_id)id);
    if (format[0] == '+' || format[0] == 'z' || format[0] == 'Z' || format[0] == 'w' ||
        !strcmp(format, "vz"))
        return expr_type_of(EXPR_OPAQUE);
    return type;
}

const char *qetl_expr_type_format(const struct expr_type *type, char *out, size_t size)
{
    if (type->id == EXPR_DECIMAL)
        snprintf(out, size, "d:%d,%d", type->precision, type->scale);
    else if (type->id == EXPR_TIMESTAMPTZ && type->zone)
        snprintf(out, size, "tsu:%s", type->zone);
    else
        snprintf(out, size, "%s", type_table[type->id].format);
    return out;
}

const char *qetl_expr_type_name(const struct expr_type *type, char *out, size_t size)
{
    if (type->id == EXPR_DECIMAL)
        snprintf(out, size, "decimal(%d,%d)", type->precision, type->scale);
    else
        snprintf(out, size, "%s", type_table[type->id].name);
    return out;
}

bool qetl_expr_type_equal(const struct expr_type *a, const struct expr_type *b)
{
    return a->id == b->id &&
           (a->id != EXPR_DECIMAL || (a->precision == b->precision && a->scale == b->scale));
}
