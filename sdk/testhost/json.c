/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for the test host: a tree, as it is changed, looked through and written. */
#include "json.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

void json_free(struct json *value)
{
    if (!value)
        return;
    for (int64_t i = 0; i < value->n; i++) {
        json_free(value->items[i]);
        if (value->keys)
            free(value->keys[i]);
    }
    free(value->items);
    free(value->keys);
    free(value->text);
    free(value);
}

struct json *json_copy(const struct json *value)
{
    struct json *copy = memory_need(calloc(1, sizeof *copy));
    copy->kind = value->kind;
    copy->boolean = value->boolean;
    copy->integer = value->integer;
    copy->real = value->real;
    copy->text = value->text ? memory_need(strdup(value->text)) : NULL;
    for (int64_t i = 0; i < value->n; i++)
        json_set(copy, value->keys ? value->keys[i] : NULL, json_copy(value->items[i]));
    return copy;
}

struct json *json_get(const struct json *object, const char *key)
{
    for (int64_t i = 0; object && object->keys && i < object->n; i++)
        if (strcmp(object->keys[i], key) == 0)
            return object->items[i];
    return NULL;
}

/* key NULL: a list's next one. */
void json_set(struct json *object, const char *key, struct json *moved)
{
    for (int64_t i = 0; key && i < object->n; i++)
        if (strcmp(object->keys[i], key) == 0) {
            json_free(object->items[i]);
            object->items[i] = moved;
            return;
        }
    size_t room = (size_t)object->n + 1;
    object->items = memory_need(realloc(object->items, room * sizeof *object->items));
    if (key) {
        object->keys = memory_need(realloc(object->keys, room * sizeof *object->keys));
        object->keys[object->n] = memory_need(strdup(key));
    }
    object->items[object->n++] = moved;
}

/* One step of a pointer: up to the next slash, with ~0 and ~1 read. */
static struct json *step(struct json *value, const char *from, size_t size)
{
    char key[512];
    size_t used = 0;
    for (size_t i = 0; i < size && used < sizeof key - 1; i++) {
        bool escaped = from[i] == '~' && i + 1 < size;
        key[used++] = !escaped ? from[i] : from[i + 1] == '1' ? '/' : '~';
        i += escaped;
    }
    key[used] = 0;
    if (value->kind == QETL_OPTION_LIST) {
        char *end;
        long long at = strtoll(key, &end, 10);
        return used && !*end && at >= 0 && at < value->n ? value->items[at] : NULL;
    }
    return json_get(value, key);
}

struct json *json_at(struct json *value, const char *pointer)
{
    while (value && *pointer == '/') {
        size_t size = strcspn(pointer + 1, "/");
        value = step(value, pointer + 1, size);
        pointer += size + 1;
    }
    return *pointer ? NULL : value;
}

static void text_write(const char *text, struct text *out)
{
    text_put(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_print(out, "\\%c", *c);
        else if ((unsigned char)*c < ' ')
            text_print(out, "\\u%04x", (unsigned)*c);
        else
            text_put(out, c, 1);
    }
    text_put(out, "\"", 1);
}

static void object_write(const struct json *value, struct text *out)
{
    const char *last = NULL;
    for (int64_t written = 0; written < value->n; written++) {
        int64_t least = -1;
        for (int64_t i = 0; i < value->n; i++)
            if ((!last || strcmp(value->keys[i], last) > 0) &&
                (least < 0 || strcmp(value->keys[i], value->keys[least]) < 0))
                least = i;
        last = value->keys[least];
        text_put(out, ",", written > 0);
        text_write(last, out);
        text_put(out, ":", 1);
        json_write(value->items[least], out);
    }
}

void json_write(const struct json *value, struct text *out)
{
    switch (value->kind) {
    case QETL_OPTION_BOOL:
        text_print(out, value->boolean ? "true" : "false");
        break;
    case QETL_OPTION_INT:
        text_print(out, "%lld", (long long)value->integer);
        break;
    case QETL_OPTION_REAL:
        text_print(out, "%.17g", value->real);
        break;
    case QETL_OPTION_TEXT:
        text_write(value->text, out);
        break;
    case QETL_OPTION_LIST:
        text_put(out, "[", 1);
        for (int64_t i = 0; i < value->n; i++) {
            text_put(out, ",", i > 0);
            json_write(value->items[i], out);
        }
        text_put(out, "]", 1);
        break;
    case QETL_OPTION_OBJECT:
        text_put(out, "{", 1);
        object_write(value, out);
        text_put(out, "}", 1);
        break;
    default:
        text_print(out, "null");
    }
}
