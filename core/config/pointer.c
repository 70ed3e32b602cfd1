/* SPDX-License-Identifier: Apache-2.0 */
#include "pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *qetl_pointer_key(const char *base, const char *key)
{
    size_t base_size = strlen(base);
    char *pointer = malloc(base_size + 2 * strlen(key) + 2);
    if (!pointer)
        return NULL;
    memcpy(pointer, base, base_size);
    char *to = pointer + base_size;
    *to++ = '/';
    for (; *key; key++) {
        if (*key == '~' || *key == '/') {
            *to++ = '~';
            *to++ = *key == '~' ? '0' : '1';
        } else {
            *to++ = *key;
        }
    }
    *to = '\0';
    return pointer;
}

char *qetl_pointer_index(const char *base, size_t index)
{
    char *pointer;
    return asprintf(&pointer, "%s/%zu", base, index) < 0 ? NULL : pointer;
}

/* Reads ~1 and ~0 back, and ends steps with a dot where a slash ends them; in place. */
static void decode(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (*at == '~' && (at[1] == '0' || at[1] == '1'))
            *to++ = *++at == '0' ? '~' : '/';
        else
            *to++ = *at == '/' ? '.' : *at;
    }
    *to = '\0';
}

char *qetl_pointer_token(const char *step, size_t size)
{
    char *token = strndup(step, size);
    if (token)
        decode(token);
    return token;
}

char *qetl_pointer_dotted(const char *pointer)
{
    char *dotted = strdup(*pointer == '/' ? pointer + 1 : pointer);
    if (dotted)
        decode(dotted);
    return dotted;
}

const json_t *qetl_pointer_get(const json_t *root, const char *pointer)
{
    while (root && *pointer == '/') {
        size_t size = strcspn(++pointer, "/");
        char *token = qetl_pointer_token(pointer, size);
        if (!token)
            return NULL;
        root = json_is_array(root) ? json_array_get(root, strtoul(token, NULL, 10))
                                   : json_object_get(root, token);
        free(token);
        pointer += size;
    }
    return root;
}
