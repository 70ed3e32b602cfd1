/* SPDX-License-Identifier: Apache-2.0 */
/* Which types of rows go into which of a table, and how. */
#include "value.h"

static bool is_number(enum qetl_kind kind)
{
    return kind == QETL_KIND_INT || kind == QETL_KIND_UINT || kind == QETL_KIND_REAL ||
           kind == QETL_KIND_DECIMAL;
}

static enum value_way number_way(enum pg_way way)
{
    switch (way) {
    case PG_INT2:
        return VALUE_INT2;
    case PG_INT4:
        return VALUE_INT4;
    case PG_INT8:
        return VALUE_INT8;
    case PG_OID:
        return VALUE_OID;
    case PG_FLOAT4:
        return VALUE_FLOAT4;
    default:
        return VALUE_FLOAT8;
    }
}

/* Into texts anything goes; of texts the server makes what it can. */
static enum value_way text_way(enum qetl_kind kind, const struct pg_type *type)
{
    bool text = kind == QETL_KIND_TEXT;
    switch (type->way) {
    case PG_TEXT:
        return text ? VALUE_BYTES : kind == QETL_KIND_BINARY ? VALUE_INCOMPATIBLE : VALUE_RENDERED;
    case PG_JSONB:
        return text || kind == QETL_KIND_LIST || kind == QETL_KIND_STRUCT ? VALUE_JSONB
                                                                          : VALUE_INCOMPATIBLE;
    case PG_UUID:
        return text ? VALUE_UUID : VALUE_INCOMPATIBLE;
    case PG_WRITTEN:
        return kind == QETL_KIND_BINARY ? VALUE_INCOMPATIBLE : VALUE_BY_SERVER;
    default:
        return text ? VALUE_BY_SERVER : VALUE_INCOMPATIBLE;
    }
}

static enum value_way way_of(enum qetl_kind kind, const struct pg_type *type)
{
    enum pg_way way = type->way;
    bool moment = kind == QETL_KIND_TIMESTAMP || kind == QETL_KIND_DATE;
    if (kind == QETL_KIND_NULL)
        return VALUE_NULL;
    if (type->is_numeric && (is_number(kind) || kind == QETL_KIND_TEXT))
        return kind == QETL_KIND_TEXT || kind == QETL_KIND_REAL ? VALUE_NUMERIC_TEXT
                                                                : VALUE_DECIMAL;
    if (type->is_numeric)
        return VALUE_INCOMPATIBLE;
    if (is_number(kind) && way >= PG_INT2 && way <= PG_FLOAT8)
        return number_way(way);
    if (kind == QETL_KIND_BOOL && way == PG_BOOL)
        return VALUE_BOOL;
    if (kind == QETL_KIND_BINARY && way == PG_BYTEA)
        return VALUE_BYTES;
    if (kind == QETL_KIND_DATE && way == PG_DATE)
        return VALUE_DATE;
    if (moment && (way == PG_TIMESTAMP || way == PG_TIMESTAMPTZ))
        return VALUE_TIMESTAMP;
    if (kind == QETL_KIND_TIME && way == PG_TIME)
        return VALUE_TIME;
    if (kind == QETL_KIND_INTERVAL && way == PG_INTERVAL)
        return VALUE_INTERVAL;
    return text_way(kind, type);
}

int32_t value_way_of(struct value *v, struct qetl_env env, const struct ArrowSchema *field)
{
    struct ArrowArray none = {0};
    struct qetl_column column;
    v->way = VALUE_INCOMPATIBLE;
    int32_t status = qetl_array_nulls(env, field, 0, &none);
    if (!status && !qetl_column_open(&column, field, &none))
        v->way = way_of(column.kind, &v->type);
    qetl_array_release(&none);
    return status == QETL_E_UNSUPPORTED ? QETL_OK : status;
}
