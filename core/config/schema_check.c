/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_check.h"

#include "mask.h"
#include "pointer.h"
#include "scalar.h"
#include "schema_limits.h"
#include "schema_words.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

enum { ERRORS_MAX = 100 }; /* of one value; whoever has more has given the wrong file */

static void check_value(struct qetl_check *c, const json_t *schema, json_t *value,
                        struct qetl_spot spot);

static int is_enough(const struct qetl_check *c)
{
    return c->findings->errors - c->before >= ERRORS_MAX;
}

static int type_is(const char *type, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return strcmp(type, "object") == 0;
    case JSON_ARRAY:
        return strcmp(type, "array") == 0;
    case JSON_STRING:
        return strcmp(type, "string") == 0;
    case JSON_INTEGER:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case JSON_REAL:
        return strcmp(type, "number") == 0;
    case JSON_NULL:
        return strcmp(type, "null") == 0;
    default:
        return strcmp(type, "boolean") == 0;
    }
}

static int any_fits(const json_t *alternatives, const json_t *value)
{
    size_t i;
    json_t *alternative;
    json_array_foreach (alternatives, i, alternative)
        if (qetl_schema_type_fits(alternative, value))
            return 1;
    return 0;
}

static int has_value(const json_t *choices, const json_t *value)
{
    size_t i;
    json_t *choice;
    json_array_foreach (choices, i, choice)
        if (json_equal(choice, value))
            return 1;
    return 0;
}

static const json_t *alternatives_of(const json_t *schema)
{
    const json_t *any = json_object_get(schema, "anyOf");
    return any ? any : json_object_get(schema, "oneOf");
}

int qetl_schema_type_fits(const json_t *schema, const json_t *value)
{
    const json_t *type = json_object_get(schema, "type");
    const json_t *alternatives = alternatives_of(schema);
    const json_t *fixed = json_object_get(schema, "const");
    if (fixed && json_typeof(fixed) != json_typeof(value))
        return 0;
    if (json_is_string(type))
        return type_is(json_string_value(type), value);
    for (size_t i = 0; i < json_array_size(type); i++)
        if (type_is(json_string_value(json_array_get(type, i)), value))
            return 1;
    if (json_is_array(type))
        return 0;
    return !alternatives || any_fits(alternatives, value);
}

const char *qetl_spot_name(struct qetl_spot spot)
{
    return spot.key ? spot.key : "the whole";
}

static struct qetl_finding *fail(struct qetl_check *c, struct qetl_spot spot, const char *code,
                                 const char *message)
{
    return qetl_document_error(c->document, spot.pointer, QETL_AT_VALUE, c->findings, code,
                               "`%s` %s", qetl_spot_name(spot), message);
}

static void fail_type(struct qetl_check *c, const json_t *schema, json_t *value,
                      struct qetl_spot spot)
{
    char *expected = qetl_words_expected(schema);
    char *found = qetl_words_found(value, c->secret);
    char *message = NULL;
    struct qetl_finding *finding;
    if (expected && found && asprintf(&message, "must be %s, found %s", expected, found) < 0)
        message = NULL;
    if (json_is_null(value))
        finding = fail(c, spot, "missing_value", "has no value");
    else
        finding = fail(c, spot, "wrong_type", message ? message : "is of the wrong type");
    qetl_words_mend(finding, schema, value, spot.key, c->secret);
    free(message);
    free(expected);
    free(found);
}

/* ---- choices ---- */

static void mend_choice(struct qetl_finding *finding, const json_t *choices, const json_t *value)
{
    struct qetl_suggest suggest;
    size_t i;
    json_t *choice;
    if (!json_is_string(value))
        return;
    qetl_suggest_init(&suggest, json_string_value(value));
    json_array_foreach (choices, i, choice)
        if (json_is_string(choice))
            qetl_suggest_offer(&suggest, json_string_value(choice));
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean `%s`?", suggest.best);
}

static void fail_choice(struct qetl_check *c, const json_t *schema, json_t *value,
                        struct qetl_spot spot)
{
    char *expected = qetl_words_expected(schema);
    char *found = qetl_words_found(value, c->secret);
    char *message = NULL;
    if (expected && found && asprintf(&message, "must be %s, found %s", expected, found) < 0)
        message = NULL;
    struct qetl_finding *finding =
        fail(c, spot, "unknown_value", message ? message : "is none of the known values");
    qetl_words_mend(finding, schema, value, spot.key, c->secret);
    if (!c->secret)
        mend_choice(finding, json_object_get(schema, "enum"), value);
    free(message);
    free(expected);
    free(found);
}

static int choice_fits(const json_t *schema, const json_t *value)
{
    const json_t *choices = json_object_get(schema, "enum");
    const json_t *fixed = json_object_get(schema, "const");
    return (!choices || has_value(choices, value)) && (!fixed || json_equal(fixed, value));
}

