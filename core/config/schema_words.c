/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_words.h"

#include "scalar.h"
#include "schema_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 80, CHOICES_MAX = 12 };

static const char *type_words(const char *type)
{
    static const char *const words[][2] = {
        {"string", "text"},           {"integer", "a whole number"}, {"number", "a number"},
        {"boolean", "true or false"}, {"array", "a list"},           {"object", "a mapping"},
        {"null", "nothing"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], type) == 0)
            return words[i][1];
    return type;
}

/* Cuts between characters. */
static void cut(char *text, size_t max)
{
    if (!text || strlen(text) <= max)
        return;
    while (max > 0 && (text[max] & 0xc0) == 0x80)
        max--;
    memcpy(text + max, "…", sizeof "…"); /* three bytes and the end: VALUE_MAX leaves them */
}

static char *value_dump(const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    size_t size = text ? strlen(text) : 0;
    char *room = text ? realloc(text, size + 4) : NULL;
    if (!room)
        free(text);
    cut(room, VALUE_MAX);
    return room;
}

/* A word that YAML takes for text without quotes. */
static int is_plain(const char *text)
{
    json_t *plain = qetl_scalar_plain(text, strlen(text));
    int is_text = json_is_string(plain);
    json_decref(plain);
    if (!is_text || strlen(text) > VALUE_MAX)
        return 0;
    for (const char *at = text; *at; at++)
        if (!((*at | 32) >= 'a' && (*at | 32) <= 'z') && !(*at >= '0' && *at <= '9') &&
            (at == text || !strchr("_-./", *at)))
            return 0;
    return 1;
}

char *qetl_words_value(const json_t *value)
{
    if (json_is_string(value) && is_plain(json_string_value(value)))
        return strdup(json_string_value(value));
    return value_dump(value);
}

char *qetl_words_found(const json_t *value, int secret)
{
    char *words = NULL;
    char *shown = json_is_object(value) || json_is_array(value) ? NULL : value_dump(value);
    if (json_is_null(value))
        words = strdup("nothing");
    else if (json_is_object(value))
        words = strdup("a mapping");
    else if (json_is_array(value))
        words = strdup("a list");
    else if (secret)
        words = strdup(json_is_string(value) ? "text" : "something else");
    else if (shown && asprintf(&words, "%s%s",
                               json_is_string(value)   ? "the text "
                               : json_is_number(value) ? "the number "
                                                       : "",
                               shown) < 0)
        words = NULL;
    free(shown);
    return words;
}

/* Appends with a joiner between; NULL once memory is gone. */
static char *join(char *words, const char *joiner, const char *more)
{
    char *joined = NULL;
    if (!words || !more || asprintf(&joined, "%s%s%s", words, *words ? joiner : "", more) < 0)
        joined = NULL;
    free(words);
    return joined;
}

static char *choices_words(const json_t *choices)
{
    char *words = strdup("");
    size_t i;
    json_t *choice;
    json_array_foreach (choices, i, choice) {
        char *shown = i < CHOICES_MAX ? qetl_words_value(choice) : strdup("…");
        words = join(words, ", ", shown);
        free(shown);
        if (i == CHOICES_MAX)
            break;
    }
    char *all = NULL;
    if (words && asprintf(&all, "%s%s", json_array_size(choices) > 1 ? "one of " : "", words) < 0)
        all = NULL;
    free(words);
    return all;
}

static char *list_words(const json_t *schema)
{
    const json_t *items = json_object_get(schema, "items");
    char *of = items ? qetl_words_expected(items) : NULL;
    char *words = NULL;
    if (of && *of && asprintf(&words, "a list of %s", of) < 0)
        words = NULL;
    free(of);
    return words ? words : strdup("a list");
}

static char *types_words(const json_t *schema, const json_t *types)
{
    char *words = strdup("");
    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = json_string_value(json_array_get(types, i));
        char *one = strcmp(type, "array") == 0 ? list_words(schema) : strdup(type_words(type));
        words = join(words, " or ", one);
        free(one);
    }
    return words;
}

static char *alternatives_words(const json_t *alternatives)
{
    char *words = strdup("");
    size_t i;
    json_t *alternative;
    json_array_foreach (alternatives, i, alternative) {
        char *one = qetl_words_expected(alternative);
        words = join(words, " or ", one);
        free(one);
    }
    return words;
}

