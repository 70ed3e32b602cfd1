/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state import: a state from JSON, in place of what there is. */
#include "config/slurp.h"
#include "states.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

struct own {
    struct qetl_states_own states;
    bool yes;
};

enum { STATE_MOST = 1 << 30 };

/* ---- reading ---- */

struct reading {
    const char *file;
    struct qetl_findings *findings;
    struct qetl_record record;
};

static int refuse(struct reading *in, const char *path, const char *what)
{
    struct qetl_finding *finding =
        qetl_finding_add(in->findings, QETL_ERROR, "state_import", "%s", what);
    qetl_finding_at(finding, in->file, 0, 0, path);
    qetl_finding_mend(finding, "import what `qetl state export` wrote, unchanged");
    return -1;
}

static int number_of(const json_t *object, const char *key, int64_t most, int64_t *value)
{
    const json_t *member = json_object_get(object, key);
    *value = json_integer_value(member);
    return json_is_integer(member) && *value >= 0 && *value <= most ? 0 : -1;
}

static int word_of(const json_t *object, const char *key, int from, int to,
                   const char *(*word)(int))
{
    const char *text = json_string_value(json_object_get(object, key));
    for (int i = from; text && i <= to; i++)
        if (strcmp(text, word(i)) == 0)
            return i;
    return -1;
}

static const char *kind_word(int kind)
{
    return qetl_states_kind((enum qetl_entry_kind)kind);
}

static const char *stage_word(int stage)
{
    return qetl_states_stage((enum qetl_epoch_stage)stage);
}

static int data_read(const json_t *object, struct qetl_entry *entry)
{
    const json_t *member = json_object_get(object, "data");
    size_t size = json_string_length(member);
    struct base64_decode_ctx context;
    uint8_t *data = json_is_string(member) ? malloc(BASE64_DECODE_LENGTH(size) + 1) : NULL;
    entry->data = data;
    if (!data)
        return -1;
    base64_decode_init(&context);
    return base64_decode_update(&context, &entry->size, data, size, json_string_value(member)) &&
                   base64_decode_final(&context)
               ? 0
               : -1;
}

static int entry_read(struct reading *in, size_t index, const json_t *object)
{
    char path[64];
    struct qetl_entry *entry = &in->record.entries[in->record.n_entries++];
    const char *component = json_string_value(json_object_get(object, "component"));
    int kind = word_of(object, "kind", QETL_ENTRY_SCHEMA, QETL_ENTRY_WATERMARK, kind_word);
    int64_t part, version;
    snprintf(path, sizeof path, "entries[%zu]", index);
    entry->component = component ? strdup(component) : NULL;
    if (kind < 0 || !entry->component || number_of(object, "part", UINT32_MAX, &part) ||
        number_of(object, "version", UINT32_MAX, &version) || data_read(object, entry))
        return refuse(in, path, "this is no entry of a state");
    entry->kind = (enum qetl_entry_kind)kind;
    entry->part = (uint32_t)part;
    entry->version = (uint32_t)version;
    return 0;
}

static int entries_read(struct reading *in, const json_t *entries)
{
    size_t i;
    json_t *object;
    if (!json_is_array(entries))
        return refuse(in, "entries", "the entries of the state are missing");
    in->record.entries = calloc(json_array_size(entries) + 1, sizeof *in->record.entries);
    if (!in->record.entries) {
        qetl_findings_no_memory(in->findings);
        return -1;
    }
    json_array_foreach (entries, i, object)
        if (entry_read(in, i, object))
            return -1;
    return 0;
}