/* ---- text from placeholders ---- */

/* A placeholder stands for text; where no text can be, the word that it would be without quotes.
 * NULL: it stays. */
static json_t *converted(struct qetl_check *c, const json_t *schema, const json_t *value,
                         const char *pointer)
{
    const char *text = json_string_value(value);
    if (!text || qetl_schema_type_fits(schema, value) ||
        !qetl_document_is_expanded(c->document, pointer))
        return NULL;
    json_t *word = qetl_scalar_plain(text, strlen(text));
    if (word && !json_is_null(word) && qetl_schema_type_fits(schema, word))
        return word;
    json_decref(word);
    return NULL;
}

/* ---- lists and mappings ---- */

static void check_list(struct qetl_check *c, const json_t *schema, json_t *list,
                       struct qetl_spot spot)
{
    const json_t *items = json_object_get(schema, "items");
    size_t i;
    json_t *value;
    qetl_limits_list(c, schema, list, spot);
    if (!items)
        return;
    json_array_foreach (list, i, value) {
        char *pointer = qetl_pointer_index(spot.pointer, i);
        char *name = NULL;
        json_t *word = pointer ? converted(c, items, value, pointer) : NULL;
        if (word && json_array_set_new(list, i, word) == 0)
            value = word;
        if (pointer && asprintf(&name, "%s[%zu]", qetl_spot_name(spot), i) >= 0)
            check_value(c, items, value, (struct qetl_spot){pointer, name});
        else
            qetl_findings_no_memory(c->findings);
        free(name);
        free(pointer);
    }
}

/* The known key that an unknown one most likely stands for, of those given or of the others. */
static const char *nearest_key(const json_t *schema, const json_t *object, const char *key,
                               int given)
{
    struct qetl_suggest suggest;
    const char *known;
    json_t *property;
    qetl_suggest_init(&suggest, key);
    json_object_foreach (json_object_get(schema, "properties"), known, property)
        if (!json_object_get(object, known) == !given)
            qetl_suggest_offer(&suggest, known);
    return suggest.best;
}

static void fail_unknown_key(struct qetl_check *c, const json_t *schema, const json_t *object,
                             const char *key, const char *pointer)
{
    const char *near = nearest_key(schema, object, key, 0);
    const char *given = nearest_key(schema, object, key, 1);
    struct qetl_finding *finding =
        qetl_document_error(c->document, pointer, QETL_AT_KEY, c->findings, "unknown_key",
                            "`%s` is not known here", key);
    if (near)
        qetl_finding_mend(finding, "did you mean `%s`?", near);
    else if (given)
        qetl_finding_mend(finding, "`%s` stands there already: remove one of the two", given);
    else
        qetl_words_mend_keys(finding, json_object_get(schema, "properties"));
}

/* What a key's value must satisfy; NULL: anything. *known says whether the key is allowed. */
static const json_t *property_schema(const json_t *schema, const char *key, int *known)
{
    const json_t *property = json_object_get(json_object_get(schema, "properties"), key);
    const json_t *more = json_object_get(schema, "additionalProperties");
    *known = property || !json_is_false(more);
    return property ? property : json_is_object(more) ? more : NULL;
}

static void check_members(struct qetl_check *c, const json_t *schema, json_t *object,
                          struct qetl_spot spot)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        int known;
        const json_t *property = property_schema(schema, key, &known);
        char *pointer = qetl_pointer_key(spot.pointer, key);
        json_t *word = pointer && property ? converted(c, property, value, pointer) : NULL;
        if (word && json_object_set_new(object, key, word) == 0)
            value = word;
        if (!pointer)
            qetl_findings_no_memory(c->findings);
        else if (!known && !is_enough(c))
            fail_unknown_key(c, schema, object, key, pointer);
        else if (property)
            check_value(c, property, value, (struct qetl_spot){pointer, key});
        free(pointer);
    }
}

/* A key that was misspelt is told as that, not as missing too. */
static int is_misspelt(const json_t *schema, json_t *object, const char *wanted)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        int known;
        property_schema(schema, key, &known);
        const char *near = known ? NULL : nearest_key(schema, object, key, 0);
        if (near && strcmp(near, wanted) == 0)
            return 1;
    }
    return 0;
}

static void check_required(struct qetl_check *c, const json_t *schema, json_t *object,
                           struct qetl_spot spot)
{
    size_t i;
    json_t *required;
    json_array_foreach (json_object_get(schema, "required"), i, required) {
        const char *key = json_string_value(required);
        if (json_object_get(object, key) || is_misspelt(schema, object, key))
            continue;
        struct qetl_finding *finding = qetl_document_error(
            c->document, spot.pointer, QETL_AT_KEY, c->findings, "missing_key",
            "`%s` is missing%s%s", key, spot.key ? " in " : "", spot.key ? spot.key : "");
        qetl_finding_mend(finding, "add  %s: …", key);
        qetl_words_mend_example(finding,
                                json_object_get(json_object_get(schema, "properties"), key), key);
    }
}

