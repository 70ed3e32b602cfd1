/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a commit where the power goes behind it. */
#include "durable.h"
#include "stage.h"
#include "sync.h"

enum { ROWS = 3, EPOCHS = 3 };

/* Behind each of some epochs, of which the last ends the run. */
static int32_t epochs_judge(const struct conform_trial *t, struct conform_stage *g)
{
    char what[CONFORM_DIFFERENCE];
    int32_t status = QETL_OK;
    for (int i = 0; !status && i < EPOCHS; i++, g->s.epoch++) {
        g->s.final = i == EPOCHS - 1;
        status = conform_sink_write(&g->s, (int64_t)i * ROWS, ROWS);
        status = status ? status : conform_stage_prepare(g);
        status = status ? status : conform_sink_decide(&g->s, &conform_commit);
        if (!status && conform_durable_lacks(what, sizeof what))
            conform_break(t->record, CONFORM_DURABLE_RULE,
                          "when commit of epoch %d answers, %s, or a crash takes rows back that "
                          "count",
                          i + 1, what);
    }
    return status;
}

void conform_case_durable(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_DURABLE_RULE;
    struct conform_stage g = {0};
    struct conform_tree before = {0}, now = {0};
    conform_scratch(t);
    conform_tree_take(&before, t->scratch);
    conform_durable_begin(t->scratch);
    int32_t status = conform_stage_ready(&g, t, 1);
    conform_sync_watch(); /* also in libraries that came with the instance */
    status = status ? status : conform_sink_open(&g.s);
    if (!status && g.s.commit == QETL_COMMIT_NONE)
        conform_skip(t->record, rule, "the sink has no commit");
    else if (!status)
        status = epochs_judge(t, &g);
    conform_tree_take(&now, t->scratch);
    if (status)
        conform_skip(t->record, rule, "a run of several epochs fails");
    else if (conform_tree_differs(&before, &now))
        conform_hold(t->record, rule);
    else
        conform_skip(t->record, rule, "the sink writes no file of its folder");
    conform_stage_close(&g);
    conform_tree_free(&before);
    conform_tree_free(&now);
}
