/* SPDX-License-Identifier: Apache-2.0 */
#include "position.h"

#include <endian.h>
#include <stdlib.h>

/* The tag and version, the cookie, then of each key its class, its size and its bytes; numbers have
 * eight bytes, the lowest first. */
static const uint64_t POSITION_TAG = 0x31736f706c7173; /* "sqlpos1" */

static void put(struct position *p, const void *data, size_t size)
{
    if (p->capacity - p->size < size) {
        size_t capacity = 2 * (p->size + size) + 64;
        uint8_t *grown = realloc(p->data, capacity);
        if (!grown) {
            p->no_memory = true;
            return;
        }
        p->data = grown;
        p->capacity = capacity;
    }
    if (size)
        memcpy(p->data + p->size, data, size);
    p->size += size;
}

static void put_number(struct position *p, uint64_t value)
{
    uint64_t little = htole64(value);
    put(p, &little, sizeof little);
}

static void put_bytes(struct position *p, const void *data, int size)
{
    put_number(p, (uint64_t)size);
    put(p, data ? data : "", (size_t)size);
}

static void put_value(struct position *p, sqlite3_stmt *row, int i)
{
    int class = sqlite3_column_type(row, i);
    double real = class == SQLITE_FLOAT ? sqlite3_column_double(row, i) : 0;
    uint64_t bits;
    put_number(p, (uint64_t) class);
    memcpy(&bits, &real, sizeof bits);
    if (class == SQLITE_INTEGER) {
        put_number(p, (uint64_t)sqlite3_column_int64(row, i));
    } else if (class == SQLITE_FLOAT) {
        put_number(p, bits);
    } else if (class == SQLITE_TEXT) {
        const void *text = sqlite3_column_text(row, i);
        put_bytes(p, text, sqlite3_column_bytes(row, i));
    } else {
        const void *blob = sqlite3_column_blob(row, i);
        put_bytes(p, blob, sqlite3_column_bytes(row, i));
    }
}

bool position_note(struct position *p, int64_t cookie, sqlite3_stmt *row, int first, int64_t n)
{
    p->size = 0;
    p->no_memory = false;
    put_number(p, POSITION_TAG);
    put_number(p, (uint64_t)cookie);
    for (int i = first; i < first + n; i++) {
        if (sqlite3_column_type(row, i) == SQLITE_NULL)
            return false;
        put_value(p, row, i);
    }
    return !p->no_memory;
}

bool position_equals(const struct position *a, const struct position *b)
{
    return a->size == b->size && a->size && memcmp(a->data, b->data, a->size) == 0;
}

static bool get_number(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    if (end - *at < (int64_t)sizeof *value)
        return false;
    memcpy(value, *at, sizeof *value);
    *value = le64toh(*value);
    *at += sizeof *value;
    return true;
}

static bool bind_value(const uint8_t **at, const uint8_t *end, sqlite3_stmt *statement, int i)
{
    uint64_t class, value;
    double real;
    if (!get_number(at, end, &class) || !get_number(at, end, &value))
        return false;
    if (class == SQLITE_INTEGER)
        return sqlite3_bind_int64(statement, i, (int64_t)value) == SQLITE_OK;
    if (class == SQLITE_FLOAT) {
        memcpy(&real, &value, sizeof real);
        return sqlite3_bind_double(statement, i, real) == SQLITE_OK;
    }
    const char *bytes = (const char *)*at;
    if (value > (uint64_t)(end - *at) || (class != SQLITE_TEXT && class != SQLITE_BLOB))
        return false;
    *at += value;
    int code = class == SQLITE_TEXT
                   ? sqlite3_bind_text64(statement, i, bytes, value, SQLITE_TRANSIENT, SQLITE_UTF8)
                   : sqlite3_bind_blob64(statement, i, bytes, value, SQLITE_TRANSIENT);
    return code == SQLITE_OK;
}

bool position_bind(const struct qetl_blob *blob, sqlite3_stmt *statement, int64_t n)
{
    const uint8_t *at = blob->data, *end = at + blob->size;
    uint64_t tag, cookie;
    if (!get_number(&at, end, &tag) || tag != POSITION_TAG || !get_number(&at, end, &cookie))
        return false;
    for (int i = 1; i <= n; i++)
        if (!bind_value(&at, end, statement, i))
            return false;
    return at == end;
}

int64_t position_cookie(const struct qetl_blob *blob)
{
    const uint8_t *at = blob->data, *end = at + blob->size;
    uint64_t tag, cookie;
    return get_number(&at, end, &tag) && tag == POSITION_TAG && get_number(&at, end, &cookie)
               ? (int64_t)cookie
               : -1;
}

void position_free(struct position *p)
{
    free(p->data);
    *p = (struct position){0};
}