/* Defaults go in last: they are the schema's own, and not to be reported as the user's. */
static void fill_defaults(struct qetl_check *c, const json_t *schema, json_t *object)
{
    const char *key;
    json_t *property;
    json_object_foreach (json_object_get(schema, "properties"), key, property) {
        const json_t *value = json_object_get(property, "default");
        if (!value || json_object_get(object, key))
            continue;
        if (json_object_set_new(object, key, json_deep_copy(value)))
            qetl_findings_no_memory(c->findings);
    }
}

static void check_object(struct qetl_check *c, const json_t *schema, json_t *object,
                         struct qetl_spot spot)
{
    check_members(c, schema, object, spot);
    check_required(c, schema, object, spot);
    fill_defaults(c, schema, object);
}

/* ---- alternatives ---- */

/* The value takes over what an attempt filled in. */
static int value_become(json_t *value, json_t *copy)
{
    if (json_is_object(value))
        return json_object_clear(value) || json_object_update(value, copy);
    if (json_is_array(value))
        return json_array_clear(value) || json_array_extend(value, copy);
    return 0;
}

static json_t *attempt(const struct qetl_check *c, const json_t *schema, const json_t *value,
                       struct qetl_spot spot, struct qetl_findings *findings)
{
    struct qetl_check silent = {c->document, findings, 0, c->secret};
    json_t *copy = json_deep_copy(value);
    if (copy)
        check_value(&silent, schema, copy, spot);
    return copy;
}

/* The findings of the alternative that comes nearest: of those whose type fits, the fewest. */
static void check_alternatives(struct qetl_check *c, const json_t *alternatives, json_t *value,
                               struct qetl_spot spot)
{
    struct qetl_findings nearest = {0};
    int any = 0, done = 0;
    size_t i;
    json_t *alternative;
    json_array_foreach (alternatives, i, alternative) {
        struct qetl_findings findings = {0};
        if (done || !qetl_schema_type_fits(alternative, value))
            continue;
        json_t *copy = attempt(c, alternative, value, spot, &findings);
        done = copy && findings.errors == 0;
        if (!copy || (done && value_become(value, copy)))
            qetl_findings_no_memory(c->findings);
        json_decref(copy);
        if (!any || findings.errors < nearest.errors) {
            qetl_findings_free(&nearest);
            nearest = findings;
            any = 1;
        } else {
            qetl_findings_free(&findings);
        }
    }
    if (!done)
        qetl_findings_move(c->findings, &nearest);
    qetl_findings_free(&nearest);
}

/* A value of the right type. */
static void check_fitting(struct qetl_check *c, const json_t *schema, json_t *value,
                          struct qetl_spot spot)
{
    const json_t *alternatives = alternatives_of(schema);
    if (alternatives)
        check_alternatives(c, alternatives, value, spot);
    if (json_is_number(value))
        qetl_limits_number(c, schema, value, spot);
    else if (json_is_string(value))
        qetl_limits_text(c, schema, value, spot);
    else if (json_is_array(value))
        check_list(c, schema, value, spot);
    else if (json_is_object(value))
        check_object(c, schema, value, spot);
}

/* A secret that stands in the file itself: a finding may come to speak of it. */
static void note_secret(struct qetl_check *c, const json_t *value)
{
    if (json_is_string(value) &&
        qetl_mask_add(qetl_document_mask(c->document), json_string_value(value)) < 0)
        qetl_findings_no_memory(c->findings);
}

static void check_value(struct qetl_check *c, const json_t *schema, json_t *value,
                        struct qetl_spot spot)
{
    int secret = json_is_true(json_object_get(schema, "secret"));
    c->secret += secret;
    if (c->secret)
        note_secret(c, value);
    if (is_enough(c))
        goto out;
    if (!qetl_schema_type_fits(schema, value))
        fail_type(c, schema, value, spot);
    else if (!choice_fits(schema, value))
        fail_choice(c, schema, value, spot);
    else
        check_fitting(c, schema, value, spot);
out:
    c->secret -= secret;
}

static const char *last_key(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');
    return slash ? slash + 1 : NULL;
}

size_t qetl_schema_check(const json_t *schema, json_t *value, const struct qetl_document *document,
                         const char *pointer, struct qetl_findings *findings)
{
    size_t before = findings->errors;
    struct qetl_check check = {document, findings, before, 0};
    check_value(&check, schema, value, (struct qetl_spot){pointer, last_key(pointer)});
    if (is_enough(&check))
        qetl_document_error(document, pointer, QETL_AT_KEY, findings, "too_many_mistakes",
                            "more than %d mistakes in here: the rest is not shown", ERRORS_MAX);
    return findings->errors - before;
}
