/* SPDX-License-Identifier: Apache-2.0 */
#include "bind.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char bad_value[] = "bad_value";

static int32_t room_reserve(struct qetl_space *s, int64_t n)
{
    int64_t capacity = s->size + n > 2 * s->capacity ? s->size + n + 64 : 2 * s->capacity;
    uint8_t *grown = realloc(s->data, (size_t)capacity);
    if (!grown)
        return QETL_E_NO_MEMORY;
    s->data = grown;
    s->capacity = capacity;
    return QETL_OK;
}

static enum bind_way way_of(enum qetl_kind kind, enum affinity affinity)
{
    switch (kind) {
    case QETL_KIND_NULL:
        return BIND_NULL;
    case QETL_KIND_BOOL:
        return BIND_INT;
    case QETL_KIND_INT:
        return affinity == AFFINITY_REAL ? BIND_INT_AS_REAL : BIND_INT;
    case QETL_KIND_UINT:
        return affinity == AFFINITY_TEXT   ? BIND_RENDER
               : affinity == AFFINITY_NONE ? BIND_UINT_ANY
                                           : BIND_UINT;
    case QETL_KIND_REAL:
        return affinity == AFFINITY_TEXT ? BIND_RENDER : BIND_REAL;
    case QETL_KIND_DECIMAL:
        return affinity >= AFFINITY_NUMERIC ? BIND_DECIMAL : BIND_RENDER;
    case QETL_KIND_TEXT:
        return BIND_TEXT;
    case QETL_KIND_BINARY:
        return BIND_BLOB;
    default:
        return BIND_RENDER;
    }
}

int32_t binder_attach(struct binder *b, const struct qetl_column *batch)
{
    int32_t status = qetl_column_child(batch, b->child, &b->column);
    if (status)
        return status;
    const struct ArrowSchema *field = b->column.schema;
    const char *format = field->dictionary ? field->dictionary->format : field->format;
    b->way = way_of(b->column.kind, b->affinity);
    b->zoned = b->column.kind == QETL_KIND_TIMESTAMP && format[4];
    b->room.reserve = room_reserve;
    return QETL_OK;
}

/* ---- Values ---- */

static int32_t render(struct binder *b, int64_t i)
{
    b->room.size = 0;
    int32_t status = qetl_render(&b->column, i, &b->room);
    /* SQLite's own functions know +00:00, and not +00 */
    return !status && b->zoned ? qetl_space_put(&b->room, ":00", 3) : status;
}

static const char *refuse(struct binder *b, int64_t i, const char *why)
{
    int32_t status = render(b, i);
    int size = b->room.size < 60 ? (int)b->room.size : 60;
    if (status)
        size = 0;
    snprintf(b->why, sizeof b->why, "%.*s %s a column declared %.60s%s", size,
             size ? (const char *)b->room.data : "", why, *b->declared ? b->declared : "as nothing",
             b->column.kind == QETL_KIND_INT ? "" : "; declare it TEXT to keep all digits");
    return bad_value;
}

/* What SQLite does not take it forgets: the parameter would be NULL. */
static const char *taken(struct binder *b, int code, int64_t size)
{
    if (code == SQLITE_OK)
        return NULL;
    b->starved = code != SQLITE_TOOBIG;
    snprintf(b->why, sizeof b->why, "a value of %lld bytes is more than the database takes",
             (long long)size);
    return "too_big";
}

static const char *bind_text(struct binder *b, sqlite3_stmt *statement, const void *data,
                             int64_t size)
{
    /* a NULL pointer would be NULL */
    return taken(b,
                 sqlite3_bind_text64(statement, b->parameter, size ? data : "",
                                     (sqlite3_uint64)size, SQLITE_STATIC, SQLITE_UTF8),
                 size);
}

static const char *bind_render(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    int32_t status = render(b, i);
    return status ? taken(b, SQLITE_NOMEM, 0) : bind_text(b, statement, b->room.data, b->room.size);
}

