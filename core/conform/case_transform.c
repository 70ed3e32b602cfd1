/* SPDX-License-Identifier: Apache-2.0 */
/* What a transform says in bind, against what it does. */
#include "binding.h"
#include "cases.h"

#include <stdio.h>

static const struct conform_knobs plain = {0};

/* Bound again, with the same schemas and with others, it is as if it had been bound once. */
void conform_case_bind(const struct conform_trial *t)
{
    struct conform_binding binding;
    struct conform_check other = *t->check;
    struct conform_trial with = *t;
    struct conform_bench b;
    conform_scratch(t);
    if (!conform_bench_open(&b, t, &plain) && !conform_bench_start(&b))
        for (int i = 0; i < 4; i++) {
            memset(&other.tables[0], 0, sizeof other.tables[0]);
            with.check = &other;
            b.trial = i == 2 ? &with : t;
            if (i == 2 && conform_table_invent(&other.tables[0]))
                break;
            int32_t status = conform_bind(&b, &binding);
            if (status && i != 2)
                conform_break(t->record, CONFORM_BIND_RULE, "bound for the %d. time: %s", i + 1,
                              b.error);
            if (!status)
                conform_binding_free(&binding);
            b.trial = t;
            if (i == 2)
                conform_table_free(&other.tables[0]);
        }
    conform_bench_close(&b);
    conform_hold(t->record, CONFORM_BIND_RULE);
    if (t->component->transform->process)
        conform_hold(t->record, CONFORM_BIND_READS_RULE);
    else
        conform_skip(t->record, CONFORM_BIND_READS_RULE, "the transform has no process");
}

static void column_try(const struct conform_trial *t, uint32_t port, uint32_t column,
                       uint64_t inputs)
{
    struct conform_knobs k = {
        .only = true, .only_port = port, .only_column = column, .keep = inputs};
    char what[96];
    snprintf(what, sizeof what,
             "with other values in the columns that derived column %u is not derived from", column);
    conform_try_same(t, &k, CONFORM_BIND_DERIVED_RULE, what);
}

void conform_case_derived(const struct conform_trial *t)
{
    struct conform_binding binding;
    struct conform_bench b;
    bool bound = false, any = false;
    conform_scratch(t);
    if (!conform_bench_open(&b, t, &plain) && !conform_bench_start(&b))
        bound = !conform_bind(&b, &binding);
    conform_bench_stop(&b);
    for (uint32_t p = 0; bound && p < binding.host.n_out && p < CONFORM_OUTS; p++)
        for (uint32_t k = 0; k < binding.n_derived[p]; k++) {
            if (binding.host.out[p].rows != QETL_ROWS_KEEP || binding.derived[p][k].opaque)
                continue;
            any = true;
            column_try(t, p, k, binding.derived[p][k].inputs);
        }
    if (bound)
        conform_binding_free(&binding);
    conform_bench_close(&b);
    if (!any)
        conform_skip(t->record, CONFORM_BIND_DERIVED_RULE,
                     "no derived column names its inputs in an output that keeps all rows");
}

void conform_case_merge(const struct conform_trial *t)
{
    struct conform_bench whole, halves;
    if (!t->component->transform->merge || !t->component->save) {
        conform_skip(t->record, CONFORM_MERGE_RULE, "the component has no merge");
        return;
    }
    conform_try(&whole, t, &plain);
    conform_scratch(t);
    halves.status = conform_bench_open(&halves, t, &plain);
    if (!halves.status)
        halves.status = conform_drive_merge(&halves);
    if (halves.status)
        conform_break(t->record, CONFORM_MERGE_RULE, "with two halves merged: %s", halves.error);
    else
        conform_outcome_same(&whole, &halves, CONFORM_MERGE_RULE, "with two halves merged");
    conform_bench_close(&halves);
    conform_bench_close(&whole);
}