static int state_read(struct reading *in, const json_t *state)
{
    int64_t layout, number, rows;
    int stage = word_of(state, "stage", QETL_STAGE_NONE, QETL_STAGE_FINISHED, stage_word);
    if (number_of(state, "qetl_state", INT64_MAX, &layout))
        return refuse(in, NULL, "this is no state of a pipeline");
    if (layout != 1)
        return refuse(in, "qetl_state", "this state was exported by a later qetl");
    if (stage < 0 || stage == QETL_STAGE_PREPARED ||
        number_of(state, "epoch", INT64_MAX, &number) ||
        number_of(state, "rows", INT64_MAX, &rows) ||
        !json_is_object(json_object_get(state, "identity")))
        return refuse(in, NULL, "epoch, stage, rows or identity are missing or no such thing");
    in->record.number = (uint64_t)number;
    in->record.stage = (enum qetl_epoch_stage)stage;
    in->record.final = json_is_true(json_object_get(state, "final"));
    in->record.rows = rows;
    return entries_read(in, json_object_get(state, "entries"));
}

/* ---- writing ---- */

static bool is_meant(const struct qetl_cli *cli, const struct qetl_record *before,
                     struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    char *question = NULL;
    if (own->yes || before->stage == QETL_STAGE_NONE)
        return true;
    if (asprintf(&question, "Replace the state of `%s` (epoch %llu, %s)?", cli->operands[0],
                 (unsigned long long)before->number, qetl_states_stage(before->stage)) < 0) {
        qetl_findings_no_memory(findings);
        return false;
    }
    bool meant = qetl_states_confirm(question, findings);
    free(question);
    return meant;
}

static bool import(const struct qetl_cli *cli, const struct qetl_record *record,
                   const json_t *state, struct qetl_findings *findings)
{
    struct qetl_record before;
    char *identity = json_dumps(json_object_get(state, "identity"), JSON_COMPACT | JSON_SORT_KEYS);
    struct qetl_store *store = identity ? qetl_states_open(cli, true, &before, findings) : NULL;
    bool imported = false;
    if (!identity)
        qetl_findings_no_memory(findings);
    if (store && is_meant(cli, &before, findings)) {
        int32_t status = qetl_store_identify(store, identity);
        if (!status)
            status = record->stage == QETL_STAGE_NONE
                         ? qetl_store_clear(store)
                         : qetl_states_put(store, record, record->entries, record->n_entries);
        qetl_states_failed(store, status, findings);
        imported = !status;
    }
    if (store)
        qetl_record_free(&before);
    qetl_store_close(store);
    free(identity);
    return imported;
}

static json_t *import_file(const struct qetl_cli *cli, const char *file,
                           struct qetl_findings *findings)
{
    struct reading in = {.file = file, .findings = findings};
    json_error_t where;
    char *text;
    size_t size;
    bool imported = false;
    json_t *state = NULL;
    if (!qetl_slurp(file, STATE_MOST, &text, &size, findings)) {
        state = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
        if (!state || !json_is_object(state))
            refuse(&in, NULL, "this is no JSON object");
        else if (!state_read(&in, state))
            imported = import(cli, &in.record, state, findings);
    }
    json_t *result = findings->errors
                         ? NULL
                         : json_pack("{s:s, s:b, s:I}", "pipeline", cli->operands[0], "imported",
                                     imported, "epoch", (json_int_t)in.record.number);
    qetl_record_free(&in.record);
    json_decref(state);
    free(text);
    return result;
}

static int state_import(struct qetl_cli *cli, struct qetl_findings *findings)
{
    json_t *result = import_file(cli, cli->operands[1], findings);
    if (result && !cli->json && !cli->quiet)
        printf(json_is_true(json_object_get(result, "imported")) ? "%s: imported\n"
                                                                 : "%s: left as it is\n",
               cli->operands[0]);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"yes", 'y', QETL_ARG_FLAG, .offset = offsetof(struct own, yes),
     .help = "do not ask before a state is replaced"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Import", true, options);

const struct qetl_command qetl_command_state_import = {
    .name = "state import",
    .section = "State",
    .summary = "a state from JSON",
    .synopses = (const char *const[]){"PIPELINE FILE", NULL},
    .description =
        "Puts what `qetl state export` wrote in place of the pipeline's state (`-`: read from "
        "standard input). The next run goes on from there, if the pipeline is still the one it was "
        "exported from; else it says what changed.",
    .operands = {.name = "PIPELINE", .least = 2, .most = 2, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl state import orders orders.state.json --yes", "go on from there"}, {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct own),
    .run = state_import,
};
