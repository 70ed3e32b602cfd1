/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *memory_need(void *memory)
{
    if (memory)
        return memory;
    fputs("the test host has no memory left\n", stderr);
    abort();
}

void text_put(struct text *t, const void *data, size_t size)
{
    if (t->capacity - t->size <= size) {
        t->capacity = (t->size + size + 64) * 2;
        t->data = memory_need(realloc(t->data, t->capacity));
    }
    if (size)
        memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = 0;
}

void text_print(struct text *t, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&line, format, args);
    va_end(args);
    if (size < 0)
        line = NULL;
    text_put(t, memory_need(line), (size_t)size);
    free(line);
}

void text_put_cell(struct text *t, const char *data, size_t size)
{
    if (size == 4 && memcmp(data, "NULL", 4) == 0)
        text_put(t, "\\", 1);
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '|' || data[i] == '\\' || data[i] == '\n')
            text_put(t, "\\", 1);
        text_put(t, data[i] == '\n' ? "n" : data + i, 1);
    }
}

void text_clear(struct text *t)
{
    t->size = 0;
    if (t->data)
        *t->data = 0;
}

void text_free(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

const char *text_of(const struct text *t)
{
    return t->data ? t->data : "";
}
