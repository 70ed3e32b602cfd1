/* SPDX-License-Identifier: Apache-2.0 */
#include "canonical.h"

#include <stdlib.h>
#include <string.h>

char *qetl_canonical_write(json_t *json)
{
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
    json_decref(json);
    size_t size = text ? strlen(text) : 0;
    char *line = text ? realloc(text, size + 2) : NULL;
    if (line)
        memcpy(line + size, "\n", 2);
    else
        free(text);
    return line;
}

bool qetl_canonical_is(char *again, const void *text, size_t size)
{
    bool same = again && strlen(again) == size && memcmp(again, text, size) == 0;
    free(again);
    return same;
}
