/* SPDX-License-Identifier: Apache-2.0 */
/* Logical types. One that its type cannot have is passed over, as the specification wants it. */
#include "schema.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

enum { UUID_BYTES = 16, DURATION_BYTES = 12 };

static const struct {
    const char *name;
    enum avro_kind kind;
    int64_t size; /* of fixed */
    enum avro_logical logical;
} logicals[] = {
    {"uuid", AVRO_STRING, 0, AVRO_UUID},
    {"uuid", AVRO_FIXED, UUID_BYTES, AVRO_UUID},
    {"duration", AVRO_FIXED, DURATION_BYTES, AVRO_DURATION},
    {"date", AVRO_INT, 0, AVRO_DATE},
    {"time-millis", AVRO_INT, 0, AVRO_TIME_MILLIS},
    {"time-micros", AVRO_LONG, 0, AVRO_TIME_MICROS},
    {"timestamp-millis", AVRO_LONG, 0, AVRO_INSTANT_MILLIS},
    {"timestamp-micros", AVRO_LONG, 0, AVRO_INSTANT_MICROS},
    {"timestamp-nanos", AVRO_LONG, 0, AVRO_INSTANT_NANOS},
    {"local-timestamp-millis", AVRO_LONG, 0, AVRO_LOCAL_MILLIS},
    {"local-timestamp-micros", AVRO_LONG, 0, AVRO_LOCAL_MICROS},
    {"local-timestamp-nanos", AVRO_LONG, 0, AVRO_LOCAL_NANOS},
};

/* How many digits any value of so many bytes has. */
static int64_t digits_of(int64_t bytes)
{
    return bytes ? (int64_t)floor(log10(2) * (double)(8 * bytes - 1)) : 0;
}

static int32_t decimal_read(const json_t *json, struct avro_type *type, char *fault)
{
    const json_t *precision = json_object_get(json, "precision");
    const json_t *scale = json_object_get(json, "scale");
    int64_t p = json_integer_value(precision), s = json_integer_value(scale);
    if (type->kind != AVRO_BYTES && type->kind != AVRO_FIXED)
        return QETL_OK;
    if (p < 1 || s < 0 || s > p || (type->kind == AVRO_FIXED && p > digits_of(type->size)))
        return QETL_OK;
    if (p > AVRO_DIGITS_MAX) {
        snprintf(fault, AVRO_FAULT_TEXT,
                 "it has a decimal of %lld digits; at most %d can be computed with", (long long)p,
                 AVRO_DIGITS_MAX);
        return QETL_E_UNSUPPORTED;
    }
    type->logical = AVRO_DECIMAL;
    type->precision = (int32_t)p;
    type->scale = (int32_t)s;
    return QETL_OK;
}

int32_t avro_logical_read(const struct json_t *json, struct avro_type *type,
                          char fault[AVRO_FAULT_TEXT])
{
    const char *name = json_string_value(json_object_get(json, "logicalType"));
    const char *sql = json_string_value(json_object_get(json, "sqlType"));
    if (sql && !strcmp(sql, "JSON") && type->kind == AVRO_STRING)
        type->logical = AVRO_JSON;
    if (!name)
        return QETL_OK;
    if (!strcmp(name, "decimal"))
        return decimal_read(json, type, fault);
    for (size_t i = 0; i < sizeof logicals / sizeof *logicals; i++)
        if (!strcmp(name, logicals[i].name) && type->kind == logicals[i].kind &&
            (type->kind != AVRO_FIXED || type->size == logicals[i].size))
            type->logical = logicals[i].logical;
    return QETL_OK;
}
