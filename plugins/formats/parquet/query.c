/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 512 };

static bool query_room(struct query *q, size_t more)
{
    size_t room = q->room ? q->room : ROOM_FIRST;
    while (room < q->size + more + 1)
        room *= 2;
    char *grown = q->bad || room == q->room ? q->text : realloc(q->text, room);
    if (!grown) {
        q->bad = true;
        return false;
    }
    q->text = grown;
    q->room = room;
    return true;
}

void query_add(struct query *q, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0 || !query_room(q, (size_t)size)) {
        q->bad = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(q->text + q->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    q->size += (size_t)size;
}

void query_quoted(struct query *q, const char *text, char quote)
{
    if (!query_room(q, 2 * strlen(text) + 2))
        return;
    char *to = q->text + q->size;
    *to++ = quote;
    for (; *text; text++) {
        *to++ = *text;
        if (*text == quote)
            *to++ = quote;
    }
    *to++ = quote;
    *to = '\0';
    q->size = (size_t)(to - q->text);
}

void query_free(struct query *q)
{
    free(q->text);
    *q = (struct query){0};
}
