/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include "numeric.h"

#include <math.h>
#include <stdio.h>

static const char bad_value[] = "bad_value", rounded[] = "rounded", out_of_range[] = "out_of_range";
#define DAY_US INT64_C(86400000000)
#define DAY_MS INT64_C(86400000)

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

int32_t value_attach(struct value *v, const struct qetl_column *batch)
{
    v->room.reserve = room_reserve;
    return qetl_column_child(batch, v->child, &v->column);
}

static bool render(struct value *v, int64_t i)
{
    v->room.size = 0;
    return !qetl_render(&v->column, i, &v->room);
}

static const char *refuse(struct value *v, int64_t i, const char *word, const char *why)
{
    int size = render(v, i) ? (int)(v->room.size < 60 ? v->room.size : 60) : 0;
    snprintf(v->why, sizeof v->why, "%.*s %s %.100s", size, size ? (const char *)v->room.data : "",
             why, v->type_name);
    return word;
}

/* ---- Numbers ---- */

/* Of a whole number of any kind; false: it has a fraction, or is none. */
static bool whole_of(const struct value *v, int64_t i, qetl_int128 *out)
{
    const struct qetl_column *c = &v->column;
    double real;
    switch (c->kind) {
    case QETL_KIND_UINT:
        *out = (qetl_int128)qetl_column_uint(c, i);
        return true;
    case QETL_KIND_DECIMAL:
        *out = qetl_column_decimal(c, i);
        if (!numeric_fits(*out, c->scale, 0))
            return false;
        for (int32_t left = c->scale; left > 0; left--)
            *out /= 10;
        return c->scale >= 0;
    case QETL_KIND_REAL:
        real = qetl_column_real(c, i);
        if (!(fabs(real) < 9.3e18) || real != trunc(real))
            return false;
        *out = (qetl_int128)real;
        return true;
    default:
        *out = qetl_column_int(c, i);
        return true;
    }
}

static const char *put_whole(struct value *v, struct wire *w, int64_t i, int width)
{
    bool is_oid = v->way == VALUE_OID;
    int64_t most = width == 2 ? INT16_MAX : width == 4 ? INT32_MAX : INT64_MAX;
    int64_t least = is_oid ? 0 : -most - 1;
    qetl_int128 value;
    most = is_oid ? UINT32_MAX : most;
    if (!whole_of(v, i, &value))
        return refuse(v, i, rounded, "is no whole number, as is held by");
    if (value > most || value < least)
        return refuse(v, i, out_of_range, "lies beyond");
    wire_int32(w, width);
    if (width == 2)
        wire_int16(w, (int16_t)value);
    else if (width == 4)
        wire_int32(w, (int32_t)(uint32_t)(uint64_t)value);
    else
        wire_int64(w, (int64_t)value);
    return NULL;
}

/* The nearest there is; of whole numbers, the same. */
static const char *put_real(struct value *v, struct wire *w, int64_t i)
{
    const struct qetl_column *c = &v->column;
    bool narrow = v->way == VALUE_FLOAT4;
    double value = qetl_column_real(c, i);
    float less = (float)value;
    bool whole = c->kind == QETL_KIND_INT || c->kind == QETL_KIND_UINT;
    qetl_int128 exact;
    if (whole && whole_of(v, i, &exact) && (qetl_int128)(narrow ? (double)less : value) != exact)
        return refuse(v, i, rounded, "has more digits than are sure in");
    if (narrow && isinf(less) && !isinf(value))
        return refuse(v, i, out_of_range, "lies beyond");
    uint32_t bits4;
    int64_t bits8;
    memcpy(&bits4, &less, sizeof bits4);
    memcpy(&bits8, &value, sizeof bits8);
    wire_int32(w, narrow ? 4 : 8);
    if (narrow)
        wire_int32(w, (int32_t)bits4);
    else
        wire_int64(w, bits8);
    return NULL;
}

/* How many digits the column has behind the point; -1: any. */
static int32_t scale_of(const struct value *v)
{
    int32_t both = v->typmod - 4;
    return both < 0 ? -1 : ((both & 0x7ff) ^ 1024) - 1024;
}

static const char *put_number_text(struct value *v, struct wire *w, int64_t i)
{
    struct qetl_text text;
    int32_t scale = scale_of(v);
    if (v->column.kind == QETL_KIND_TEXT) {
        text = qetl_column_text(&v->column, i);
    } else {
        if (!render(v, i))
            return "no_memory";
        text = (struct qetl_text){(const char *)v->room.data, v->room.size};
    }
    switch (numeric_put_text(w, text.data, text.size, scale < 0 ? -1 : scale)) {
    case NUMERIC_PUT:
        return NULL;
    case NUMERIC_ROUNDS:
        return refuse(v, i, rounded, "has digits that would be rounded in");
    case NUMERIC_TOO_LONG:
        return refuse(v, i, out_of_range, "has more digits than");
    default:
        return refuse(v, i, bad_value, "is no");
    }
}

