/* SPDX-License-Identifier: Apache-2.0 */
#include "letter_value.h"

#include "base64.h"
#include "cell.h"

#include <stdlib.h>

static json_t *base64(struct qetl_text bytes)
{
    char *text = qetl_base64((const uint8_t *)bytes.data, (size_t)bytes.size);
    json_t *json = text ? json_string(text) : NULL;
    free(text);
    return json;
}

json_t *qetl_letter_words(struct qetl_text text)
{
    json_t *json = json_stringn(text.data ? text.data : "", (size_t)text.size);
    return json ? json : json_pack("{s:o}", "base64", base64(text));
}

static json_t *rendered(const struct qetl_column *c, int64_t row)
{
    struct qetl_space space;
    qetl_heap_space(&space);
    json_t *json = qetl_render(c, row, &space)
                       ? NULL
                       : json_stringn(space.data ? (char *)space.data : "", (size_t)space.size);
    free(space.data);
    return json;
}

static json_t *list(const struct qetl_column *c, int64_t row)
{
    struct qetl_column elements;
    int64_t first, count;
    json_t *array = qetl_column_child(c, 0, &elements) ? NULL : json_array();
    qetl_column_list(c, row, &first, &count);
    for (int64_t i = first; array && i < first + count; i++) {
        if (json_array_append_new(array, qetl_letter_value(&elements, i))) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *fields(const struct qetl_column *c, int64_t row)
{
    json_t *object = json_object();
    for (int64_t k = 0; object && k < c->schema->n_children; k++) {
        struct qetl_column child;
        if (qetl_column_child(c, k, &child) ||
            json_object_set_new(object, c->schema->children[k]->name,
                                qetl_letter_value(&child, row))) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

json_t *qetl_letter_value(const struct qetl_column *c, int64_t row)
{
    if (qetl_column_is_null(c, row))
        return json_null();
    switch (c->kind) {
    case QETL_KIND_BOOL:
        return json_boolean(qetl_column_int(c, row));
    case QETL_KIND_INT:
        return json_integer(qetl_column_int(c, row));
    case QETL_KIND_UINT:
        if (qetl_column_uint(c, row) <= INT64_MAX)
            return json_integer((json_int_t)qetl_column_uint(c, row));
        return rendered(c, row);
    case QETL_KIND_TEXT:
        return qetl_letter_words(qetl_column_text(c, row));
    case QETL_KIND_BINARY:
        return base64(qetl_column_text(c, row));
    case QETL_KIND_LIST:
        return list(c, row);
    case QETL_KIND_STRUCT:
        return fields(c, row);
    default:
        return rendered(c, row);
    }
}
