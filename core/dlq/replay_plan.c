/* SPDX-License-Identifier: Apache-2.0 */
/* Which letters go where: by the component that rejected them, and what they have in common. */
#include "replay.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *letter, const char *key)
{
    return json_string_value(json_object_get(letter, key));
}

static const struct qetl_node *node_of(const struct qetl_pipeline *pipeline, const char *id)
{
    for (size_t n = 0; id && n < pipeline->n_nodes; n++)
        if (strcmp(pipeline->nodes[n].id, id) == 0)
            return &pipeline->nodes[n];
    return NULL;
}

/* Who makes rows by itself takes bytes from nobody. */
static bool makes_rows(const struct qetl_pipeline *pipeline, const json_t *letter)
{
    const struct qetl_node *node = node_of(pipeline, text_of(letter, "component"));
    return node && node->kind == QETL_SOURCE && !node->format.plugin;
}

/* Why it is not replayed; NULL: it can be. */
static const char *obstacle(const struct qetl_pipeline *pipeline,
                            const struct qetl_box_entry *entry, const json_t *letter)
{
    bool row = json_object_get(letter, "decoded") != NULL;
    bool bytes = json_object_get(letter, "original") || json_object_get(letter, "original_base64");
    if (entry->state == QETL_LETTER_REPLAYED)
        return "it was replayed";
    if (entry->state == QETL_LETTER_UNDECIDED)
        return "its run failed, so that its row comes again when the pipeline runs again";
    const char *lacks = qetl_letter_obstacle(letter);
    if (lacks)
        return lacks;
    if (!row && !bytes)
        return "it has neither bytes nor a row";
    if (!row && makes_rows(pipeline, letter))
        return "its source is now one that makes rows itself, without a format that could read "
               "these bytes: let it read the row again";
    return NULL;
}

static bool is_named(const struct qetl_pipeline *pipeline, const struct qetl_input *input,
                     const char *name)
{
    const char *id = pipeline->nodes[input->component].id;
    size_t size = strlen(id);
    if (strncmp(name, id, size) != 0)
        return false;
    return input->port ? name[size] == '.' && strcmp(name + size + 1, input->port) == 0
                       : !name[size];
}

/* By its name; a component with one input takes what it is called now. */
static bool find_input(const struct qetl_pipeline *pipeline, const struct qetl_node *node,
                       const char *name, size_t *out)
{
    *out = 0;
    for (size_t i = 0; name && i < node->n_inputs; i++) {
        if (!is_named(pipeline, &node->inputs[i], name))
            continue;
        *out = i;
        return true;
    }
    return node->n_inputs == 1;
}

static void unknown(const json_t *letter, const char *what, struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "replay", "letter %lld: %s '%s' is not in the pipeline",
        (long long)json_integer_value(json_object_get(letter, "id")), what,
        text_of(letter, "component") ? text_of(letter, "component") : "");
    qetl_finding_mend(finding, "name its components as they were, or choose other letters");
}

static char *key_of(const json_t *letter, bool row)
{
    json_t *parts = json_pack("[b, s?, s?, s?, O?, O?, O?]", row, text_of(letter, "component"),
                              text_of(letter, "input"), text_of(letter, "spelled_by"),
                              json_object_get(letter, "types"), json_object_get(letter, "unbound"),
                              json_object_get(letter, "dialect"));
    char *key = parts ? json_dumps(parts, JSON_COMPACT) : NULL;
    json_decref(parts);
    return key;
}

/* Moves the key. */
static struct qetl_replay_group *group_of(struct qetl_replay_plan *plan, char *key,
                                          const struct qetl_node *node, size_t input,
                                          json_t *letter)
{
    for (size_t i = plan->n_groups; i-- > 0;) {
        if (strcmp(plan->groups[i].key, key) != 0)
            continue;
        free(key);
        return &plan->groups[i];
    }
    struct qetl_replay_group *grown =
        realloc(plan->groups, (plan->n_groups + 1) * sizeof *plan->groups);
    if (!grown) {
        free(key);
        return NULL;
    }
    plan->groups = grown;
    grown += plan->n_groups++;
    *grown = (struct qetl_replay_group){.key = key,
                                        .node = node,
                                        .input = input,
                                        .rows = json_object_get(letter, "decoded") != NULL,
                                        .first = json_incref(letter)};
    return grown;
}

static int group_add(struct qetl_replay_group *group, int64_t id)
{
    if (group->n == group->room) {
        size_t room = group->room ? group->room * 2 : 16;
        int64_t *grown = realloc(group->ids, room * sizeof *grown);
        if (!grown)
            return -1;
        group->ids = grown;
        group->room = room;
    }
    group->ids[group->n++] = id;
    return 0;
}

/* NULL with findings. */
static struct qetl_replay_group *group_for(struct qetl_replay_plan *plan, json_t *letter,
                                           struct qetl_findings *findings)
{
    bool row = json_object_get(letter, "decoded") != NULL;
    size_t input = 0;
    const struct qetl_node *node = node_of(plan->pipeline, text_of(letter, "component"));
    if (!node || (node->kind == QETL_SOURCE) == row) {
        unknown(letter, row ? "component" : "source", findings);
        return NULL;
    }
    if (row && !find_input(plan->pipeline, node, text_of(letter, "input"), &input)) {
        unknown(letter, "the input that it came by, of", findings);
        return NULL;
    }
    char *key = key_of(letter, row);
    struct qetl_replay_group *group = key ? group_of(plan, key, node, input, letter) : NULL;
    if (!group)
        qetl_findings_no_memory(findings);
    return group;
}

static int plan_letter(struct qetl_replay_plan *plan, const struct qetl_box_entry *entry,
                       json_t *letter, struct qetl_findings *findings)
{
    const char *why = obstacle(plan->pipeline, entry, letter);
    if (why) {
        if (!plan->n_skipped++)
            snprintf(plan->why_skipped, sizeof plan->why_skipped, "letter %lld: %s",
                     (long long)entry->id, why);
        return 0;
    }
    struct qetl_replay_group *group = group_for(plan, letter, findings);
    if (!group)
        return -1;
    if (group_add(group, entry->id)) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    plan->n_letters++;
    return 0;
}

int qetl_replay_plan_make(struct qetl_replay_plan *plan, struct qetl_box *box, const bool *meant,
                          const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    *plan = (struct qetl_replay_plan){.pipeline = pipeline};
    int failed = 0;
    for (size_t i = 0; !failed && i < box->n; i++) {
        json_t *letter = meant[i] ? qetl_box_letter(box, &box->entries[i], findings) : NULL;
        if (meant[i])
            failed = letter ? plan_letter(plan, &box->entries[i], letter, findings) : -1;
        json_decref(letter);
    }
    return failed;
}

int qetl_replay_plan_one(struct qetl_replay_plan *plan, const struct qetl_pipeline *pipeline,
                         json_t *letter, struct qetl_findings *findings)
{
    *plan = (struct qetl_replay_plan){.pipeline = pipeline};
    return group_for(plan, letter, findings) ? 0 : -1;
}

void qetl_replay_plan_clear(struct qetl_replay_plan *plan)
{
    for (size_t i = 0; i < plan->n_groups; i++) {
        free(plan->groups[i].key);
        free(plan->groups[i].ids);
        json_decref(plan->groups[i].first);
    }
    free(plan->groups);
}