char *qetl_words_expected(const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    const json_t *choices = json_object_get(schema, "enum");
    const json_t *fixed = json_object_get(schema, "const");
    const json_t *alternatives = json_object_get(schema, "anyOf");
    if (!alternatives)
        alternatives = json_object_get(schema, "oneOf");
    if (choices)
        return choices_words(choices);
    if (fixed)
        return qetl_words_value(fixed);
    if (json_is_array(type))
        return types_words(schema, type);
    if (json_is_string(type) && strcmp(json_string_value(type), "array") == 0)
        return list_words(schema);
    if (json_is_string(type))
        return strdup(type_words(json_string_value(type)));
    return alternatives ? alternatives_words(alternatives) : strdup("");
}

const json_t *qetl_words_example(const json_t *schema)
{
    const json_t *example = json_array_get(json_object_get(schema, "examples"), 0);
    if (!example)
        example = json_object_get(schema, "default");
    if (!example)
        example = json_array_get(json_object_get(schema, "enum"), 0);
    for (int i = 0; schema && !example && i < 2; i++) /* the first alternative's */
        example =
            qetl_words_example(json_array_get(json_object_get(schema, i ? "oneOf" : "anyOf"), 0));
    return example;
}

/* "key: " before a value; nothing before an element of a list. */
static const char *label(const char *key)
{
    return key && !strchr(key, '[') ? key : "";
}

static const char *colon(const char *key)
{
    return *label(key) ? ": " : "";
}

void qetl_words_mend_example(struct qetl_finding *finding, const json_t *schema, const char *key)
{
    const json_t *example = qetl_words_example(schema);
    char *shown = example ? qetl_words_value(example) : NULL;
    if (shown)
        qetl_finding_mend(finding, "for example  %s%s%s", label(key), colon(key), shown);
    free(shown);
}

static json_t *quoted(const json_t *value)
{
    if (json_is_string(value))
        return NULL; /* it is text as it stands: that cannot be what is wrong */
    char *text = value_dump(value);
    json_t *string = text ? json_string(text) : NULL;
    free(text);
    return string;
}

/* The boolean that a word of YAML 1.1 stood for; NULL if it is none. */
static json_t *boolean_of(const json_t *value)
{
    static const char *const words[][2] = {
        {"yes", "no"}, {"on", "off"}, {"y", "n"}, {"true", "false"}};
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        for (int no = 0; no < 2; no++)
            if (strcasecmp(text, words[i][no]) == 0)
                return json_boolean(!no);
    return NULL;
}

static json_t *number_of(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? strlen(text) : 0;
    return size > 0 && qetl_scalar_number_size(text, size) == size ? qetl_scalar_number(text, size)
                                                                   : NULL;
}

static json_t *whole_of(const json_t *value)
{
    double real = json_real_value(value);
    if (!json_is_real(value) || real < -9e15 || real > 9e15 || (double)(int64_t)real != real)
        return NULL;
    return json_integer((json_int_t)real);
}

static json_t *list_of(const json_t *value)
{
    json_t *list = json_array();
    if (list && json_array_append(list, (json_t *)value) == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* The same in a type that is asked for: what was meant, in all likelihood. */
static json_t *meant(const json_t *schema, const json_t *value)
{
    static json_t *(*const guesses[])(const json_t *) = {quoted, boolean_of, number_of, whole_of,
                                                         list_of};
    if (json_is_null(value) || json_is_object(value) || json_is_array(value))
        return NULL;
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        json_t *guess = guesses[i](value);
        if (guess && qetl_schema_type_fits(schema, guess))
            return guess;
        json_decref(guess);
    }
    return NULL;
}

void qetl_words_mend(struct qetl_finding *finding, const json_t *schema, const json_t *value,
                     const char *key, int secret)
{
    json_t *guess = secret ? NULL : meant(schema, value);
    char *shown = guess ? qetl_words_value(guess) : NULL;
    char *expected = qetl_words_expected(schema);
    if (expected && *expected)
        qetl_finding_mend(finding, "write %s here", expected);
    qetl_words_mend_example(finding, schema, key);
    if (shown)
        qetl_finding_mend(finding, "write  %s%s%s", label(key), colon(key), shown);
    free(expected);
    free(shown);
    json_decref(guess);
}

void qetl_words_mend_keys(struct qetl_finding *finding, const json_t *properties)
{
    char *words = strdup("");
    const char *key;
    json_t *property;
    json_object_foreach ((json_t *)properties, key, property)
        words = join(words, ", ", key);
    if (words && *words)
        qetl_finding_mend(finding, "known here: %s", words);
    else
        qetl_finding_mend(finding, "remove it: nothing may stand here");
    free(words);
}
