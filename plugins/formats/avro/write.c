/* SPDX-License-Identifier: Apache-2.0 */
/* Values to the binary encoding. */
#include "encoder.h"

#include "wire.h"

enum { NUMBER_ROOM = 16, UUID_LETTERS = 36, DURATION_PARTS = 3, MILLISECOND_NS = 1000000 };

static int32_t why_set(struct avro_encoder *e, const char *why)
{
    e->why = why;
    return QETL_E_DATA;
}

static int32_t long_put(struct avro_encoder *e, int64_t value)
{
    uint8_t room[AVRO_VARINT_MAX];
    return qetl_space_put(&e->block, room, avro_varint_put(room, value) - room);
}

static int32_t bytes_put(struct avro_encoder *e, const void *data, int64_t size)
{
    int32_t status = long_put(e, size);
    return status ? status : qetl_space_put(&e->block, data, size);
}

/* The fewest bytes of big-endian two's complement. */
static int32_t decimal_put(struct avro_encoder *e, qetl_int128 value)
{
    uint8_t room[NUMBER_ROOM];
    int at = NUMBER_ROOM;
    uint8_t last;
    do {
        last = (uint8_t)value;
        room[--at] = last;
        value >>= 8;
    } while (at && !(value == 0 && last < 0x80) && !(value == -1 && last >= 0x80));
    return bytes_put(e, room + at, NUMBER_ROOM - at);
}

/* Of any fraction to that of the schema. */
static int32_t moment_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    int64_t value = qetl_column_int(&part->column, i);
    for (int32_t digits = part->column.scale; digits < part->digits; digits++)
        if (__builtin_mul_overflow(value, 10, &value))
            return why_set(e, "the time is too far away for its fractions in 64 bits");
    for (int32_t digits = part->column.scale; digits > part->digits; digits--) {
        if (value % 10)
            return why_set(e, "the time has finer fractions than Avro's type");
        value /= 10;
    }
    return long_put(e, value);
}

static int32_t narrow_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    const struct qetl_column *c = &part->column;
    bool large = c->kind == QETL_KIND_UINT && qetl_column_uint(c, i) > INT64_MAX;
    int64_t value = large                       ? 0
                    : c->kind == QETL_KIND_UINT ? (int64_t)qetl_column_uint(c, i)
                                                : qetl_column_int(c, i);
    bool wide = part->as->kind == AVRO_LONG;
    if (large || (!wide && (value < INT32_MIN || value > INT32_MAX)))
        return why_set(e, wide ? "the number is no long of 64 bits"
                               : "the number is no int of 32 bits");
    return long_put(e, value);
}

static int32_t fixed_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    struct qetl_text text = qetl_column_text(&part->column, i);
    if (text.size != part->as->size)
        return why_set(e, "it has not as many bytes as the schema's fixed");
    return qetl_space_put(&e->block, text.data, text.size);
}

static int32_t enum_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    struct qetl_text text = qetl_column_text(&part->column, i);
    for (int64_t k = 0; k < part->as->n_symbols; k++)
        if ((int64_t)strlen(part->as->symbols[k]) == text.size &&
            !memcmp(part->as->symbols[k], text.data, (size_t)text.size))
            return long_put(e, k);
    return why_set(e, "it is none of the schema's symbols");
}

static int32_t uuid_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    struct qetl_text text = qetl_column_text(&part->column, i);
    bool good = text.size == UUID_LETTERS;
    for (int64_t k = 0; good && k < UUID_LETTERS; k++) {
        char c = ((const char *)text.data)[k];
        bool dash = k == 8 || k == 13 || k == 18 || k == 23;
        good = dash ? c == '-' : (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
    }
    return good ? bytes_put(e, text.data, text.size) : why_set(e, "it is no UUID");
}

/* Big-endian two's complement of as many bytes as the schema has. */
static int32_t decimal_fixed_put(struct avro_encoder *e, const struct avro_part *part,
                                 qetl_int128 value)
{
    int64_t size = part->as->size;
    for (int64_t at = size - 1; at >= 0; at--) {
        uint8_t byte = at < NUMBER_ROOM ? (uint8_t)(value >> (8 * at)) : value < 0 ? 0xff : 0;
        int32_t status = qetl_space_put(&e->block, &byte, 1);
        if (status)
            return status;
    }
    return QETL_OK;
}

static int32_t decimal_given_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    const struct qetl_column *c = &part->column;
    qetl_int128 value = c->kind == QETL_KIND_DECIMAL ? qetl_column_decimal(c, i)
                        : c->kind == QETL_KIND_UINT  ? (qetl_int128)qetl_column_uint(c, i)
                                                     : (qetl_int128)qetl_column_int(c, i);
    qetl_int128 limit = 1;
    for (int32_t k = 0; k < part->digits; k++)
        if (__builtin_mul_overflow(value, 10, &value))
            return why_set(e, "the number has more digits than the schema's decimal");
    for (int32_t k = 0; k < part->as->precision; k++)
        limit *= 10;
    if (value <= -limit || value >= limit)
        return why_set(e, "the number has more digits than the schema's decimal");
    return part->as->kind == AVRO_FIXED ? decimal_fixed_put(e, part, value) : decimal_put(e, value);
}

