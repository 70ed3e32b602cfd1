/* SPDX-License-Identifier: Apache-2.0 */
/* Values that the manifest's schema allows, one after the other. */
#include "cases.h"

#include "config/document.h"
#include "config/schema_check.h"

#include <stdio.h>
#include <stdlib.h>

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

/* create answers OK, or CONFIG and says which option it means. */
static void value_try(const struct conform_trial *t, const char *name, const json_t *value)
{
    struct conform_record *record = t->record;
    json_t *options = json_deep_copy(t->check->options);
    json_object_set_new(options, name, json_deep_copy(value));
    struct conform_knobs k = {.options = options};
    struct conform_bench b;
    if (fits(options, t->promised->options)) {
        conform_scratch(t);
        int32_t status = conform_bench_open(&b, t, &k);
        const char *option = b.ctx ? b.ctx->error.option : NULL;
        if (status == QETL_E_CONFIG && !option)
            conform_break(record, CONFORM_OPTIONS_DEFAULT_RULE,
                          "%s: a value that the schema allows is refused, and no option is named",
                          name);
        else if (status && status != QETL_E_CONFIG && status != QETL_E_NO_MEMORY &&
                 status != QETL_E_ENVIRONMENT)
            conform_break(record, CONFORM_OPTIONS_DEFAULT_RULE,
                          "%s: create answered %d to a value that the schema allows", name, status);
        conform_bench_close(&b);
        conform_try(&b, t, &k);
        conform_bench_close(&b);
    }
    json_decref(options);
}

static void property_try(const struct conform_trial *t, const char *name, const json_t *schema)
{
    static const char *const lists[] = {"enum", "examples"};
    size_t i;
    json_t *value;
    for (size_t l = 0; l < 2; l++)
        json_array_foreach (json_object_get(schema, lists[l]), i, value)
            if (conform_time_left(t))
                value_try(t, name, value);
    if (json_string_value(json_object_get(schema, "type")) &&
        strcmp(json_string_value(json_object_get(schema, "type")), "boolean") == 0) {
        value_try(t, name, json_true());
        value_try(t, name, json_false());
    }
}

void conform_case_options(const struct conform_trial *t)
{
    const char *name;
    json_t *schema;
    json_object_foreach (json_object_get(t->promised->options, "properties"), name, schema)
        if (!json_object_get(schema, "x-file")) /* other places are not ours to try */
            property_try(t, name, schema);
    conform_hold(t->record, CONFORM_OPTIONS_DEFAULT_RULE);
    conform_hold(t->record, CONFORM_OPTIONS_KNOWN_RULE);
}
