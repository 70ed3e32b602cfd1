/* SPDX-License-Identifier: Apache-2.0 */
/* qetl state get: how far incremental loading came. */
#include "states.h"

#include <stdlib.h>
#include <string.h>

struct found {
    json_t *marks;
    const char *source; /* NULL: all */
    bool failed;        /* there was no memory */
};

static void take(struct found *found, const struct qetl_entry *entry)
{
    struct qetl_watermark mark;
    if (entry->kind != QETL_ENTRY_WATERMARK || entry->part != QETL_WATERMARK_VALUE ||
        (found->source && strcmp(found->source, entry->component) != 0) || !entry->data)
        return;
    if (qetl_watermark_read(entry->data, entry->size, &mark)) {
        found->failed = true;
        return;
    }
    json_t *object = json_pack("{s:s, s:s?, s:s?, s:s?}", "source", entry->component, "cursor",
                               mark.cursor, "type", mark.type, "value", mark.value);
    found->failed |= json_array_append_new(found->marks, object) != 0;
    qetl_watermark_free(&mark);
}

static void none(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        cli->n_operands > 1 ? qetl_finding_add(findings, QETL_ERROR, "no_watermark",
                                               "source `%s` of `%s` has no watermark",
                                               cli->operands[1], cli->operands[0])
                            : qetl_finding_add(findings, QETL_ERROR, "no_watermark",
                                               "`%s` has no watermark", cli->operands[0]);
    qetl_finding_mend(finding, "sources with `incremental` have one, from their first run on; "
                               "`qetl state set` gives them one before that");
}

/* One: its value alone. */
static void print(const json_t *marks, bool named)
{
    size_t i;
    json_t *mark;
    json_array_foreach (marks, i, mark) {
        const char *value = json_string_value(json_object_get(mark, "value"));
        if (!named && json_array_size(marks) > 1)
            printf("%s\t", json_string_value(json_object_get(mark, "source")));
        printf("%s\n", value ? value : "");
    }
}

static int state_get(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_state_look look;
    struct found found = {.marks = json_array(),
                          .source = cli->n_operands > 1 ? cli->operands[1] : NULL};
    if (!qetl_states_look(cli, &look, findings)) {
        for (size_t i = 0; i < look.decided.n_entries; i++)
            take(&found, &look.decided.entries[i]);
        if (look.reason)
            qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "state_unreadable",
                                                      "the state of `%s`: %s", look.pipeline,
                                                      look.reason));
        else if (found.failed)
            qetl_findings_no_memory(findings);
        else if (!json_array_size(found.marks))
            none(cli, findings);
        else if (!cli->json)
            print(found.marks, found.source != NULL);
    }
    qetl_state_look_free(&look);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "watermarks", found.marks), findings);
}

const struct qetl_command qetl_command_state_get = {
    .name = "state get",
    .section = "State",
    .summary = "how far incremental loading came",
    .synopses = (const char *const[]){"PIPELINE [SOURCE]", NULL},
    .description =
        "Prints the watermark of a source with `incremental`: the highest value of its cursor that "
        "a decided epoch has seen. With one it prints the value alone, with several a line each, "
        "the source's name and a tab before it.",
    .operands = {.name = "PIPELINE", .least = 1, .most = 2},
    .groups = {&qetl_options_states, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl state get orders", "of its only source"},
                                              {"qetl state get orders in --json", "with its type"},
                                              {NULL, NULL}},
    .exits = qetl_exits_states,
    .own_size = sizeof(struct qetl_states_own),
    .run = state_get,
};