/* An integer as a double that is the same number. */
static bool is_exact(const struct qetl_column *c, int64_t i)
{
    if (c->kind == QETL_KIND_REAL)
        return true;
    double value = qetl_column_real(c, i);
    return c->kind == QETL_KIND_UINT ? value < 0x1p64 && (uint64_t)value == qetl_column_uint(c, i)
                                     : value < 0x1p63 && (int64_t)value == qetl_column_int(c, i);
}

static int32_t duration_put(struct avro_encoder *e, struct qetl_interval value)
{
    int64_t milliseconds = value.nanoseconds / MILLISECOND_NS;
    uint32_t parts[DURATION_PARTS] = {(uint32_t)value.months, (uint32_t)value.days,
                                      (uint32_t)milliseconds};
    if (value.months < 0 || value.days < 0 || value.nanoseconds < 0)
        return why_set(e, "the interval is negative, and Avro's durations are not");
    if (value.nanoseconds % MILLISECOND_NS || milliseconds > UINT32_MAX)
        return why_set(e, "the interval has parts that are no milliseconds in 32 bits");
    return qetl_space_put(&e->block, parts, sizeof parts);
}

static int32_t array_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    int64_t first, count;
    qetl_column_list(&part->column, i, &first, &count);
    int32_t status = count ? long_put(e, count) : QETL_OK;
    for (int64_t k = 0; !status && k < count; k++)
        status = avro_value_write(e, part->children, first + k);
    return status ? status : long_put(e, 0);
}

static int32_t real_put(struct avro_encoder *e, double value, bool single)
{
    float narrow = (float)value;
    return single ? qetl_space_put(&e->block, &narrow, sizeof narrow)
                  : qetl_space_put(&e->block, &value, sizeof value);
}

static int32_t value_put(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    const struct qetl_column *c = &part->column;
    struct qetl_text text;
    int32_t status = QETL_OK;
    uint8_t bit;
    switch (part->out) {
    case AVRO_OUT_BOOL:
        bit = qetl_column_int(c, i) != 0;
        return qetl_space_put(&e->block, &bit, 1);
    case AVRO_OUT_INT:
        return long_put(e, c->kind == QETL_KIND_UINT ? (int64_t)qetl_column_uint(c, i)
                                                     : qetl_column_int(c, i));
    case AVRO_OUT_NARROW:
        return narrow_put(e, part, i);
    case AVRO_OUT_MOMENT:
        return moment_put(e, part, i);
    case AVRO_OUT_FLOAT:
    case AVRO_OUT_DOUBLE:
        if (!is_exact(c, i))
            return why_set(e, "no double is this number");
        return real_put(e, qetl_column_real(c, i), part->out == AVRO_OUT_FLOAT);
    case AVRO_OUT_BYTES:
        text = qetl_column_text(c, i);
        return bytes_put(e, text.data, text.size);
    case AVRO_OUT_FIXED:
        return fixed_put(e, part, i);
    case AVRO_OUT_ENUM:
        return enum_put(e, part, i);
    case AVRO_OUT_UUID:
        return uuid_put(e, part, i);
    case AVRO_OUT_DECIMAL:
        return part->as ? decimal_given_put(e, part, i) : decimal_put(e, qetl_column_decimal(c, i));
    case AVRO_OUT_UNSIGNED:
        return decimal_put(e, (qetl_int128)qetl_column_uint(c, i));
    case AVRO_OUT_DURATION:
        return duration_put(e, qetl_column_interval(c, i));
    case AVRO_OUT_RECORD:
        for (int64_t k = 0; !status && k < part->n; k++)
            status = avro_value_write(e, &part->children[k], i);
        return status;
    case AVRO_OUT_ARRAY:
        return array_put(e, part, i);
    default:
        return QETL_OK;
    }
}

int32_t avro_value_write(struct avro_encoder *e, const struct avro_part *part, int64_t i)
{
    bool null = part->source < 0 || qetl_column_is_null(&part->column, i);
    int8_t branch = null ? part->if_null : part->if_value;
    bool none = part->out == AVRO_OUT_NULL;
    if (null && branch < 0 && !none)
        return why_set(e, "it is NULL, and the schema has no null here");
    if (!null && none)
        return part->as ? why_set(e, "the schema has nothing but null here") : QETL_OK;
    int32_t status = branch < 0 ? QETL_OK : long_put(e, branch);
    return status || null ? status : value_put(e, part, i);
}