static const char *bind_int_as_real(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    int64_t value = qetl_column_int(&b->column, i);
    double real = (double)value;
    if (real >= 9223372036854775808.0 || (int64_t)real != value)
        return refuse(b, i, "is no number of 8 bytes with a point, as held by");
    sqlite3_bind_double(statement, b->parameter, real);
    return NULL;
}

static const char *bind_uint(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    uint64_t value = qetl_column_uint(&b->column, i);
    if (b->affinity == AFFINITY_REAL && value > (uint64_t)1 << 53)
        return refuse(b, i, "is no number of 8 bytes with a point, as held by");
    if (value <= INT64_MAX) {
        sqlite3_bind_int64(statement, b->parameter, (int64_t)value);
        return NULL;
    }
    return b->way == BIND_UINT_ANY ? bind_render(b, statement, i)
                                   : refuse(b, i, "is beyond the integers of");
}

static const char *bind_real(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    double value = qetl_column_real(&b->column, i);
    if (isnan(value) && !b->nan_is_null) {
        snprintf(b->why, sizeof b->why,
                 "SQLite has no NaN among its numbers; nan: \"null\" writes NULL");
        return "nan";
    }
    sqlite3_bind_double(statement, b->parameter, value); /* of NaN: NULL */
    return NULL;
}

/* What a decimal is without its trailing zeros. */
static qetl_int128 decimal_strip(qetl_int128 value, int32_t *scale)
{
    while (*scale > 0 && value % 10 == 0) {
        value /= 10;
        --*scale;
    }
    return value;
}

/* A whole number of 64 bits as such; what has up to 15 digits is the nearest double of them. */
static const char *bind_decimal(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    static const int64_t most = 999999999999999;
    int32_t scale = b->column.scale;
    qetl_int128 value = decimal_strip(qetl_column_decimal(&b->column, i), &scale);
    for (; scale < 0 && value <= INT64_MAX && value >= INT64_MIN; scale++)
        value *= 10;
    bool few = value <= most && value >= -most;
    if (scale == 0 && value <= INT64_MAX && value >= INT64_MIN &&
        (few || b->affinity != AFFINITY_REAL))
        sqlite3_bind_int64(statement, b->parameter, (int64_t)value);
    else if (few && scale > 0)
        sqlite3_bind_double(statement, b->parameter, qetl_column_real(&b->column, i));
    else
        return refuse(b, i, "has more than 15 digits, which is what is sure in");
    return NULL;
}

static const char *bind_bytes(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    struct qetl_text t = qetl_column_text(&b->column, i);
    if (b->way == BIND_TEXT)
        return bind_text(b, statement, t.data, t.size);
    return taken(b,
                 sqlite3_bind_blob64(statement, b->parameter, t.size ? t.data : "",
                                     (sqlite3_uint64)t.size, SQLITE_STATIC),
                 t.size);
}

static const char *bind_null(struct binder *b, sqlite3_stmt *statement)
{
    sqlite3_bind_null(statement, b->parameter);
    if (b->since) {
        snprintf(b->why, sizeof b->why, "NULL says not from when on the row holds");
        return "null_time";
    }
    if (!b->key)
        return NULL;
    snprintf(b->why, sizeof b->why, "a column of the key is NULL");
    return "null_key";
}

const char *binder_bind(struct binder *b, sqlite3_stmt *statement, int64_t i)
{
    if (qetl_column_is_null(&b->column, i))
        return bind_null(b, statement);
    switch (b->way) {
    case BIND_NULL:
        return bind_null(b, statement);
    case BIND_INT:
        sqlite3_bind_int64(statement, b->parameter, qetl_column_int(&b->column, i));
        return NULL;
    case BIND_INT_AS_REAL:
        return bind_int_as_real(b, statement, i);
    case BIND_UINT:
    case BIND_UINT_ANY:
        return bind_uint(b, statement, i);
    case BIND_REAL:
        return bind_real(b, statement, i);
    case BIND_DECIMAL:
        return bind_decimal(b, statement, i);
    case BIND_TEXT:
    case BIND_BLOB:
        return bind_bytes(b, statement, i);
    default:
        return bind_render(b, statement, i);
    }
}

void binder_free(struct binder *b)
{
    free(b->room.data);
    b->room = (struct qetl_space){0};
}
