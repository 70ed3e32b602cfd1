/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_lint.h"

#include "pointer.h"
#include "schema_check.h"
#include "suggest.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct lint {
    const struct qetl_document *document;
    struct qetl_findings *findings;
};

static void lint_schema(struct lint *l, const json_t *schema, const char *pointer);

/* A check that is not made is worse than none: every word must be one that is understood; those
 * that begin with `x-` say nothing about values, but to those who know them. */
static const struct word {
    const char *name;
    json_type type;    /* what it must be … */
    json_type or_type; /* … or this */
} words[] = {
    {"type", JSON_STRING, JSON_ARRAY},         {"enum", JSON_ARRAY, JSON_ARRAY},
    {"properties", JSON_OBJECT, JSON_OBJECT},  {"required", JSON_ARRAY, JSON_ARRAY},
    {"items", JSON_OBJECT, JSON_OBJECT},       {"minItems", JSON_INTEGER, JSON_INTEGER},
    {"maxItems", JSON_INTEGER, JSON_INTEGER},  {"minimum", JSON_INTEGER, JSON_REAL},
    {"maximum", JSON_INTEGER, JSON_REAL},      {"minLength", JSON_INTEGER, JSON_INTEGER},
    {"maxLength", JSON_INTEGER, JSON_INTEGER}, {"pattern", JSON_STRING, JSON_STRING},
    {"oneOf", JSON_ARRAY, JSON_ARRAY},         {"anyOf", JSON_ARRAY, JSON_ARRAY},
    {"description", JSON_STRING, JSON_STRING}, {"title", JSON_STRING, JSON_STRING},
    {"examples", JSON_ARRAY, JSON_ARRAY},      {"format", JSON_STRING, JSON_STRING},
    {"x-unit", JSON_STRING, JSON_STRING},      {"x-file", JSON_STRING, JSON_STRING},
    {"secret", JSON_TRUE, JSON_FALSE},         {"additionalProperties", JSON_OBJECT, JSON_FALSE},
    {"deprecated", JSON_TRUE, JSON_FALSE},     {"x-condition", JSON_TRUE, JSON_FALSE},
};
/* May be of any type: const and default. additionalProperties may also be true. */

