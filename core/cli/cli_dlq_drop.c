/* SPDX-License-Identifier: Apache-2.0 */
/* qetl dlq drop: letters that nobody needs any more. */
#include "dlq.h"

#include <qetl/plugin.h>

struct own {
    struct qetl_dlq_options letters;
    bool yes;
};

static json_t *drop(struct qetl_cli *cli, struct qetl_dlq *dlq, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    char count[48], message[120];
    qetl_dlq_count(dlq->n_meant, count);
    if (!own->yes) {
        snprintf(message, sizeof message, "%s would be dropped, for good", count);
        qetl_cli_usage(findings, "look at them with qetl dlq list, then add --yes", message);
        return NULL;
    }
    if (dlq->n_meant && qetl_box_drop(dlq->box, dlq->meant, findings))
        return NULL;
    if (!cli->json && !cli->quiet)
        fprintf(stderr, "%s dropped from %s\n", count, dlq->path);
    return json_pack("{s:s, s:I}", "path", dlq->path, "dropped", (json_int_t)dlq->n_meant);
}

static int dlq_drop(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_dlq dlq;
    json_t *result = NULL;
    int failed = qetl_dlq_open(&dlq, cli, own->yes, findings);
    if (!failed && !qetl_letter_filter_asks(&dlq.filter))
        qetl_cli_usage(findings, "name them by number, or by an option: --older-than 30d",
                       "which letters are to be dropped is not said");
    else if (!failed)
        result = drop(cli, &dlq, findings);
    qetl_dlq_close(&dlq);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"yes", 'y', QETL_ARG_FLAG, .offset = offsetof(struct own, yes), .help = "do it"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Drop", true, options);

const struct qetl_command qetl_command_dlq_drop = {
    .name = "dlq drop",
    .section = "Dead letters",
    .summary = "delete rejected rows, for good",
    .synopses = (const char *const[]){"[FILE] [ID...] --yes", NULL},
    .description =
        "Deletes dead letters, with what was noted about them. Which ones has to be said; without "
        "--yes nothing is deleted, and it is said how many would be. The file is replaced in one "
        "step. Numbers are not given again.",
    .operands = QETL_DLQ_OPERANDS,
    .groups = {&group, &qetl_options_letters, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl dlq drop orders.yaml 3 7-9 --yes", "these"},
            {"qetl dlq drop orders.yaml --older-than 30d --yes", "what nobody has cared for"},
            {"qetl dlq drop orders.yaml --all --where \"status = 'replayed'\" --yes",
             "what was replayed"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = dlq_drop,
};
