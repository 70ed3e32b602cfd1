/* SPDX-License-Identifier: Apache-2.0 */
/* The account: what went into a component came out of it, or is known to be elsewhere. */
#include "checkpoint.h"
#include "run_internal.h"

#include <stdio.h>

typedef void counts_fn(const struct qetl_run *, const struct qetl_node *, struct qetl_counts *);

static void counts_now(const struct qetl_run *run, const struct qetl_node *node,
                       struct qetl_counts *counts)
{
    *counts = (struct qetl_counts){0};
    for (size_t i = 0; i < run->attempt.n_instances; i++)
        if (run->attempt.instances[i]->node == node)
            qetl_counts_add(counts, &run->attempt.instances[i]->tally);
}

/* As handed in: no row behind the barrier is among them. */
static void counts_of_epoch(const struct qetl_run *run, const struct qetl_node *node,
                            struct qetl_counts *counts)
{
    *counts = (struct qetl_counts){0};
    for (size_t s = 0; s < run->attempt.n_slots; s++)
        if (run->attempt.slots[s]->node == node)
            qetl_counts_sum(counts, &qetl_epochs_base(run->attempt.epochs, s)->counts);
}

/* What a component took in is what those before it gave out. */
static bool edges_balance(const struct qetl_run *run, const struct qetl_node *node, int64_t rows_in,
                          counts_fn *counts_of)
{
    int64_t given = 0;
    for (size_t i = 0; i < node->n_inputs; i++) {
        const struct qetl_node *from = &run->pipeline->nodes[node->inputs[i].component];
        if (from->n_outputs > 1)
            return true; /* counted over all its ports: checked event by event instead */
        struct qetl_counts counts;
        counts_of(run, from, &counts);
        given += counts.rows_out;
    }
    return !node->n_inputs || given == rows_in;
}

static int32_t check(struct qetl_run *run, const struct qetl_node *node, counts_fn *counts_of)
{
    struct qetl_counts c;
    char message[256];
    counts_of(run, node, &c);
    if (qetl_counts_balance(&c) && edges_balance(run, node, c.rows_in, counts_of))
        return QETL_OK;
    snprintf(message, sizeof message,
             "the ledger does not balance: %lld in + %lld added, but %lld out + %lld filtered "
             "+ %lld rejected + %lld reduced + %lld held",
             (long long)c.rows_in, (long long)c.rows_added, (long long)c.rows_out,
             (long long)c.rows_filtered, (long long)c.rows_rejected, (long long)c.rows_reduced,
             (long long)c.rows_held);
    return qetl_run_fault(run, node, "ledger", message);
}

static int32_t check_all(struct qetl_run *run, counts_fn *counts_of)
{
    int32_t status = QETL_OK;
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        int32_t one = check(run, &run->pipeline->nodes[n], counts_of);
        status = status ? status : one;
    }
    return status;
}

int32_t qetl_run_check_ledger(struct qetl_run *run)
{
    return check_all(run, counts_now);
}

int32_t qetl_run_check_epoch(struct qetl_run *run)
{
    return check_all(run, counts_of_epoch);
}
