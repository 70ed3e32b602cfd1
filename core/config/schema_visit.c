/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_visit.h"

#include "pointer.h"
#include "schema_check.h"

#include <stdlib.h>

static int visit(const struct qetl_visit *v, const json_t *schema, const json_t *value,
                 const char *pointer)
{
    const char *key;
    json_t *child, *alternative;
    size_t i;
    int bad = 0;
    if (!schema || !qetl_schema_type_fits(schema, value))
        return 0;
    v->value(v->arg, schema, value, pointer);
    json_object_foreach ((json_t *)value, key, child) {
        const json_t *property = json_object_get(json_object_get(schema, "properties"), key);
        const json_t *more = json_object_get(schema, "additionalProperties");
        char *below = qetl_pointer_key(pointer, key);
        bad |= !below || visit(v,
                               property               ? property
                               : json_is_object(more) ? more
                                                      : NULL,
                               child, below);
        free(below);
    }
    json_array_foreach ((json_t *)value, i, child) {
        char *below = qetl_pointer_index(pointer, i);
        bad |= !below || visit(v, json_object_get(schema, "items"), child, below);
        free(below);
    }
    json_array_foreach (json_object_get(schema, "anyOf"), i, alternative)
        bad |= visit(v, alternative, value, pointer);
    json_array_foreach (json_object_get(schema, "oneOf"), i, alternative)
        bad |= visit(v, alternative, value, pointer);
    return bad;
}

int qetl_schema_visit(const struct qetl_visit *v, const json_t *schema, const json_t *value,
                      const char *pointer)
{
    return visit(v, schema, value, pointer) ? -1 : 0;
}
