/* SPDX-License-Identifier: Apache-2.0 */
/* The extension qetl.options/1: an instance's options by JSON pointer (RFC 6901). */
#include "host.h"
#include "instance.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 1024 };

/* One reference token, unescaped: ~1 is a slash, ~0 a tilde. NULL if it is too long. */
static const char *token_next(const char *at, char *token)
{
    size_t size = 0;
    for (; *at && *at != '/'; at++) {
        char c = *at;
        if (c == '~' && (at[1] == '0' || at[1] == '1'))
            c = *++at == '0' ? '~' : '/';
        if (size + 1 >= KEY_MAX)
            return NULL;
        token[size++] = c;
    }
    token[size] = 0;
    return at;
}

/* Digits and nothing else; NULL if there is no such entry. */
static const json_t *entry_at(const json_t *list, const char *token)
{
    size_t digits = strspn(token, "0123456789");
    if (!digits || token[digits] || digits > 18)
        return NULL;
    return json_array_get(list, (size_t)strtoull(token, NULL, 10));
}

static const json_t *find(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = ctx->options;
    char token[KEY_MAX];
    while (value && *pointer == '/') {
        pointer = token_next(pointer + 1, token);
        if (!pointer)
            return NULL;
        if (json_is_array(value))
            value = entry_at(value, token);
        else
            value = json_object_get(value, token);
    }
    return *pointer ? NULL : value;
}

static int32_t options_kind(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = find(ctx, pointer);
    if (!value)
        return QETL_OPTION_ABSENT;
    switch (json_typeof(value)) {
    case JSON_NULL:
        return QETL_OPTION_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return QETL_OPTION_BOOL;
    case JSON_INTEGER:
        return QETL_OPTION_INT;
    case JSON_REAL:
        return QETL_OPTION_REAL;
    case JSON_STRING:
        return QETL_OPTION_TEXT;
    case JSON_ARRAY:
        return QETL_OPTION_LIST;
    default:
        return QETL_OPTION_OBJECT;
    }
}

static int64_t options_count(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = find(ctx, pointer);
    if (json_is_array(value))
        return (int64_t)json_array_size(value);
    return json_is_object(value) ? (int64_t)json_object_size(value) : -1;
}

static const char *options_key(struct qetl_ctx *ctx, const char *pointer, int64_t index)
{
    json_t *value = (json_t *)find(ctx, pointer);
    if (!json_is_object(value))
        return NULL;
    void *at = json_object_iter(value);
    for (; at && index > 0; index--)
        at = json_object_iter_next(value, at);
    return at ? json_object_iter_key(at) : NULL;
}

static const char *options_text(struct qetl_ctx *ctx, const char *pointer)
{
    return json_string_value(find(ctx, pointer));
}

static int64_t options_integer(struct qetl_ctx *ctx, const char *pointer)
{
    return json_integer_value(find(ctx, pointer));
}

static double options_real(struct qetl_ctx *ctx, const char *pointer)
{
    return json_number_value(find(ctx, pointer));
}

static int32_t options_boolean(struct qetl_ctx *ctx, const char *pointer)
{
    return json_is_true(find(ctx, pointer));
}

const struct qetl_options qetl_host_options = {
    .struct_size = sizeof(struct qetl_options),
    .kind = options_kind,
    .count = options_count,
    .key = options_key,
    .text = options_text,
    .integer = options_integer,
    .real = options_real,
    .boolean = options_boolean,
};
