/* SPDX-License-Identifier: Apache-2.0 */
/* Values that the manifest's schema allows, one after the other. */
#include "cases.h"
#include "values.h"

#include "host/call.h"

#include <stdio.h>

enum { RUN_MS = 200 };

/* create may refuse a value as CONFIG, and names the option. What comes later may be the columns'
 * fault, but is none of nobody's. */
static void refusal_check(const struct conform_trial *t, const struct conform_bench *b)
{
    char name[CONFORM_STATUS];
    if (b->ran && b->status != QETL_E_FATAL)
        return;
    if (b->ran) {
        conform_break(t->record, CONFORM_OPTIONS_DEFAULT_RULE,
                      "a value that the schema allows is neither taken nor refused: %s", b->error);
        return;
    }
    if (b->status == QETL_E_CONFIG && !b->blamed)
        conform_break(t->record, CONFORM_OPTIONS_DEFAULT_RULE,
                      "a value that the schema allows is refused, and no option is named: %s",
                      b->error);
    else if (b->status && b->status != QETL_E_CONFIG && b->status != QETL_E_NO_MEMORY &&
             b->status != QETL_E_ENVIRONMENT)
        conform_break(t->record, CONFORM_OPTIONS_DEFAULT_RULE,
                      "create answered %s to a value that the schema allows",
                      conform_status_name(b->status, name));
}

static void value_try(const struct conform_trial *t, const char *name, json_t *value)
{
    json_t *options = conform_options_with(t, t->check->options, name, value);
    struct conform_knobs k = {.options = options,
                              .leave_ns = qetl_call_now_ns() + RUN_MS * 1000000LL};
    struct conform_bench b;
    char what[128];
    if (!options)
        return;
    conform_value_print(name, value, what, sizeof what);
    conform_record_trying(t->record, what);
    conform_try(&b, t, &k);
    refusal_check(t, &b);
    conform_bench_close(&b);
    conform_record_trying(t->record, "");
    json_decref(options);
}

/* Other places are not ours to try, and further checks are there for what they set themselves. */
static bool is_ours(const struct conform_trial *t, const char *name, const json_t *schema)
{
    const json_t *now = json_object_get(t->check->options, name);
    if (json_object_get(schema, "x-file"))
        return false;
    return !t->further || (now && !json_equal(now, json_object_get(schema, "default")));
}

/* The first value of each option, then the second, so that all are reached in time. */
void conform_case_options(const struct conform_trial *t)
{
    const json_t *properties = json_object_get(t->promised->options, "properties");
    const char *name;
    json_t *schema;
    bool more = true;
    for (size_t i = 0; more; i++) {
        more = false;
        json_object_foreach ((json_t *)properties, name, schema) {
            if (!is_ours(t, name, schema))
                continue;
            json_t *values = conform_values(schema, json_object_get(t->check->options, name));
            more = more || i + 1 < json_array_size(values);
            if (i < json_array_size(values) && conform_may_try(t))
                value_try(t, name, json_array_get(values, i));
            json_decref(values);
        }
    }
    conform_hold(t->record, CONFORM_OPTIONS_DEFAULT_RULE);
    conform_hold(t->record, CONFORM_OPTIONS_KNOWN_RULE);
}
