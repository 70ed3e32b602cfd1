/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "config/pointer.h"

#include <qetl/plugin.h>
#include <string.h>

enum { N_WORDS = 4 };
static const char *const of_sources[N_WORDS] = {"?", "replayable", "ackable", "lossy"};
static const char *const of_sinks[N_WORDS] = {"?", "transactional", "idempotent", "append"};

const char *qetl_delivery_word(uint32_t kind, uint32_t delivery)
{
    return (kind == QETL_SOURCE ? of_sources : of_sinks)[delivery < N_WORDS ? delivery : 0];
}

uint32_t qetl_delivery_of(uint32_t kind, const char *word)
{
    uint32_t delivery = 1;
    while (delivery < N_WORDS && strcmp(qetl_delivery_word(kind, delivery), word) != 0)
        delivery++;
    return delivery < N_WORDS ? delivery : 0;
}

static bool is_among(const json_t *value, const json_t *values)
{
    size_t i;
    const json_t *one;
    json_array_foreach (values, i, one)
        if (json_equal(value, one))
            return true;
    return false;
}

/* The option has one of those values, or is a list with one of them. */
static bool applies(const json_t *rule, const json_t *options)
{
    const json_t *values = json_object_get(rule, "is"), *member;
    const char *option = json_string_value(json_object_get(rule, "option"));
    const json_t *value = option ? qetl_pointer_get(options, option) : NULL;
    size_t i;
    if (!value)
        return false;
    json_array_foreach (value, i, member)
        if (is_among(member, values))
            return true;
    return is_among(value, values);
}

static uint32_t commit_of(const char *word)
{
    return strcmp(word, "one-phase") == 0 ? QETL_COMMIT_ONE_PHASE : QETL_COMMIT_TWO_PHASE;
}

struct qetl_said qetl_said_of(uint32_t kind, const json_t *component, const json_t *options)
{
    const char *delivery = json_string_value(json_object_get(component, "delivery"));
    const char *commit = json_string_value(json_object_get(component, "commit"));
    struct qetl_said said = {.delivery = delivery ? qetl_delivery_of(kind, delivery) : 0,
                             .commit = commit ? commit_of(commit) : QETL_COMMIT_NONE};
    const json_t *rule;
    size_t i;
    json_array_foreach (json_object_get(component, "delivery_if"), i, rule) {
        if (!applies(rule, options))
            continue;
        const json_t *moves = json_object_get(rule, "moves");
        delivery = json_string_value(json_object_get(rule, "delivery"));
        said.delivery = delivery ? qetl_delivery_of(kind, delivery) : said.delivery;
        said.endless |= json_is_true(json_object_get(rule, "endless"));
        said.moves = moves ? json_is_true(moves) : said.moves;
    }
    return said;
}
