/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of a layout file's parts share. */
#include "layout_reader.h"

#include <stdio.h>
#include <stdlib.h>

size_t binary_reader_enter(struct binary_reader *r, const char *part, int64_t index)
{
    size_t mark = r->where_size, room = sizeof r->where - mark;
    int n = snprintf(r->where + mark, room, "%s%.40s", mark ? "." : "", part);

    if (index >= 0 && n > 0 && (size_t)n < room)
        n += snprintf(r->where + mark + n, room - (size_t)n, "[%lld]", (long long)index);
    r->where_size = strlen(r->where);
    return mark;
}

void binary_reader_leave(struct binary_reader *r, size_t mark)
{
    r->where[mark] = 0;
    r->where_size = mark;
}

int32_t binary_reader_fail(struct binary_reader *r, const char *mend, const char *format, ...)
{
    char message[240];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return qetl_fail(r->env, QETL_E_CONFIG, "/layout", mend, "%s: %s%s%s", r->path, r->where,
                     r->where_size ? ": " : "", message);
}

static bool word_find(const char *words, const char *word, int32_t *index)
{
    size_t size = strlen(word);

    for (*index = 0; *words; (*index)++) {
        size_t n = strcspn(words, " ");

        if (n == size && !memcmp(words, word, n))
            return true;
        words += n + (words[n] == ' ');
    }
    return false;
}

int32_t binary_reader_keys(struct binary_reader *r, const json_t *object, const char *words)
{
    const char *key;
    json_t *value;
    int32_t index;

    if (!json_is_object(object))
        return binary_reader_fail(r, NULL, "this must be an object");
    json_object_foreach ((json_t *)object, key, value) {
        if (!word_find(words, key, &index))
            return binary_reader_fail(r, words, "there is nothing called %.60s here", key);
        if (!strcmp(key, "description") && !json_is_string(value))
            return binary_reader_fail(r, NULL, "description must be a text");
    }
    return QETL_OK;
}

int32_t binary_reader_integer(struct binary_reader *r, const json_t *object, const char *key,
                              int64_t least, int64_t greatest, int64_t otherwise, int64_t *out)
{
    const json_t *value = json_object_get(object, key);

    *out = otherwise;
    if (!value)
        return QETL_OK;
    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > greatest)
        return binary_reader_fail(r, NULL, "%s must be a whole number from %lld to %lld", key,
                                  (long long)least, (long long)greatest);
    *out = json_integer_value(value);
    return QETL_OK;
}

int32_t binary_reader_text(struct binary_reader *r, const json_t *object, const char *key,
                           char **out)
{
    const json_t *value = json_object_get(object, key);

    *out = NULL;
    if (!value)
        return QETL_OK;
    if (!json_is_string(value))
        return binary_reader_fail(r, NULL, "%s must be a text", key);
    *out = strdup(json_string_value(value));
    return *out ? QETL_OK : QETL_E_NO_MEMORY;
}

int32_t binary_reader_word(struct binary_reader *r, const json_t *object, const char *key,
                           const char *words, int32_t *out)
{
    const json_t *value = json_object_get(object, key);

    *out = 0;
    if (!value)
        return QETL_OK;
    if (!json_is_string(value) || !word_find(words, json_string_value(value), out))
        return binary_reader_fail(r, NULL, "%s must be one of: %s", key, words);
    return QETL_OK;
}

int32_t binary_reader_flag(struct binary_reader *r, const json_t *object, const char *key,
                           bool *out)
{
    const json_t *value = json_object_get(object, key);

    *out = json_is_true(value);
    return !value || json_is_boolean(value)
               ? QETL_OK
               : binary_reader_fail(r, NULL, "%s must be true or false", key);
}

int32_t binary_reader_endian(struct binary_reader *r, const json_t *object, bool *big)
{
    int32_t index;
    int32_t status = binary_reader_word(r, object, "endian", "little big", &index);

    *big = json_object_get(object, "endian") ? index == 1 : r->big;
    return status;
}
