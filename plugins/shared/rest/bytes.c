/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

int32_t bytes_reserve(struct qetl_space *s, int64_t n)
{
    int64_t capacity = s->size + n > 2 * s->capacity ? s->size + n + 64 : 2 * s->capacity;
    uint8_t *grown = realloc(s->data, (size_t)capacity);
    if (!grown)
        return QETL_E_NO_MEMORY;
    s->data = grown;
    s->capacity = capacity;
    return QETL_OK;
}

void bytes_free(struct qetl_space *s)
{
    free(s->data);
    *s = bytes_none();
}

int32_t bytes_put(struct qetl_space *s, const char *text)
{
    return qetl_space_put(s, text, (int64_t)strlen(text));
}

int32_t bytes_put_escaped(struct qetl_space *s, const uint8_t *data, int64_t size)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < size && !status; i++) {
        char escape[8];
        if (data[i] == '"' || data[i] == '\\')
            snprintf(escape, sizeof escape, "\\%c", data[i]);
        else if (data[i] < 0x20)
            snprintf(escape, sizeof escape, "\\u%04x", data[i]);
        else
            snprintf(escape, sizeof escape, "%c", data[i]);
        status = bytes_put(s, escape);
    }
    return status;
}

static bool is_plain(uint8_t c)
{
    return (c < 0x80 && isalnum(c)) || (c && strchr("-._~", c));
}

int32_t bytes_put_encoded(struct qetl_space *s, const uint8_t *data, int64_t size)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < size && !status; i++) {
        char code[4];
        snprintf(code, sizeof code, is_plain(data[i]) ? "%c" : "%%%02X", data[i]);
        status = bytes_put(s, code);
    }
    return status;
}

const char *bytes_text(struct qetl_space *s)
{
    if (qetl_space_put(s, "", 1))
        return NULL;
    s->size--;
    return (const char *)s->data;
}
