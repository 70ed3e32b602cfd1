/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance takes along from one epoch to the next, and should not. */
#include "cases.h"

#include <stdio.h>

enum { ROWS = 6 };

/* Of a file that both wrote, a line of it; else as the outcome is told. */
static bool files_differ(const struct conform_bench *renewed, const struct conform_bench *staying,
                         char difference[CONFORM_DIFFERENCE])
{
    char line[CONFORM_DIFFERENCE / 2];
    if (!conform_outcome_differs(renewed, staying, true, difference))
        return false;
    const char *name = conform_tree_differs(&renewed->tree, &staying->tree);
    const struct conform_leaf *of_one = name ? conform_tree_find(&renewed->tree, name) : NULL,
                              *of_other = name ? conform_tree_find(&staying->tree, name) : NULL;
    if (of_one && of_other) {
        conform_text_difference(&of_one->data, &of_other->data, line, sizeof line);
        snprintf(difference, CONFORM_DIFFERENCE, "in '%.60s' %s", name, line);
    }
    return true;
}

/* Who begins each epoch anew has nothing to forget. */
void conform_case_epochs(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_EPOCHS_RULE;
    struct conform_knobs k = {.rows = ROWS, .epochs = CONFORM_EPOCHS_RENEWED};
    struct conform_bench renewed, staying;
    char difference[CONFORM_DIFFERENCE];
    int32_t status = conform_try(&renewed, t, &k);
    k.epochs = CONFORM_EPOCHS_STAYING;
    if (conform_try(&staying, t, &k))
        conform_break(t->record, rule, "with several epochs: %s", staying.error);
    else if (status)
        conform_break(t->record, rule, "with an instance for each epoch: %s", renewed.error);
    else if (t->record->unruly)
        conform_skip(t->record, rule, "two equal runs have different outcomes");
    else if (files_differ(&renewed, &staying, difference))
        conform_break(t->record, rule,
                      "an instance takes something along to its next epoch, where a new one has "
                      "nothing: %s",
                      difference);
    else
        conform_hold(t->record, rule);
    conform_bench_close(&staying);
    conform_bench_close(&renewed);
}
