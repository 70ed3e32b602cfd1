/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state export: a state as JSON, for another machine or for safe keeping. */
#include "data/base64.h"
#include "states.h"

#include <stdlib.h>
#include <string.h>

static json_t *entry_json(const struct qetl_entry *entry)
{
    char *data = qetl_base64(entry->data, entry->size);
    json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:s?}", "kind", qetl_states_kind(entry->kind),
                               "component", entry->component, "part", (json_int_t)entry->part,
                               "version", (json_int_t)entry->version, "data", data);
    free(data);
    return object;
}

static json_t *export(const char *pipeline, const struct qetl_store *store,
                      const struct qetl_record *record)
{
    json_t *entries = json_array();
    for (size_t i = 0; i < record->n_entries; i++)
        json_array_append_new(entries, entry_json(&record->entries[i]));
    if (json_array_size(entries) < record->n_entries) {
        json_decref(entries);
        return NULL;
    }
    const char *identity = qetl_store_identity(store);
    return json_pack("{s:i, s:s, s:o?, s:I, s:s, s:b, s:I, s:o}", "qetl_state", 1, "pipeline",
                     pipeline, "identity", identity ? json_loads(identity, 0, NULL) : json_object(),
                     "epoch", (json_int_t)record->number, "stage", qetl_states_stage(record->stage),
                     "final", record->final, "rows", (json_int_t)record->rows, "entries", entries);
}

static int state_export(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_record record;
    struct qetl_store *store = qetl_states_open(cli, false, &record, findings);
    json_t *state = store ? export(cli->operands[0], store, &record) : NULL;
    if (store && !state)
        qetl_findings_no_memory(findings);
    if (state && !cli->json) {
        json_dumpf(state, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    if (store)
        qetl_record_free(&record);
    qetl_store_close(store);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, state, findings);
}

const struct qetl_command qetl_command_state_export = {
    .name = "state export",
    .section = "State",
    .summary = "a state as JSON",
    .synopses = (const char *const[]){"PIPELINE", NULL},
    .description =
        "Writes what the next run of a pipeline would go on from as one JSON object, for `qetl "
        "state "
        "import` here or on another machine. It holds no secrets of the pipeline: options are kept "
        "as digests. It may hold values of rows: a position, keys, what an aggregate holds. While "
        "a "
        "run is at work with the state this is refused, as what it says would be over at once.",
    .operands = {.name = "PIPELINE", .least = 1, .most = 1},
    .groups = {&qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){{"qetl state export orders >orders.state.json", "keep it"},
                                      {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct qetl_states_own),
    .run = state_export,
};
