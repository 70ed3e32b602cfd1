/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state set: from where on incremental loading goes on. */
#include "lint/calculator.h"
#include "states.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

/* ---- the value ---- */

static char *cast_text(const char *value, const char *type)
{
    char *text = malloc(2 * strlen(value) + strlen(type) + 16), *to = text;
    if (!text)
        return NULL;
    to += sprintf(to, "CAST('");
    for (; *value; value++) {
        if (*value == '\'')
            *to++ = '\'';
        *to++ = *value;
    }
    sprintf(to, "' AS %s)", type);
    return text;
}

/* As its type writes it; NULL with findings. */
static char *value_check(const char *value, const char *type, struct qetl_findings *findings)
{
    struct qetl_findings mistakes = {0};
    struct qetl_calculated result = {0};
    struct qetl_calculator *calculator = qetl_calculator_new();
    char *text = calculator ? cast_text(value, type) : NULL, *made = NULL;
    int failed = text ? qetl_calculator_evaluate(calculator, text, &result, &mistakes) : -1;
    if (failed < 0)
        qetl_findings_no_memory(findings);
    else if (failed || !result.value)
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_ERROR, "usage", "`%s` is no %s", value, type),
            "a cast to %s must read it: `qetl expr \"%s\"` tries one", type, text);
    else {
        made = result.value;
        result.value = NULL;
    }
    qetl_calculated_free(&result);
    qetl_findings_free(&mistakes);
    qetl_calculator_free(calculator);
    free(text);
    return made;
}

/* ---- the entries ---- */

static bool is_of(const struct qetl_entry *entry, const char *source)
{
    return entry->kind == QETL_ENTRY_WATERMARK && strcmp(entry->component, source) == 0;
}

/* What incremental loading remembers beside it: the keys within the lag. */
static bool is_memory_of(const struct qetl_entry *entry, const char *source)
{
    size_t size = strlen(source);
    return entry->kind == QETL_ENTRY_STATE && strncmp(entry->component, source, size) == 0 &&
           strcmp(entry->component + size, ".incremental") == 0;
}

static int mark_find(const struct qetl_record *record, const char *source,
                     struct qetl_watermark *mark)
{
    for (size_t i = 0; i < record->n_entries; i++)
        if (is_of(&record->entries[i], source) && record->entries[i].part == QETL_WATERMARK_VALUE)
            return qetl_watermark_read(record->entries[i].data, record->entries[i].size, mark);
    return 0;
}

/* The keys within the lag go: those of another value would keep its rows away. */
static int32_t write(struct qetl_store *store, const struct qetl_record *before, const char *source,
                     const char *text)
{
    struct qetl_entry *entries = calloc(before->n_entries + 1, sizeof *entries);
    size_t n = 0;
    if (!entries)
        return QETL_E_NO_MEMORY;
    for (size_t i = 0; i < before->n_entries; i++)
        if (!is_of(&before->entries[i], source) && !is_memory_of(&before->entries[i], source))
            entries[n++] = before->entries[i];
    entries[n++] = (struct qetl_entry){.kind = QETL_ENTRY_WATERMARK,
                                       .component = source,
                                       .part = QETL_WATERMARK_VALUE,
                                       .version = QETL_WATERMARK_VERSION,
                                       .data = text,
                                       .size = strlen(text)};
    int32_t status = qetl_states_put(store, before, entries, n);
    free(entries);
    return status;
}

static json_t *set(const struct qetl_cli *cli, struct qetl_store *store,
                   const struct qetl_record *before, struct qetl_findings *findings)
{
    struct qetl_watermark mark = {0};
    const char *source = cli->operands[1];
    json_t *result = NULL;
    if (mark_find(before, source, &mark)) {
        qetl_finding_add(findings, QETL_ERROR, "state_unreadable",
                         "the watermark of `%s` cannot be read", source);
        return NULL;
    }
    char *was = mark.value;
    mark.value =
        mark.type ? value_check(cli->operands[2], mark.type, findings) : strdup(cli->operands[2]);
    char *text = mark.value ? qetl_watermark_write(&mark) : NULL;
    if (text)
        qetl_states_failed(store, write(store, before, source, text), findings);
    else if (!findings->errors)
        qetl_findings_no_memory(findings);
    if (!findings->errors)
        result = json_pack("{s:s, s:s, s:s?, s:s?}", "source", source, "value", mark.value, "was",
                           was, "type", mark.type);
    free(text);
    free(was);
    qetl_watermark_free(&mark);
    return result;
}

static int state_set(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_record before;
    struct qetl_store *store = qetl_states_open(cli, true, &before, findings);
    bool unfinished = before.stage == QETL_STAGE_DECIDED || before.stage == QETL_STAGE_COMMITTED;
    json_t *result = NULL;
    if (store && unfinished)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "state_unfinished",
                                           "a run of `%s` was cut short: what it goes on from is "
                                           "decided together with its watermarks",
                                           cli->operands[0]),
                          "run it to its end first, or begin anew with --full-refresh");
    else if (store)
        result = set(cli, store, &before, findings);
    if (result && !cli->json && !cli->quiet)
        printf("%s: %s\n", cli->operands[1], json_string_value(json_object_get(result, "value")));
    if (store)
        qetl_record_free(&before);
    qetl_store_close(store);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

const struct qetl_command qetl_command_state_set = {
    .name = "state set",
    .section = "State",
    .summary = "move a watermark of incremental loading",
    .synopses = (const char *const[]){"PIPELINE SOURCE VALUE", NULL},
    .description =
        "Sets the watermark of a source with `incremental`: the next run loads what lies behind "
        "it, "
        "or within `lag` before it. Backwards, rows are loaded again (a sink that updates by key "
        "takes no harm); forwards, rows in between are passed over. The value must be one of the "
        "cursor's type; before the first run nobody knows that type, and a value that is none is "
        "refused then. Keys that were seen within the lag are forgotten. While a run waits to be "
        "gone "
        "on with, its watermark stays. A value that begins with a minus stands behind `--`.",
    .operands = {.name = "PIPELINE", .least = 3, .most = 3},
    .groups = {&qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl state set orders in '2026-01-01 00:00:00'",
                                               "load what changed since"},
                                              {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct qetl_states_own),
    .run = state_set,
};
