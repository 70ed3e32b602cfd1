/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state list: what is kept of which pipelines' runs. */
#include "show/report.h"
#include "show/report_table.h"
#include "show/style.h"
#include "states.h"

#include <stdlib.h>

static const struct qetl_table_column columns[] = {
    {.title = "PIPELINE", .least = 12},
    {.title = "STATUS", .least = 9},
    {.title = "EPOCH", .right = 1},
    {.title = "WHEN", .least = 20},
    {.title = "ROWS", .right = 1},
    {.title = "SIZE", .right = 1},
    {.title = "HELD BY"},
};

static void row(struct qetl_table *table, const struct qetl_state_look *look)
{
    char when[QETL_STATES_TIME], rows[QETL_NUMBER_MAX], bytes[QETL_NUMBER_MAX];
    qetl_table_put(table, "%s", look->pipeline);
    qetl_table_put(table, "%s", qetl_states_status(look));
    qetl_table_put(table, "%llu", (unsigned long long)look->decided.number);
    qetl_table_put(table, "%s", qetl_states_time(look->decided.at_ms, when));
    qetl_table_put(table, "%s", qetl_number_text(look->decided.rows, rows));
    qetl_table_put(table, "%s", qetl_bytes_text(look->bytes, bytes));
    if (look->holder.pid > 0)
        qetl_table_put(table, "%ld", (long)look->holder.pid);
    else
        qetl_table_put(table, "%s", look->holder.pid ? "?" : "");
}

static void add(const char *folder, const char *name, struct qetl_table *table, json_t *states,
                struct qetl_findings *findings)
{
    struct qetl_state_look look;
    int error = qetl_state_look(folder, name, &look);
    if (error)
        return; /* what is no folder is no state; and it may have gone meanwhile */
    row(table, &look);
    if (json_array_append_new(states, qetl_states_summary_json(&look)))
        qetl_findings_no_memory(findings);
    qetl_state_look_free(&look);
}

static int state_list(struct qetl_cli *cli, struct qetl_findings *findings)
{
    char *folder = qetl_states_folder(cli, findings);
    char **names = folder ? qetl_state_names(folder) : NULL;
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    json_t *states = json_array();
    if (folder && !names)
        qetl_findings_no_memory(findings);
    for (char **at = names; at && *at; at++) {
        add(folder, *at, table, states, findings);
        free(*at);
    }
    if (!cli->json && !json_array_size(states) && folder && !cli->quiet)
        printf("no pipeline has left a state in %s\n", folder);
    else if (!cli->json && folder &&
             qetl_table_print(table, stdout, 0, qetl_style_columns(stdout),
                              qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
    qetl_table_free(table);
    free(names);
    free(folder);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "states", states), findings);
}

const struct qetl_command qetl_command_state_list = {
    .name = "state list",
    .section = "State",
    .summary = "which pipelines have a state",
    .synopses = (const char *const[]){"", NULL},
    .description =
        "Lists what is kept of pipelines' runs: the epoch that was decided last, when, and how "
        "many rows the sinks had taken by then; how much is kept; and which process is at work. "
        "A pipeline whose status is \"cut short\" goes on there when it is run again; after "
        "\"finished\" the next run begins anew, but for watermarks of incremental loading. Looking "
        "disturbs no run.",
    .groups = {&qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl state list", "all of them"},
                                              {"qetl state list --json | jq .result.states",
                                               "the same for machines"},
                                              {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct qetl_states_own),
    .run = state_list,
};
