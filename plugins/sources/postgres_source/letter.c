/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include "json_text.h"
#include "number.h"
#include "wire.h"

#include <stdio.h>

enum { VALUE_MAX = 1100 };
#define DAY_US INT64_C(86400000000)

/* As qetl writes a value of that type, of which it takes this one. */
static bool rendered(const struct column *c, const struct copy_field *f, char *out, size_t size)
{
    int64_t first[2] = {0};
    struct ArrowSchema field = {0};
    struct column one = *c;
    struct qetl_env none = {0};
    struct qetl_column column;
    uint8_t room[200];
    struct qetl_space space = {.data = room, .capacity = sizeof room};
    one.values = (uint8_t *)first;
    one.validity = NULL;
    bool taken = one.width <= 16 && column_put(&one, none, 0, f->data, f->size) == COLUMN_TAKEN &&
                 !qetl_type_field(c->type.sql, "", &field);
    const void *buffers[] = {NULL, first};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    if (taken && !qetl_column_open(&column, &field, &array) && !qetl_render(&column, 0, &space))
        snprintf(out, size, "%.*s", (int)space.size, (const char *)room);
    else
        taken = false;
    qetl_schema_release(&field);
    return taken;
}

/* Later than Arrow's last: its day and its time. */
static void late_timestamp(int64_t us, char *out, size_t size)
{
    char day[64] = "", clock[64] = "";
    uint32_t days = htobe32((uint32_t)(us / DAY_US));
    uint64_t rest = htobe64((uint64_t)(us % DAY_US));
    const struct column date = {.type = pg_type_of(PG_OID_DATE, -1, false), .width = 4};
    const struct column time = {.type = pg_type_of(PG_OID_TIME, -1, false), .width = 8};
    rendered(&date, &(struct copy_field){(const uint8_t *)&days, 4}, day, sizeof day);
    rendered(&time, &(struct copy_field){(const uint8_t *)&rest, 8}, clock, sizeof clock);
    snprintf(out, size, "%s %s", day, clock);
}

static void long_interval(const uint8_t *data, char *out, size_t size)
{
    int64_t us = wire_int64(data);
    uint64_t all = us < 0 ? 0 - (uint64_t)us : (uint64_t)us, seconds = all / 1000000;
    int months = wire_int32(data + 12), days = wire_int32(data + 8), at = 0;
    if (months || days)
        at = snprintf(out, size, "%d mons %d days ", months, days);
    at += snprintf(out + at, size - (size_t)at, "%s%llu:%02llu:%02llu", us < 0 ? "-" : "",
                   (unsigned long long)(seconds / 3600), (unsigned long long)(seconds / 60 % 60),
                   (unsigned long long)(seconds % 60));
    if (all % 1000000)
        snprintf(out + at, size - (size_t)at, ".%06llu", (unsigned long long)(all % 1000000));
}

/* How many bytes `beyond` reads. A row that is refused for one column was looked at no further. */
static int64_t bytes_read(const struct column *c)
{
    switch (c->type.way) {
    case PG_NUMERIC:
        return 0; /* it looks by itself */
    case PG_DATE:
        return 4;
    case PG_INTERVAL:
        return 16;
    default:
        return 8;
    }
}

/* What Arrow has no value for. */
static void beyond(const struct column *c, const struct copy_field *f, char *out, size_t size)
{
    bool narrow = c->type.way == PG_DATE;
    int64_t value = narrow ? wire_int32(f->data) : f->size >= 8 ? wire_int64(f->data) : 0;
    if (c->type.way == PG_NUMERIC)
        number_text(f->data, f->size, out, size);
    else if (c->type.way == PG_INTERVAL)
        long_interval(f->data, out, size);
    else if (c->type.way == PG_TIME)
        snprintf(out, size, "24:00:00");
    else if (value == (narrow ? INT32_MIN : INT64_MIN))
        snprintf(out, size, "-infinity");
    else if (value == (narrow ? INT32_MAX : INT64_MAX))
        snprintf(out, size, "infinity");
    else
        late_timestamp(value, out, size);
}

static void hex(const struct copy_field *f, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "\\x");
    for (int64_t i = 0; i < f->size && at + 3 < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%02x", f->data[i]);
}

void letter_value(const struct column *c, const struct copy_field *f, char *out, size_t size)
{
    *out = 0;
    if (c->type.way >= PG_BYTEA || c->type.way == PG_UUID) {
        if (c->type.way >= PG_TEXT && qetl_utf8_valid(f->data, f->size))
            snprintf(out, size, "%.*s", (int)(f->size < (int64_t)size ? f->size : (int64_t)size),
                     (const char *)f->data);
        else
            hex(f, out, size);
    } else if (!rendered(c, f, out, size)) {
        if (f->size < bytes_read(c))
            hex(f, out, size);
        else
            beyond(c, f, out, size);
    }
}

static void put_value(struct pg_sql *out, const struct column *c, const struct copy_field *f)
{
    char text[VALUE_MAX];
    bool plain = c->type.way >= PG_TEXT && f->size >= 0 && qetl_utf8_valid(f->data, f->size);
    if (f->size < 0) {
        pg_sql_put(out, "null");
    } else if (plain) {
        int64_t skip = c->type.way == PG_JSONB && f->size; /* its version */
        json_text_put(out, (const char *)f->data + skip, (size_t)(f->size - skip));
    } else {
        letter_value(c, f, text, sizeof text);
        json_text_put(out, text, strlen(text));
    }
}

char *letter_make(const struct copy *c, const char *const *names)
{
    struct pg_sql out = {0};
    pg_sql_put(&out, "{");
    for (int32_t i = 0; i < c->n_columns; i++) {
        pg_sql_put(&out, i ? "," : "");
        json_text_put(&out, names[i], strlen(names[i]));
        pg_sql_put(&out, ":");
        put_value(&out, &c->columns[i], &c->fields[i]);
    }
    pg_sql_put(&out, "}");
    if (out.failed)
        pg_sql_free(&out);
    return out.text;
}
