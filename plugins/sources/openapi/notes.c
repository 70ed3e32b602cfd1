/* SPDX-License-Identifier: Apache-2.0 */
#include "notes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put(const struct document *d, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        *d->lacks = true;
}

void note(const struct document *d, json_t *notes, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&line, format, args);
    va_end(args);
    if (size < 0) {
        *d->lacks = true;
        return;
    }
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    if (json_array_append_new(notes, json_string(line)))
        *d->lacks = true;
    free(line);
}

json_t *plain_text(const char *text)
{
    char *out = malloc(2 * strlen(text) + 1), *to = out;
    if (!out)
        return NULL;
    for (; *text; text++) {
        if (text[0] == '$' && text[1] == '{')
            *to++ = '$';
        *to++ = *text;
    }
    *to = 0;
    json_t *value = json_string(out);
    free(out);
    return value;
}

char *variable_of(const char *prefix, const char *name)
{
    char *out = NULL;
    bool digit = isdigit((unsigned char)*name);
    if (asprintf(&out, "${%s%s%s}", prefix, digit ? "_" : "", name) < 0)
        return NULL;
    for (char *c = out + 2 + strlen(prefix); c[1]; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return out;
}
