/* SPDX-License-Identifier: Apache-2.0 */
/* From DuckDB's vectors to Arrow: what lies in memory as Arrow wants it is copied as a block. */
#include "take.h"

enum { UUID_SIZE = 36, NANOSECONDS_A_MICROSECOND = 1000 };

static bool is_null(const struct shape *s, int64_t row)
{
    return s->validity && !(s->validity[row >> 6] >> (row & 63) & 1);
}

static int32_t take_bool(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    return qetl_builder_bool(b, ((const uint8_t *)s->data)[row] != 0);
}

static int32_t take_text(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    struct qetl_text text = duck_text((const struct duck_string *)s->data + row);
    return qetl_builder_text(b, text.data, text.size);
}

/* DuckDB keeps UUIDs as integers whose order is theirs: the highest bit is turned. */
static int32_t take_uuid(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    static const char digits[] = "0123456789abcdef";
    unsigned __int128 bits;
    char text[UUID_SIZE], *to = text;
    memcpy(&bits, (const char *)s->data + row * (int64_t)sizeof bits, sizeof bits);
    bits ^= (unsigned __int128)1 << 127;
    for (int nibble = 0; nibble < 32; nibble++) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20)
            *to++ = '-';
        *to++ = digits[(unsigned)(bits >> (124 - 4 * nibble)) & 15];
    }
    return qetl_builder_text(b, text, UUID_SIZE);
}

static int32_t take_decimal(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    qetl_int128 wide;
    switch (s->stored) {
    case DUCK_SMALLINT:
        return qetl_builder_decimal(b, ((const int16_t *)s->data)[row]);
    case DUCK_INTEGER:
        return qetl_builder_decimal(b, ((const int32_t *)s->data)[row]);
    case DUCK_BIGINT:
        return qetl_builder_decimal(b, ((const int64_t *)s->data)[row]);
    default:
        memcpy(&wide, (const char *)s->data + row * (int64_t)sizeof wide, sizeof wide);
        return qetl_builder_decimal(b, wide);
    }
}

static int32_t take_interval(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    const struct duck_interval *from = (const struct duck_interval *)s->data + row;
    struct qetl_interval value = {from->months, from->days, 0};
    if (__builtin_mul_overflow(from->microseconds, NANOSECONDS_A_MICROSECOND, &value.nanoseconds))
        return QETL_E_DATA;
    return qetl_builder_interval(b, value);
}

/* The time in UTC stands above 24 bits of offset. */
static int32_t take_time_tz(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    return qetl_builder_int(b, (int64_t)(((const uint64_t *)s->data)[row] >> 24));
}

static int32_t take_struct(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < s->n_children; i++)
        status = take_rows(&s->children[i], qetl_builder_child(b, i), row, 1);
    return status ? status : qetl_builder_struct(b);
}

static int32_t take_list(const struct shape *s, struct qetl_builder *b, int64_t row)
{
    struct duck_list list = ((const struct duck_list *)s->data)[row];
    int32_t status = take_rows(&s->children[0], qetl_builder_child(b, 0), (int64_t)list.offset,
                               (int64_t)list.length);
    return status ? status : qetl_builder_list(b);
}

typedef int32_t take_one(const struct shape *, struct qetl_builder *, int64_t row);

/* NULL: values lie as Arrow has them. */
static take_one *taker_of(enum duck_id id)
{
    switch (id) {
    case DUCK_BOOLEAN:
        return take_bool;
    case DUCK_VARCHAR:
    case DUCK_BLOB:
        return take_text;
    case DUCK_UUID:
        return take_uuid;
    case DUCK_DECIMAL:
    case DUCK_HUGEINT:
        return take_decimal;
    case DUCK_INTERVAL:
        return take_interval;
    case DUCK_TIME_TZ:
        return take_time_tz;
    case DUCK_STRUCT:
        return take_struct;
    case DUCK_LIST:
    case DUCK_MAP:
        return take_list;
    default:
        return NULL;
    }
}

int32_t take_rows(const struct shape *s, struct qetl_builder *b, int64_t first, int64_t count)
{
    take_one *take = taker_of(s->id);
    int32_t status = QETL_OK;
    if (!take)
        return qetl_builder_block(b, s->data, s->validity, first, count);
    for (int64_t row = first; !status && row < first + count; row++)
        status = is_null(s, row) ? qetl_builder_null(b) : take(s, b, row);
    return status;
}
