/* SPDX-License-Identifier: Apache-2.0 */
/* Values to the binary encoding. */
#include "encoder.h"

#include "wire.h"

enum {
    BRANCH_NULL = 0,
    BRANCH_VALUE = 1,
    NUMBER_ROOM = 16,
    DIGITS_MICROS = 6,
    DURATION_PARTS = 3,
    MILLISECOND_NS = 1000000
};

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

/* Of any fraction to microseconds. */
static int32_t micros_put(struct avro_encoder *e, const struct qetl_column *c, int64_t i)
{
    int64_t value = qetl_column_int(c, i);
    for (int32_t digits = c->scale; digits < DIGITS_MICROS; digits++)
        if (__builtin_mul_overflow(value, 10, &value))
            return why_set(e, "the time is too far away for microseconds in 64 bits");
    if (c->scale > DIGITS_MICROS) {
        if (value % 1000)
            return why_set(e, "the time has nanoseconds, and Avro's has microseconds");
        value /= 1000;
    }
    return long_put(e, value);
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
    case AVRO_OUT_NANOS:
        return long_put(e, qetl_column_int(c, i));
    case AVRO_OUT_MICROS:
        return micros_put(e, c, i);
    case AVRO_OUT_FLOAT:
    case AVRO_OUT_DOUBLE:
        return real_put(e, qetl_column_real(c, i), part->out == AVRO_OUT_FLOAT);
    case AVRO_OUT_BYTES:
        text = qetl_column_text(c, i);
        return bytes_put(e, text.data, text.size);
    case AVRO_OUT_DECIMAL:
        return decimal_put(e, qetl_column_decimal(c, i));
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
    if (part->out == AVRO_OUT_NULL)
        return QETL_OK;
    bool null = qetl_column_is_null(&part->column, i);
    int32_t status = long_put(e, null ? BRANCH_NULL : BRANCH_VALUE);
    return status || null ? status : value_put(e, part, i);
}