static const char *put_decimal(struct value *v, struct wire *w, int64_t i)
{
    const struct qetl_column *c = &v->column;
    qetl_int128 value;
    int32_t digits = c->kind == QETL_KIND_DECIMAL ? c->scale : 0;
    if (c->kind == QETL_KIND_DECIMAL)
        value = qetl_column_decimal(c, i);
    else
        whole_of(v, i, &value);
    if (!numeric_fits(value, digits, scale_of(v)))
        return refuse(v, i, rounded, "has digits that would be rounded in");
    return numeric_put_small(w, value, digits) ? NULL : put_number_text(v, w, i);
}

/* ---- Moments ---- */

/* Microseconds, of whatever unit; false: there is a rest, or they are too many. */
static bool microseconds(int64_t value, int32_t digits, int64_t *out)
{
    static const int64_t times[] = {1000000, 0, 0, 1000, 0, 0, 1};
    if (digits == 9) {
        *out = value / 1000;
        return value % 1000 == 0;
    }
    return !__builtin_mul_overflow(value, times[digits], out);
}

/* timestamp(3) would round what is finer. */
static bool is_finer(const struct value *v, int64_t us)
{
    static const int32_t steps[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int32_t digits = v->way == VALUE_INTERVAL && v->typmod >= 0 ? v->typmod & 0xffff : v->typmod;
    return digits >= 0 && digits < 6 && us % steps[digits] != 0;
}

static const char *put_date(struct value *v, struct wire *w, int64_t i)
{
    int64_t days = qetl_column_int(&v->column, i);
    if (v->column.layout == 'l' && days % DAY_MS)
        return refuse(v, i, rounded, "is not a day's beginning, as is held by");
    days = (v->column.layout == 'l' ? days / DAY_MS : days) - PG_EPOCH_DAYS;
    if (days <= INT32_MIN || days >= INT32_MAX)
        return refuse(v, i, out_of_range, "lies beyond");
    wire_int32(w, 4);
    wire_int32(w, (int32_t)days);
    return NULL;
}

static const char *put_timestamp(struct value *v, struct wire *w, int64_t i)
{
    const struct qetl_column *c = &v->column;
    bool day = c->kind == QETL_KIND_DATE;
    int64_t value = qetl_column_int(c, i), us;
    bool fits = day && c->layout != 'l' ? !__builtin_mul_overflow(value, DAY_US, &us)
                                        : microseconds(value, day ? 3 : c->scale, &us);
    if (!fits && !day && c->scale == 9)
        return refuse(v, i, rounded, "has parts of a microsecond, which are lost in");
    if (!fits || __builtin_sub_overflow(us, PG_EPOCH_US, &us) || us == INT64_MIN || us == INT64_MAX)
        return refuse(v, i, out_of_range, "lies beyond");
    if (is_finer(v, us))
        return refuse(v, i, rounded, "is finer than");
    wire_int32(w, 8);
    wire_int64(w, us);
    return NULL;
}

static const char *put_time(struct value *v, struct wire *w, int64_t i)
{
    int64_t us;
    if (!microseconds(qetl_column_int(&v->column, i), v->column.scale, &us))
        return refuse(v, i, rounded, "has parts of a microsecond, which are lost in");
    if (is_finer(v, us))
        return refuse(v, i, rounded, "is finer than");
    wire_int32(w, 8);
    wire_int64(w, us);
    return NULL;
}

static const char *put_interval(struct value *v, struct wire *w, int64_t i)
{
    struct qetl_interval value = qetl_column_interval(&v->column, i);
    if (value.nanoseconds % 1000 || is_finer(v, value.nanoseconds / 1000))
        return refuse(v, i, rounded, "is finer than");
    wire_int32(w, 16);
    wire_int64(w, value.nanoseconds / 1000);
    wire_int32(w, value.days);
    wire_int32(w, value.months);
    return NULL;
}

/* ---- Texts ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits, with braces or hyphens where PostgreSQL has them, or without. */
static bool uuid_read(struct qetl_text text, uint8_t out[16])
{
    int digits = 0;
    bool braces = text.size > 2 && text.data[0] == '{' && text.data[text.size - 1] == '}';
    for (int64_t k = braces; k < text.size - braces; k++) {
        int digit = hex_of(text.data[k]);
        bool hyphen = text.data[k] == '-' && digits && digits < 32 && digits % 4 == 0 &&
                      text.data[k - 1] != '-';
        if (hyphen)
            continue;
        if (digit < 0 || digits == 32)
            return false;
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | digit : digit << 4);
        digits++;
    }
    return digits == 32;
}

