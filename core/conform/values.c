/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include "config/document.h"
#include "config/schema_check.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 256 };

static bool is_type(const json_t *schema, const char *type)
{
    const json_t *types = json_object_get(schema, "type");
    size_t i;
    json_t *one;
    if (json_is_string(types))
        return strcmp(json_string_value(types), type) == 0;
    json_array_foreach (types, i, one)
        if (json_is_string(one) && strcmp(json_string_value(one), type) == 0)
            return true;
    return false;
}

/* Its bounds; where there are none, the numbers that are easily forgotten. */
static void numbers_put(json_t *out, const json_t *schema)
{
    json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
    bool whole = is_type(schema, "integer");
    if (!whole && !is_type(schema, "number"))
        return;
    json_array_append(out, least ? least : json_null());
    json_array_append(out, most ? most : json_null());
    for (json_int_t n = -1; n < 3; n++)
        json_array_append_new(out, json_integer(n));
    if (!whole)
        json_array_append_new(out, json_real(0.5));
}

/* Nothing, a word that nobody knows, and the longest, unless that is for somebody with time. */
static void texts_put(json_t *out, const json_t *schema)
{
    const json_t *most = json_object_get(schema, "maxLength");
    char text[LONGEST + 1];
    if (!is_type(schema, "string"))
        return;
    json_array_append_new(out, json_string(""));
    if (json_object_get(schema, "enum"))
        return;
    size_t size =
        most && json_integer_value(most) < LONGEST ? (size_t)json_integer_value(most) : LONGEST;
    memset(text, 'x', size);
    text[size] = 0;
    json_array_append_new(out, json_string("no such thing"));
    json_array_append_new(out, json_string(text));
}

/* None, and one of each that may be. */
static void lists_put(json_t *out, const json_t *schema)
{
    json_t *items = json_object_get(schema, "items");
    if (!is_type(schema, "array"))
        return;
    json_array_append_new(out, json_array());
    json_t *values = items ? conform_values(items, NULL) : NULL, *value;
    size_t i;
    json_array_foreach (values, i, value)
        json_array_append_new(out, json_pack("[O]", value));
    json_decref(values);
}

/* None, and each of its own options in place of what it is. */
static void objects_put(json_t *out, const json_t *schema, const json_t *now)
{
    const char *name;
    json_t *property, *value;
    size_t i;
    if (!is_type(schema, "object"))
        return;
    json_array_append_new(out, json_object());
    json_object_foreach (json_object_get(schema, "properties"), name, property) {
        json_t *values = conform_values(property, json_object_get(now, name));
        json_array_foreach (values, i, value) {
            json_t *with = json_is_object(now) ? json_copy((json_t *)now) : json_object();
            json_object_set(with, name, value);
            json_array_append_new(out, with);
        }
        json_decref(values);
    }
}

json_t *conform_values(const json_t *schema, const json_t *now)
{
    static const char *const lists[] = {"enum", "examples"}, *const choices[] = {"oneOf", "anyOf"};
    json_t *out = json_array(), *one, *only = json_object_get(schema, "const");
    size_t i;
    numbers_put(out, schema);
    for (size_t l = 0; l < 2; l++)
        json_array_extend(out, json_object_get(schema, lists[l]));
    json_array_append(out, only ? only : json_null());
    if (is_type(schema, "boolean")) {
        json_array_append(out, json_true());
        json_array_append(out, json_false());
    }
    texts_put(out, schema);
    lists_put(out, schema);
    objects_put(out, schema, now);
    for (size_t c = 0; c < 2; c++)
        json_array_foreach (json_object_get(schema, choices[c]), i, one) {
            json_t *more = conform_values(one, now);
            json_array_extend(out, more);
            json_decref(more);
        }
    return out;
}

static bool fits(json_t *options, const json_t *schema)
{
    struct qetl_findings findings = {0};
    char *text = json_dumps(options, JSON_COMPACT);
    struct qetl_document *document =
        text ? qetl_document_parse(text, strlen(text), "check.json", &findings) : NULL;
    bool good = document && qetl_schema_check(schema, options, document, "", &findings) == 0;
    qetl_document_free(document);
    qetl_findings_free(&findings);
    free(text);
    return good;
}

json_t *conform_options_with(const struct conform_trial *t, const json_t *from, const char *name,
                             json_t *value)
{
    json_t *options = json_deep_copy(from);
    json_object_set_new(options, name, json_deep_copy(value));
    if (fits(options, t->promised->options))
        return options;
    json_decref(options);
    return NULL;
}

void conform_value_print(const char *name, const json_t *value, char *out, size_t size)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    snprintf(out, size, "%.40s = %.60s", name, text ? text : "?");
    free(text);
}
