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

char *qetl_pointer_dotted(const char *pointer)
{
    char *dotted = strdup(*pointer == '/' ? pointer + 1 : pointer);
    if (!dotted)
        return NULL;
    char *to = dotted;
    for (const char *at = dotted; *at; at++) {
        if (*at == '~' && (at[1] == '0' || at[1] == '1'))
            *to++ = *++at == '0' ? '~' : '/';
        else
            *to++ = *at == '/' ? '.' : *at;
    }
    *to = '\0';
    return dotted;
}