static const char *put_uuid(struct value *v, struct wire *w, int64_t i)
{
    uint8_t uuid[16];
    if (!uuid_read(qetl_column_text(&v->column, i), uuid))
        return refuse(v, i, bad_value, "is no");
    wire_int32(w, sizeof uuid);
    wire_bytes(w, uuid, sizeof uuid);
    return NULL;
}

/* prefix: the version of jsonb, or 0 for nothing. */
static const char *put_text(struct value *v, struct wire *w, struct qetl_text text, uint8_t prefix)
{
    int64_t size = text.size + (prefix != 0);
    if (size > INT32_MAX) {
        snprintf(v->why, sizeof v->why, "a value of %lld bytes is more than COPY takes",
                 (long long)text.size);
        return "too_big";
    }
    wire_int32(w, (int32_t)size);
    if (prefix)
        wire_bytes(w, &prefix, 1);
    wire_bytes(w, text.data, (size_t)text.size);
    return NULL;
}

static struct qetl_text text_of(struct value *v, int64_t i)
{
    enum qetl_kind kind = v->column.kind;
    if (kind == QETL_KIND_TEXT || kind == QETL_KIND_BINARY)
        return qetl_column_text(&v->column, i);
    render(v, i);
    return (struct qetl_text){(const char *)v->room.data, v->room.size};
}

static const char *refuse_null(struct value *v)
{
    snprintf(v->why, sizeof v->why, "%s",
             v->key ? "a column of the key is NULL" : "NULL says not from when on the row holds");
    return v->key ? "null_key" : "null_time";
}

const char *value_put(struct value *v, struct wire *w, int64_t i)
{
    if (v->way == VALUE_NULL || qetl_column_is_null(&v->column, i)) {
        wire_int32(w, -1);
        return v->key || v->since ? refuse_null(v) : NULL;
    }
    switch (v->way) {
    case VALUE_BOOL:
        wire_int32(w, 1);
        wire_bytes(w, qetl_column_int(&v->column, i) ? "\1" : "\0", 1);
        return NULL;
    case VALUE_INT2:
        return put_whole(v, w, i, 2);
    case VALUE_INT4:
    case VALUE_OID:
        return put_whole(v, w, i, 4);
    case VALUE_INT8:
        return put_whole(v, w, i, 8);
    case VALUE_FLOAT4:
    case VALUE_FLOAT8:
        return put_real(v, w, i);
    case VALUE_DECIMAL:
        return put_decimal(v, w, i);
    case VALUE_NUMERIC_TEXT:
        return put_number_text(v, w, i);
    case VALUE_DATE:
        return put_date(v, w, i);
    case VALUE_TIME:
        return put_time(v, w, i);
    case VALUE_TIMESTAMP:
        return put_timestamp(v, w, i);
    case VALUE_INTERVAL:
        return put_interval(v, w, i);
    case VALUE_UUID:
        return put_uuid(v, w, i);
    case VALUE_JSONB:
        return put_text(v, w, text_of(v, i), 1);
    default:
        return put_text(v, w, text_of(v, i), 0);
    }
}

/* ---- The text format ---- */

static void put_escaped(struct wire *w, struct qetl_text text)
{
    int64_t from = 0;
    for (int64_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c != '\\' && c != '\t' && c != '\n' && c != '\r')
            continue;
        wire_bytes(w, text.data + from, (size_t)(i - from));
        wire_bytes(w, c == '\\' ? "\\\\" : c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r", 2);
        from = i + 1;
    }
    wire_bytes(w, text.data + from, (size_t)(text.size - from));
}

static void put_hex(struct wire *w, struct qetl_text bytes)
{
    static const char hex[] = "0123456789abcdef";
    wire_bytes(w, "\\\\x", 3);
    uint8_t *at = wire_room(w, 2 * (size_t)bytes.size);
    for (int64_t i = 0; at && i < bytes.size; i++) {
        *at++ = (uint8_t)hex[(uint8_t)bytes.data[i] >> 4];
        *at++ = (uint8_t)hex[(uint8_t)bytes.data[i] & 15];
    }
    w->size += at ? 2 * (size_t)bytes.size : 0;
}

const char *value_put_text(struct value *v, struct wire *w, int64_t i)
{
    v->scratch.size = 0;
    const char *word = v->way == VALUE_BY_SERVER ? NULL : value_put(v, &v->scratch, i);
    if (word)
        return word;
    w->failed |= v->scratch.failed;
    if (v->way == VALUE_NULL || qetl_column_is_null(&v->column, i)) {
        wire_bytes(w, "\\N", 2);
        return v->key || v->since ? refuse_null(v) : NULL;
    }
    if (v->column.kind == QETL_KIND_BINARY)
        put_hex(w, text_of(v, i));
    else
        put_escaped(w, text_of(v, i));
    return NULL;
}

void value_free(struct value *v)
{
    free(v->room.data);
    wire_free(&v->scratch);
    v->room = (struct qetl_space){0};
}