static const struct word *word_find(const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

static struct qetl_finding *fail(struct lint *l, const char *pointer, const char *message)
{
    return qetl_document_error(l->document, pointer, QETL_AT_VALUE, l->findings, "bad_schema", "%s",
                               message);
}

static void fail_word(struct lint *l, const char *name, const char *pointer)
{
    struct qetl_suggest suggest;
    struct qetl_finding *finding =
        qetl_document_error(l->document, pointer, QETL_AT_KEY, l->findings, "bad_schema",
                            "`%s` is no word of option schemas that is understood", name);
    qetl_suggest_init(&suggest, name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        qetl_suggest_offer(&suggest, words[i].name);
    qetl_suggest_offer(&suggest, "default");
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean `%s`?", suggest.best);
}

static void lint_word(struct lint *l, const char *name, const json_t *value, const char *pointer)
{
    const struct word *word = word_find(name);
    if (strcmp(name, "const") == 0 || strcmp(name, "default") == 0 ||
        (strcmp(name, "additionalProperties") == 0 && json_is_true(value)))
        return;
    if (!word && strncmp(name, "x-", 2) != 0)
        fail_word(l, name, pointer);
    else if (word && json_typeof(value) != word->type && json_typeof(value) != word->or_type)
        fail(l, pointer, "this word takes a value of another type");
}

static int is_type(const json_t *type)
{
    static const char *const types[] = {"string", "integer", "number", "boolean",
                                        "array",  "object",  "null"};
    for (size_t i = 0; json_is_string(type) && i < sizeof types / sizeof *types; i++)
        if (strcmp(json_string_value(type), types[i]) == 0)
            return 1;
    return 0;
}

static void lint_types(struct lint *l, const json_t *schema, const char *pointer)
{
    const json_t *type = json_object_get(schema, "type");
    int good = !type || json_is_array(type) ? json_array_size(type) > 0 || !type : is_type(type);
    for (size_t i = 0; i < json_array_size(type); i++)
        good &= is_type(json_array_get(type, i));
    if (!good)
        qetl_finding_mend(fail(l, pointer, "`type` names no type"),
                          "string, integer, number, boolean, array, object or null");
}

/* POSIX knows no \d, and reads it as d without a word: what works elsewhere must not fail so. */
static void lint_pattern(struct lint *l, const json_t *schema, const char *pointer)
{
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    regex_t regex;
    if (!pattern)
        return;
    for (const char *at = pattern; *at; at++) {
        if (*at == '\\' && isalnum((unsigned char)at[1])) {
            qetl_finding_mend(fail(l, pointer, "`pattern` holds a class like \\d"),
                              "write it out: [0-9]");
            return;
        }
        at += *at == '\\' && at[1];
    }
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        fail(l, pointer, "`pattern` is no POSIX extended regular expression");
    else
        regfree(&regex);
}

static void lint_child(struct lint *l, const json_t *schema, char *pointer)
{
    if (!pointer)
        qetl_findings_no_memory(l->findings);
    else if (json_is_object(schema))
        lint_schema(l, schema, pointer);
    else
        fail(l, pointer, "a schema is a mapping");
    free(pointer);
}

static void lint_children(struct lint *l, const json_t *schema, const char *pointer)
{
    static const char *const lists[] = {"anyOf", "oneOf"};
    static const char *const singles[] = {"items", "additionalProperties"};
    const char *key;
    json_t *child;
    char *properties = qetl_pointer_key(pointer, "properties");
    json_object_foreach (json_object_get(schema, "properties"), key, child)
        lint_child(l, child, properties ? qetl_pointer_key(properties, key) : NULL);
    free(properties);
    for (int i = 0; i < 2; i++) {
        child = json_object_get(schema, singles[i]);
        if (json_is_object(child))
            lint_child(l, child, qetl_pointer_key(pointer, singles[i]));
        char *list = qetl_pointer_key(pointer, lists[i]);
        size_t k;
        json_array_foreach (json_object_get(schema, lists[i]), k, child)
            lint_child(l, child, list ? qetl_pointer_index(list, k) : NULL);
        free(list);
    }
}

static void lint_required(struct lint *l, const json_t *schema, const char *pointer)
{
    size_t i;
    json_t *key;
    json_array_foreach (json_object_get(schema, "required"), i, key) {
        const char *name = json_string_value(key);
        if (!name || !json_object_get(json_object_get(schema, "properties"), name))
            fail(l, pointer, "`required` names a key that `properties` does not have");
    }
}

/* The default must be what the user would be allowed to write. */
static void lint_default(struct lint *l, const json_t *schema, const char *pointer)
{
    const json_t *value = json_object_get(schema, "default");
    struct qetl_findings findings = {0};
    json_t *copy = value ? json_deep_copy(value) : NULL;
    if (value && !copy)
        qetl_findings_no_memory(l->findings);
    else if (value && qetl_schema_check(schema, copy, l->document, pointer, &findings) > 0)
        fail(l, pointer, "`default` does not satisfy its own schema");
    json_decref(copy);
    qetl_findings_free(&findings);
}

static void lint_schema(struct lint *l, const json_t *schema, const char *pointer)
{
    size_t before = l->findings->errors;
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)schema, key, value) {
        char *place = qetl_pointer_key(pointer, key);
        if (place)
            lint_word(l, key, value, place);
        else
            qetl_findings_no_memory(l->findings);
        free(place);
    }
    lint_types(l, schema, pointer);
    lint_pattern(l, schema, pointer);
    lint_required(l, schema, pointer);
    lint_children(l, schema, pointer);
    if (l->findings->errors == before)
        lint_default(l, schema, pointer);
}

size_t qetl_schema_lint(const json_t *schema, const struct qetl_document *document,
                        const char *pointer, struct qetl_findings *findings)
{
    size_t before = findings->errors;
    struct lint lint = {document, findings};
    lint_schema(&lint, schema, pointer);
    return findings->errors - before;
}
