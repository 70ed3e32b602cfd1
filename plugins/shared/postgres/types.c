/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#include <stdio.h>

enum { TYPMOD_HEADER = 4, PRECISION_MAX = 38 };

static struct pg_type type_of(enum pg_way way, const char *sql)
{
    struct pg_type type = {.way = way};
    snprintf(type.sql, sizeof type.sql, "%s", sql);
    return type;
}

static struct pg_type decimal_of(int32_t precision, int32_t scale)
{
    struct pg_type type = {
        .way = PG_NUMERIC, .precision = precision, .scale = scale, .is_numeric = true};
    snprintf(type.sql, sizeof type.sql, "decimal(%d,%d)", precision, scale);
    return type;
}

/* Without a precision, or beyond what a decimal holds, as text. */
static struct pg_type numeric_of(int32_t typmod)
{
    int32_t both = typmod - TYPMOD_HEADER;
    int32_t precision = both >> 16 & 0xffff, scale = ((both & 0x7ff) ^ 1024) - 1024;
    struct pg_type type = type_of(PG_WRITTEN, "text");
    type.is_numeric = true;
    return typmod < TYPMOD_HEADER || precision > PRECISION_MAX || scale < 0 || scale > precision
               ? type
               : decimal_of(precision, scale);
}

struct pg_type pg_type_of(Oid oid, int32_t typmod, bool is_enum)
{
    static const struct {
        Oid oid;
        enum pg_way way;
        const char *sql;
    } table[] = {
        {PG_OID_BOOL, PG_BOOL, "boolean"},
        {PG_OID_INT2, PG_INT2, "smallint"},
        {PG_OID_INT4, PG_INT4, "integer"},
        {PG_OID_INT8, PG_INT8, "bigint"},
        {PG_OID_OID, PG_OID, "integer unsigned"},
        {PG_OID_FLOAT4, PG_FLOAT4, "real"},
        {PG_OID_FLOAT8, PG_FLOAT8, "double"},
        {PG_OID_DATE, PG_DATE, "date"},
        {PG_OID_TIME, PG_TIME, "time"},
        {PG_OID_TIMESTAMP, PG_TIMESTAMP, "timestamp"},
        {PG_OID_TIMESTAMPTZ, PG_TIMESTAMPTZ, "timestamp with time zone"},
        {PG_OID_INTERVAL, PG_INTERVAL, "interval"},
        {PG_OID_UUID, PG_UUID, "text"},
        {PG_OID_BYTEA, PG_BYTEA, "binary"},
        {PG_OID_TEXT, PG_TEXT, "text"},
        {PG_OID_VARCHAR, PG_TEXT, "text"},
        {PG_OID_BPCHAR, PG_TEXT, "text"},
        {PG_OID_NAME, PG_TEXT, "text"},
        {PG_OID_JSON, PG_TEXT, "json"},
        {PG_OID_JSONB, PG_JSONB, "json"},
    };
    if (oid == PG_OID_NUMERIC)
        return numeric_of(typmod);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].oid == oid) {
            struct pg_type type = type_of(table[i].way, table[i].sql);
            type.compares_bytes = oid == PG_OID_TEXT || oid == PG_OID_VARCHAR;
            return type;
        }
    return type_of(is_enum ? PG_TEXT : PG_WRITTEN, "text");
}

bool pg_type_as(struct pg_type *type, const char *sql)
{
    char wanted[QETL_TYPE_FORMAT_MAX], own[QETL_TYPE_FORMAT_MAX];
    int32_t precision, scale;
    if (qetl_type_parse(sql, wanted))
        return strcmp(sql, type->sql) == 0; /* json */
    if (strcmp(wanted, "vu") == 0 || strcmp(wanted, "u") == 0) {
        if (type->way != PG_TEXT || strcmp(type->sql, "text") != 0)
            *type = type_of(PG_WRITTEN, "text");
        return true;
    }
    if ((strcmp(wanted, "vz") == 0 || strcmp(wanted, "z") == 0) &&
        (type->way == PG_TEXT || type->way == PG_BYTEA)) {
        *type = type_of(PG_BYTEA, "binary");
        return true;
    }
    if (qetl_type_decimal(wanted, &precision, &scale)) {
        bool other =
            type->way != PG_NUMERIC || type->precision != precision || type->scale != scale;
        if (type->is_numeric) {
            *type = decimal_of(precision, scale);
            type->cuts = other;
        }
        return type->is_numeric;
    }
    return !qetl_type_parse(type->sql, own) && strcmp(own, wanted) == 0;
}
