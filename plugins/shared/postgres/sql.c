/* SPDX-License-Identifier: Apache-2.0 */
#include "sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool room(struct pg_sql *s, size_t more)
{
    if (s->capacity - s->size > more)
        return !s->failed;
    size_t capacity = 2 * s->capacity + more + 256;
    char *grown = s->failed ? NULL : realloc(s->text, capacity);
    if (!grown) {
        s->failed = true;
        return false;
    }
    s->text = grown;
    s->capacity = capacity;
    return true;
}

void pg_sql_bytes(struct pg_sql *s, const char *text, size_t size)
{
    if (!room(s, size))
        return;
    memcpy(s->text + s->size, text, size);
    s->size += size;
    s->text[s->size] = 0;
}

void pg_sql_put(struct pg_sql *s, const char *text)
{
    pg_sql_bytes(s, text, strlen(text));
}

void pg_sql_format(struct pg_sql *s, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size >= 0 && (size_t)size < sizeof text)
        pg_sql_bytes(s, text, (size_t)size);
    else
        s->failed = true;
}

void pg_sql_name(struct pg_sql *s, const char *name)
{
    pg_sql_bytes(s, "\"", 1);
    for (const char *c = name; *c; c++)
        pg_sql_bytes(s, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    pg_sql_bytes(s, "\"", 1);
}

/* The same whatever standard_conforming_strings is. */
void pg_sql_text(struct pg_sql *s, const char *text)
{
    pg_sql_bytes(s, "E'", 2);
    for (const char *c = text; *c; c++) {
        if (*c == '\'' || *c == '\\')
            pg_sql_bytes(s, c, 1);
        pg_sql_bytes(s, c, 1);
    }
    pg_sql_bytes(s, "'", 1);
}

void pg_sql_free(struct pg_sql *s)
{
    free(s->text);
    *s = (struct pg_sql){0};
}
