/* SPDX-License-Identifier: Apache-2.0 */
/* DuckDB's types as Arrow fields, for reading. */
#include "shape.h"

#include <stdio.h>
#include <stdlib.h>

int32_t shape_children(struct shape *s, int64_t n)
{
    s->children = calloc((size_t)n + 1, sizeof *s->children);
    s->n_children = s->children ? n : 0;
    return s->children ? QETL_OK : QETL_E_NO_MEMORY;
}

void shape_free(struct shape *s)
{
    for (int64_t i = 0; i < s->n_children; i++)
        shape_free(&s->children[i]);
    free(s->children);
    s->children = NULL;
    s->n_children = 0;
}

void shape_attach(struct shape *s, const struct duck *duck, struct duck_vector *vector)
{
    s->vector = vector;
    s->data = duck->vector_get_data(vector);
    s->validity = duck->vector_get_validity(vector);
    bool list = s->id == DUCK_LIST || s->id == DUCK_MAP;
    for (int64_t i = 0; i < s->n_children; i++)
        shape_attach(&s->children[i], duck,
                     list ? duck->list_vector_get_child(vector)
                          : duck->struct_vector_get_child(vector, (uint64_t)i));
}

static const char *format_of(enum duck_id id)
{
    switch (id) {
    case DUCK_BOOLEAN:
        return "b";
    case DUCK_TINYINT:
        return "c";
    case DUCK_SMALLINT:
        return "s";
    case DUCK_INTEGER:
        return "i";
    case DUCK_BIGINT:
        return "l";
    case DUCK_UTINYINT:
        return "C";
    case DUCK_USMALLINT:
        return "S";
    case DUCK_UINTEGER:
        return "I";
    case DUCK_UBIGINT:
        return "L";
    case DUCK_FLOAT:
        return "f";
    case DUCK_DOUBLE:
        return "g";
    case DUCK_DATE:
        return "tdD";
    case DUCK_TIME:
    case DUCK_TIME_TZ:
        return "ttu";
    case DUCK_TIME_NS:
        return "ttn";
    case DUCK_TIMESTAMP:
        return "tsu:";
    case DUCK_TIMESTAMP_S:
        return "tss:";
    case DUCK_TIMESTAMP_MS:
        return "tsm:";
    case DUCK_TIMESTAMP_NS:
        return "tsn:";
    case DUCK_TIMESTAMP_TZ:
        return "tsu:UTC";
    case DUCK_INTERVAL:
        return "tin";
    case DUCK_HUGEINT:
        return "d:38,0";
    case DUCK_VARCHAR:
    case DUCK_UUID:
        return "vu";
    case DUCK_BLOB:
        return "vz";
    default:
        return NULL;
    }
}

static int32_t scalar_read(struct shape *s, const struct duck *duck, struct duck_type *type,
                           const char *name, struct ArrowSchema *field)
{
    char decimal[32];
    const char *format = format_of(s->id);
    if (s->id == DUCK_DECIMAL) {
        s->stored = (enum duck_id)duck->decimal_internal_type(type);
        snprintf(decimal, sizeof decimal, "d:%d,%d", duck->decimal_width(type),
                 duck->decimal_scale(type));
        format = decimal;
    }
    int32_t status = format ? qetl_schema_init_field(field, name, format) : QETL_E_UNSUPPORTED;
    char *alias = s->id == DUCK_VARCHAR ? duck->logical_type_get_alias(type) : NULL;
    if (!status && alias && strcmp(alias, "JSON") == 0)
        status = qetl_schema_set_metadata(field, "qetl:type", "json");
    if (alias)
        duck->free(alias);
    return status;
}

static int32_t child_read(struct shape *s, const struct duck *duck, struct duck_type *type,
                          const char *name, struct ArrowSchema *parent)
{
    struct ArrowSchema field = {0};
    int32_t status = type ? shape_read(s, duck, type, name, &field) : QETL_E_NO_MEMORY;
    if (!status)
        status = qetl_schema_append(parent, &field);
    qetl_schema_release(&field);
    duck->destroy_logical_type(&type);
    return status;
}

/* The elements of a map: a struct of its key and its value. */
static int32_t entry_read(struct shape *s, const struct duck *duck, struct duck_type *type,
                          struct ArrowSchema *parent)
{
    struct ArrowSchema field = {0};
    s->id = DUCK_STRUCT;
    int32_t status = shape_children(s, 2);
    if (!status)
        status = qetl_schema_init_field(&field, "item", "+s");
    if (!status)
        status = child_read(&s->children[0], duck, duck->map_type_key_type(type), "key", &field);
    if (!status)
        status =
            child_read(&s->children[1], duck, duck->map_type_value_type(type), "value", &field);
    if (!status)
        status = qetl_schema_append(parent, &field);
    qetl_schema_release(&field);
    return status;
}

static int32_t fields_read(struct shape *s, const struct duck *duck, struct duck_type *type,
                           struct ArrowSchema *field)
{
    int32_t status = shape_children(s, (int64_t)duck->struct_type_child_count(type));
    for (int64_t i = 0; !status && i < s->n_children; i++) {
        char *name = duck->struct_type_child_name(type, (uint64_t)i);
        status = name ? child_read(&s->children[i], duck,
                                   duck->struct_type_child_type(type, (uint64_t)i), name, field)
                      : QETL_E_NO_MEMORY;
        duck->free(name);
    }
    return status;
}

int32_t shape_read(struct shape *s, const struct duck *duck, struct duck_type *type,
                   const char *name, struct ArrowSchema *field)
{
    s->id = (enum duck_id)duck->get_type_id(type);
    if (s->id != DUCK_LIST && s->id != DUCK_MAP && s->id != DUCK_STRUCT)
        return scalar_read(s, duck, type, name, field);
    int32_t status = qetl_schema_init_field(field, name, s->id == DUCK_STRUCT ? "+s" : "+l");
    if (!status && s->id == DUCK_STRUCT)
        return fields_read(s, duck, type, field);
    if (!status)
        status = shape_children(s, 1);
    if (!status && s->id == DUCK_LIST)
        status = child_read(&s->children[0], duck, duck->list_type_child_type(type), "item", field);
    else if (!status)
        status = entry_read(&s->children[0], duck, type, field);
    return status;
}
