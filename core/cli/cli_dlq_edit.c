/* SPDX-License-Identifier: Apache-2.0 */
/* qetl dlq edit: a corrected row in the place of what was rejected; that stays in the file. */
#include "dlq.h"
#include "dlq/edit.h"

#include <qetl/plugin.h>
#include <string.h>

struct own {
    struct qetl_dlq_options letters;
    struct qetl_texts settings, nulls;
    const char *original;
};

static json_t *edited(struct qetl_cli *cli, const json_t *letter, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    bool row = own->settings.count || own->nulls.count;
    if (row && own->original)
        qetl_cli_usage(findings, NULL, "--original does not go with --set and --null");
    else if (own->original)
        return qetl_edit_original(letter, own->original, strlen(own->original), findings);
    else if (row)
        return qetl_edit_row(letter, own->settings.items, own->settings.count, own->nulls.items,
                             own->nulls.count, findings);
    else
        return qetl_edit_by_hand(letter, findings);
    return NULL;
}

static json_t *edit(struct qetl_cli *cli, struct qetl_dlq *dlq, struct qetl_findings *findings)
{
    size_t i = 0;
    if (dlq->n_meant != 1) {
        qetl_cli_usage(findings, "see qetl dlq list",
                       dlq->n_meant ? "one letter at a time" : "there is no such letter");
        return NULL;
    }
    while (!dlq->meant[i])
        i++;
    json_t *letter = qetl_dlq_letter(dlq, cli, i, findings);
    json_t *mark = letter ? edited(cli, letter, findings) : NULL;
    json_int_t id = dlq->box->entries[i].id;
    json_decref(letter);
    if (!mark)
        return NULL;
    json_t *whole = json_pack("{s:I}", "edit_of", id); /* it stands first, for who reads marks */
    json_object_update(whole, mark);
    json_decref(mark);
    if (qetl_box_add(dlq->box, whole, findings))
        return NULL;
    if (!cli->json && !cli->quiet)
        fprintf(stderr, "letter %lld is corrected: qetl dlq replay PIPELINE %lld\n", (long long)id,
                (long long)id);
    return json_pack("{s:s, s:I}", "path", dlq->path, "edited", id);
}

static int dlq_edit(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_dlq dlq;
    json_t *result = NULL;
    if (!qetl_dlq_open(&dlq, cli, true, findings))
        result = edit(cli, &dlq, findings);
    qetl_dlq_close(&dlq);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"set", 's', QETL_ARG_TEXTS, .offset = offsetof(struct own, settings), .value = "COLUMN=VALUE",
     .help = "another value in a decoded row, of the column's type; may be repeated"},
    {"null", .kind = QETL_ARG_TEXTS, .offset = offsetof(struct own, nulls), .value = "COLUMN",
     .help = "NULL in a decoded row; may be repeated"},
    {"original", .kind = QETL_ARG_TEXT, .offset = offsetof(struct own, original), .value = "TEXT",
     .help = "other bytes for a decoder, without the newline at their end"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Edit", true, options);

const struct qetl_command qetl_command_dlq_edit = {
    .name = "dlq edit",
    .section = "Dead letters",
    .summary = "correct a rejected row, to replay it",
    .synopses = (const char *const[]){"[FILE] ID [--set COLUMN=VALUE]", NULL},
    .description =
        "Corrects a letter: the values of its row, where that had been decoded, else the bytes "
        "that a decoder could not read. Without options it opens the row, or the bytes, in the "
        "editor that VISUAL or EDITOR names. Values are checked against their columns' types. "
        "What the letter said before stays in the file.",
    .operands = QETL_DLQ_OPERANDS,
    .groups = {&group, &qetl_options_letters, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl dlq edit orders.yaml 3 --set quantity=1", "a value of its row"},
            {"qetl dlq edit orders.yaml 1 --original '1,2,9.50,DE'", "the line itself"},
            {"EDITOR='sed -i s/two/2/' qetl dlq edit orders.yaml 1", "by an editor, such as vi"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = dlq_edit,
};
