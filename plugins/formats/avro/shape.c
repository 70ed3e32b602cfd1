/* SPDX-License-Identifier: Apache-2.0 */
/* A schema of Avro as columns. */
#include "schema.h"

#include <stdio.h>

enum avro_choice avro_union_choice(const struct avro_type *type)
{
    int64_t others = 0, longs = 0, doubles = 0;
    for (int64_t i = 0; i < type->n; i++) {
        const struct avro_type *branch = &type->children[i];
        bool plain = branch->logical == AVRO_PLAIN;
        others += branch->kind != AVRO_NULL;
        longs += plain && (branch->kind == AVRO_INT || branch->kind == AVRO_LONG);
        doubles += plain && (branch->kind == AVRO_FLOAT || branch->kind == AVRO_DOUBLE);
    }
    return others < 2          ? AVRO_CHOICE_ONE
           : longs == others   ? AVRO_CHOICE_LONG
           : doubles == others ? AVRO_CHOICE_DOUBLE
                               : AVRO_CHOICE_STRUCT;
}

static const char *logical_format(enum avro_logical logical)
{
    switch (logical) {
    case AVRO_UUID:
    case AVRO_JSON:
        return "vu";
    case AVRO_DURATION:
        return "tin";
    case AVRO_DATE:
        return "tdD";
    case AVRO_TIME_MILLIS:
    case AVRO_TIME_MICROS:
        return "ttu";
    case AVRO_INSTANT_MILLIS:
    case AVRO_INSTANT_MICROS:
        return "tsu:UTC";
    case AVRO_INSTANT_NANOS:
        return "tsn:UTC";
    case AVRO_LOCAL_MILLIS:
    case AVRO_LOCAL_MICROS:
        return "tsu:";
    case AVRO_LOCAL_NANOS:
        return "tsn:";
    default:
        return NULL;
    }
}

static const char *plain_format(enum avro_kind kind)
{
    static const char *const formats[] = {
        [AVRO_NULL] = "vu",  [AVRO_BOOLEAN] = "b", [AVRO_INT] = "i",     [AVRO_LONG] = "l",
        [AVRO_FLOAT] = "f",  [AVRO_DOUBLE] = "g",  [AVRO_BYTES] = "vz",  [AVRO_STRING] = "vu",
        [AVRO_FIXED] = "vz", [AVRO_ENUM] = "vu",   [AVRO_RECORD] = "+s", [AVRO_ARRAY] = "+l",
        [AVRO_MAP] = "+l"};
    return formats[kind];
}

/* Moves the shape of a child to the end of parent's. */
static int32_t child_add(const struct avro_type *type, const char *name, struct ArrowSchema *parent)
{
    struct ArrowSchema field = {0};
    int32_t status = avro_shape_field(type, name, &field);
    if (!status)
        status = qetl_schema_append(parent, &field);
    qetl_schema_release(&field);
    return status;
}

static int32_t entry_add(const struct avro_type *values, struct ArrowSchema *parent)
{
    struct ArrowSchema entry = {0};
    int32_t status = qetl_schema_init_field(&entry, "item", "+s");
    if (!status)
        status = qetl_schema_add(&entry, "key", "vu");
    if (!status)
        status = child_add(values, "value", &entry);
    if (!status)
        status = qetl_schema_append(parent, &entry);
    qetl_schema_release(&entry);
    return status;
}

static int32_t union_field(const struct avro_type *type, const char *name, struct ArrowSchema *out)
{
    switch (avro_union_choice(type)) {
    case AVRO_CHOICE_LONG:
        return qetl_schema_init_field(out, name, "l");
    case AVRO_CHOICE_DOUBLE:
        return qetl_schema_init_field(out, name, "g");
    case AVRO_CHOICE_ONE:
        for (int64_t i = 0; i < type->n; i++)
            if (type->children[i].kind != AVRO_NULL)
                return avro_shape_field(&type->children[i], name, out);
        return qetl_schema_init_field(out, name, "vu");
    default:;
    }
    int32_t status = qetl_schema_init_field(out, name, "+s");
    for (int64_t i = 0; !status && i < type->n; i++)
        if (type->children[i].kind != AVRO_NULL)
            status = child_add(&type->children[i], type->children[i].name, out);
    return status;
}

static int32_t field_make(const struct avro_type *type, const char *name, struct ArrowSchema *out)
{
    char decimal[QETL_TYPE_FORMAT_MAX];
    const char *format = logical_format(type->logical);
    if (type->kind == AVRO_UNION)
        return union_field(type, name, out);
    if (type->logical == AVRO_DECIMAL) {
        snprintf(decimal, sizeof decimal, "d:%d,%d", type->precision, type->scale);
        format = decimal;
    }
    int32_t status = qetl_schema_init_field(out, name, format ? format : plain_format(type->kind));
    if (!status && type->logical == AVRO_JSON)
        status = qetl_schema_set_metadata(out, "qetl:type", "json");
    if (!status && type->kind == AVRO_ARRAY)
        status = child_add(type->children, "item", out);
    if (!status && type->kind == AVRO_MAP)
        status = entry_add(type->children, out);
    for (int64_t i = 0; !status && type->kind == AVRO_RECORD && i < type->n; i++)
        status = child_add(&type->children[i], type->children[i].name, out);
    return status;
}

int32_t avro_shape_field(const struct avro_type *type, const char *name, struct ArrowSchema *out)
{
    int32_t status = field_make(type, name, out);
    if (status)
        qetl_schema_release(out);
    return status;
}

int32_t avro_shape_columns(const struct avro_type *type, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    if (type->kind != AVRO_RECORD)
        status = status ? status : child_add(type, "value", out);
    for (int64_t i = 0; !status && type->kind == AVRO_RECORD && i < type->n; i++)
        status = child_add(&type->children[i], type->children[i].name, out);
    if (status)
        qetl_schema_release(out);
    return status;
}
