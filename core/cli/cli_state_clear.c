/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state clear: forgets what a pipeline's runs left, but for their outputs. */
#include "states.h"

#include <stdlib.h>

struct own {
    struct qetl_states_own states;
    bool yes;
};

static bool is_meant(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    char *question = NULL;
    if (own->yes)
        return true;
    if (asprintf(&question, "Forget the state of `%s`? Its outputs stay as they are.",
                 cli->operands[0]) < 0) {
        qetl_findings_no_memory(findings);
        return false;
    }
    bool meant = qetl_states_confirm(question, findings);
    free(question);
    return meant;
}

/* What cannot be read is cleared as well: it is set aside. */
static void clear(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    char *folder = qetl_states_folder(cli, findings);
    struct qetl_store *store =
        folder ? qetl_store_open(folder, cli->operands[0], NULL, findings) : NULL;
    free(folder);
    if (!store)
        return;
    qetl_states_failed(store, qetl_store_clear(store), findings);
    qetl_store_close(store);
}

static int state_clear(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_state_look look;
    json_t *result = NULL;
    bool cleared = false;
    if (!qetl_states_look(cli, &look, findings)) {
        bool meant = is_meant(cli, findings);
        if (meant)
            clear(cli, findings);
        cleared = meant && !findings->errors;
        result = json_pack("{s:s, s:b}", "pipeline", look.pipeline, "cleared", cleared);
        if (!cli->quiet && !cli->json && !findings->errors)
            printf(cleared ? "%s: the next run begins anew\n" : "%s: left as it is\n",
                   look.pipeline);
    }
    qetl_state_look_free(&look);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"yes", 'y', QETL_ARG_FLAG, .offset = offsetof(struct own, yes), .help = "do not ask"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Clear", true, options);

const struct qetl_command qetl_command_state_clear = {
    .name = "state clear",
    .section = "State",
    .summary = "let the next run begin anew",
    .synopses = (const char *const[]){"PIPELINE", NULL},
    .description =
        "Forgets what is kept of a pipeline's runs, watermarks included, so that the next one "
        "begins anew; `qetl run --full-refresh` does the same and runs. Outputs and dead letters "
        "stay as they are. A state that cannot be read was or is set aside, never deleted.",
    .operands = {.name = "PIPELINE", .least = 1, .most = 1},
    .groups = {&group, &qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl state clear orders --yes", "without asking"},
                                              {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct own),
    .run = state_clear,
};
