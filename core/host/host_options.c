/* SPDX-License-Identifier: Apache-2.0 */
/* The extension qetl.options/1: an instance's options by JSON pointer (RFC 6901). */
#include "host.h"
#include "instance.h"

#include <stdlib.h>
#include <string.h>

/* Whether a reference token, in which ~1 is a slash and ~0 a tilde, spells the key. */
static bool token_is(const char *at, const char *end, const char *key)
{
    for (; at < end; at++, key++) {
        char c = *at;
        if (c == '~' && end - at > 1 && (at[1] == '0' || at[1] == '1'))
            c = *++at == '0' ? '~' : '/';
        if (c != *key)
            return false;
    }
    return !*key;
}

static const json_t *member_at(const json_t *object, const char *at, const char *end)
{
    const char *key;
    json_t *value;
    if (!memchr(at, '~', (size_t)(end - at)))
        return json_object_getn(object, at, (size_t)(end - at));
    json_object_foreach ((json_t *)object, key, value)
        if (token_is(at, end, key))
            return value;
    return NULL;
}

/* Digits and nothing else; NULL if there is no such entry. */
static const json_t *entry_at(const json_t *list, const char *at, const char *end)
{
    size_t digits = strspn(at, "0123456789");
    if (!digits || at + digits != end || digits > 18)
        return NULL;
    return json_array_get(list, (size_t)strtoull(at, NULL, 10));
}

static const json_t *find(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = ctx->options;
    while (value && *pointer == '/') {
        const char *at = pointer + 1;
        pointer = strchrnul(at, '/');
        value = json_is_array(value) ? entry_at(value, at, pointer) : member_at(value, at, pointer);
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
