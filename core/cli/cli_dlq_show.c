/* SPDX-License-Identifier: Apache-2.0 */
/* qetl dlq show: dead letters with all that is known of them. */
#include "dlq.h"
#include "show/style.h"

#include <qetl/plugin.h>

struct own {
    struct qetl_dlq_options letters;
};

static json_t *show(struct qetl_cli *cli, struct qetl_dlq *dlq, struct qetl_findings *findings)
{
    json_t *letters = json_array();
    for (size_t i = 0, shown = 0; i < dlq->box->n; i++) {
        json_t *letter = dlq->meant[i] ? qetl_dlq_letter(dlq, cli, i, findings) : NULL;
        if (letter && !cli->json) {
            if (shown++)
                putchar('\n');
            qetl_dlq_show(letter, dlq->document ? cli->operands[0] : dlq->path, stdout,
                          qetl_style_columns(stdout), qetl_style_colour(stdout));
        }
        if (letter && cli->json)
            json_array_append(letters, letter);
        json_decref(letter);
    }
    if (!dlq->n_meant)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "no_letter",
                                           "there is no such letter in '%s'", dlq->path),
                          "see qetl dlq list %s%s", dlq->path, dlq->filter.all ? "" : " --all");
    return json_pack("{s:o}", "letters", letters);
}

static int dlq_show(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_dlq dlq;
    json_t *result = NULL;
    bool named = cli->n_operands > 0;
    struct qetl_dlq_options *own = cli->own;
    own->all |= named; /* a number means that letter, whatever became of it */
    if (!qetl_dlq_open(&dlq, cli, false, findings))
        result = show(cli, &dlq, findings);
    qetl_dlq_close(&dlq);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

const struct qetl_command qetl_command_dlq_show = {
    .name = "dlq show",
    .section = "Dead letters",
    .summary = "one rejected row, with all that is known",
    .synopses = (const char *const[]){"[FILE] ID...", NULL},
    .description =
        "Shows dead letters: by which component and why they were rejected, where they came from, "
        "their bytes as they stood there, with the place marked, the row with its types, where it "
        "had been decoded, and what can be done. Secrets and private columns are hidden.",
    .operands = QETL_DLQ_OPERANDS,
    .groups = {&qetl_options_letters, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl dlq show orders.yaml 3", "one letter"},
                                              {"qetl dlq show orders.yaml --reason bad_number",
                                               "all of a kind"},
                                              {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = dlq_show,
};
