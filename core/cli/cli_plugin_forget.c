/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin forget: an index may begin anew. */
#include "cli.h"
#include "index/index_place.h"
#include "index/index_seen.h"
#include "packages.h"
#include "show/display.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>

struct own {
    bool system;
};

/* As it was written, or the folder that is meant by it. */
static int forget(const char *depot, const char *operand, size_t *count,
                  struct qetl_findings *findings)
{
    struct qetl_findings none = {0};
    char *place = NULL;
    int bad = qetl_index_forget(depot, operand, count, findings);
    if (!bad && !*count && (place = qetl_index_place(operand, &none)))
        bad = qetl_index_forget(depot, place, count, findings);
    qetl_findings_free(&none);
    free(place);
    if (!bad && !*count) {
        bad = -1;
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "unknown_index",
                                           "no index was seen at '%.300s'", operand),
                          "%s/%s has the places; those of all users need --system", depot,
                          QETL_DEPOT_SEEN);
    }
    return bad;
}

static int plugin_forget(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    char *depot = qetl_cli_depot(own->system, findings);
    size_t total = 0, count;
    int bad = !depot;
    for (size_t i = 0; !bad && i < cli->n_operands; i++) {
        bad = forget(depot, cli->operands[i], &count, findings);
        total += count;
        if (!bad && !cli->json && !cli->quiet)
            qetl_display_print(stdout, "%s is forgotten%s\n", cli->operands[i],
                               count > 1 ? ", and what was seen of it elsewhere" : "");
    }
    free(depot);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:I}", "forgotten", (json_int_t)total), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "what was seen for all users"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Forgetting", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it is forgotten"},
    {"2", "the command line is wrong, or no index was seen there"},
    {"3", "what was seen cannot be read or written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_forget = {
    .name = "plugin forget",
    .section = "Plugins",
    .summary = "forget which releases of an index were seen",
    .synopses = (const char *const[]){"PLACE...", NULL},
    .description =
        "Of each index qetl keeps the newest release that it saw, by its name and the key that "
        "signed it, and refuses an older one: somebody who shows you an old index hides what is "
        "new in the later one. Of each place it keeps which index is there.\n\n"
        "An index that was lost and begins anew, one that has another key from now on, or one "
        "whose "
        "key was stolen and used to raise the number, is refused by that memory, too. If whoever "
        "runs it tells you so, in another way than the index comes: forget it. What is seen next "
        "at that place is believed as it was the first time, if a trusted key signed it.",
    .operands = {.name = "PLACE", .least = 1, .most = 100, .completes = QETL_COMPLETES_FOLDER},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl plugin forget https://plugins.acme.example",
                                               "after its owner told that it began anew"},
                                              {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_forget,
};
