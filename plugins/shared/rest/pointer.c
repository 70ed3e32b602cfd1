/* SPDX-License-Identifier: Apache-2.0 */
#include "pointer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static json_t *member_at(const json_t *value, const char *key, size_t size)
{
    char text[256], *to = text, *end;
    if (!json_is_object(value) && !json_is_array(value))
        return NULL;
    if (json_is_object(value) && size == 1 && *key == '*')
        return json_object_iter_value(json_object_iter((json_t *)value));
    for (size_t i = 0; i < size && to < text + sizeof text - 1; i++) {
        bool escaped = key[i] == '~' && i + 1 < size;
        *to++ = !escaped ? key[i] : key[i + 1] == '1' ? '/' : '~';
        i += escaped;
    }
    *to = 0;
    if (json_is_object(value))
        return json_object_get(value, text);
    size_t index = strtoul(text, &end, 10);
    return *text && !*end ? json_array_get(value, index) : NULL;
}

const json_t *rest_value_at(const json_t *value, const char *pointer)
{
    while (value && *pointer == '/') {
        size_t size = strcspn(++pointer, "/");
        value = member_at(value, pointer, size);
        pointer += size;
    }
    return value;
}
