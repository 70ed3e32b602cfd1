/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state show: what the next run of a pipeline would go on from. */
#include "show/report.h"
#include "show/report_table.h"
#include "show/style.h"
#include "states.h"

#include <stdlib.h>

enum { PAST_SHOWN = 10 };

struct own {
    struct qetl_states_own states;
    bool all;
};

/* ---- for machines ---- */

static json_t *entry_json(const struct qetl_entry *entry)
{
    char *says = qetl_states_says(entry);
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:s?}", "kind", qetl_states_kind(entry->kind),
                  "component", entry->component, "part", (json_int_t)entry->part, "version",
                  (json_int_t)entry->version, "bytes", (json_int_t)entry->size, "says", says);
    free(says);
    return object;
}

static json_t *past_json(const struct state_row *row)
{
    char when[QETL_STATES_TIME];
    return json_pack("{s:I, s:s, s:b, s:s, s:I, s:I}", "epoch", (json_int_t)row->number, "stage",
                     qetl_states_stage(row->stage), "final", row->final, "at",
                     qetl_states_time(row->at_ms, when), "rows", (json_int_t)row->rows, "bytes",
                     (json_int_t)row->outside);
}

static json_t *show_json(const struct qetl_state_look *look)
{
    json_t *object = qetl_states_summary_json(look), *entries = json_array(), *past = json_array();
    json_object_set_new(object, "prepared",
                        look->prepared.number ? json_integer((json_int_t)look->prepared.number)
                                              : json_null());
    for (size_t i = 0; i < look->decided.n_entries; i++)
        json_array_append_new(entries, entry_json(&look->decided.entries[i]));
    for (size_t i = 0; i < look->n_past; i++)
        json_array_append_new(past, past_json(&look->past[i]));
    json_object_set_new(object, "entries", entries);
    json_object_set_new(object, "epochs", past);
    return object;
}

/* ---- for people ---- */

static int print(struct qetl_table *table)
{
    int failed = qetl_table_print(table, stdout, 2, qetl_style_columns(stdout) - 2,
                                  qetl_style_colour(stdout));
    qetl_table_free(table);
    return failed;
}

static int entries_print(const struct qetl_record *record)
{
    static const struct qetl_table_column columns[] = {{.title = "COMPONENT"},
                                                       {.title = "WHAT", .least = 9},
                                                       {.title = "SIZE", .right = 1},
                                                       {.title = "SAYS", .least = 20, .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    char bytes[QETL_NUMBER_MAX];
    for (size_t i = 0; i < record->n_entries; i++) {
        const struct qetl_entry *entry = &record->entries[i];
        char *says = qetl_states_says(entry);
        qetl_table_put(table, "%s", *entry->component ? entry->component : "(the run)");
        qetl_table_put(table, "%s", qetl_states_kind(entry->kind));
        qetl_table_put(table, "%s", qetl_bytes_text((int64_t)entry->size, bytes));
        qetl_table_put(table, "%s", says ? says : "");
        free(says);
    }
    return print(table);
}

static int past_print(const struct qetl_state_look *look, bool all)
{
    static const struct qetl_table_column columns[] = {{.title = "EPOCH", .right = 1},
                                                       {.title = "WHEN", .least = 20},
                                                       {.title = "STAGE", .least = 9},
                                                       {.title = "ROWS", .right = 1},
                                                       {.title = "SIZE", .right = 1}};
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    char when[QETL_STATES_TIME], rows[QETL_NUMBER_MAX], bytes[QETL_NUMBER_MAX];
    for (size_t i = 0; i < look->n_past && (all || i < PAST_SHOWN); i++) {
        const struct state_row *row = &look->past[i];
        qetl_table_put(table, "%llu", (unsigned long long)row->number);
        qetl_table_put(table, "%s", qetl_states_time(row->at_ms, when));
        qetl_table_put(table, "%s%s", qetl_states_stage(row->stage), row->final ? ", last" : "");
        qetl_table_put(table, "%s", qetl_number_text(row->rows, rows));
        qetl_table_put(table, "%s", qetl_bytes_text((int64_t)row->outside, bytes));
    }
    return print(table);
}

static int show_print(const struct qetl_state_look *look, bool all)
{
    int failed = 0;
    printf("%s: %s, %s\n", look->pipeline, qetl_states_status(look), look->path);
    if (look->holder.pid > 0)
        printf("process %ld on %s is at work with it\n", (long)look->holder.pid, look->holder.host);
    if (look->reason)
        printf("%s\n", look->reason);
    if (look->prepared.number)
        printf("epoch %llu is prepared: the sink that decides will be asked\n",
               (unsigned long long)look->prepared.number);
    if (look->decided.n_entries) {
        printf("\nepoch %llu:\n", (unsigned long long)look->decided.number);
        failed |= entries_print(&look->decided);
    }
    if (look->n_past) {
        printf("\nepochs:\n");
        failed |= past_print(look, all);
    }
    return failed;
}

static int state_show(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_state_look look;
    json_t *result = NULL;
    if (!qetl_states_look(cli, &look, findings)) {
        if (!cli->json && show_print(&look, own->all))
            qetl_findings_no_memory(findings);
        result = show_json(&look);
    }
    qetl_state_look_free(&look);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"all", 'a', QETL_ARG_FLAG, .offset = offsetof(struct own, all),
     .help = "all epochs that are remembered (default: the newest ten)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Show", true, options);

const struct qetl_command qetl_command_state_show = {
    .name = "state show",
    .section = "State",
    .summary = "what the next run would go on from",
    .synopses = (const char *const[]){"PIPELINE", NULL},
    .description =
        "Shows what is kept of a pipeline's runs: the entries of the epoch that was decided last "
        "(where sources stand, watermarks, what components remember, what sinks are to commit, "
        "counts), and the epochs before it by time, stage and rows. Looking disturbs no run.\n\n"
        "PIPELINE is the pipeline's `name`, as `qetl state list` shows it.",
    .operands = {.name = "PIPELINE", .least = 1, .most = 1},
    .groups = {&group, &qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl state show orders", "all there is"},
                                              {"qetl state show orders --json | jq .result.entries",
                                               "the entries, for machines"},
                                              {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct own),
    .run = state_show,
};
