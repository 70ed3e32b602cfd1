/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several instances of one source that read its splits at a time: qetl.splits.
 *
 * Invariant: what one of them answers to describe and negotiate, all do.
 * Ownership: instances are the run's; those beside the first stand in the source's flow, with their
 *            states, until the plan takes these.
 * Threads:   [control]
 */
#ifndef QETL_CORE_READERS_H
#define QETL_CORE_READERS_H

#include "op.h"

struct qetl_reader_flow {
    struct qetl_ctx *instance;
    struct qetl_source_state *state;
};

/* Whether it can have more than one reader in this run; if not for a sink's sake, its flow says for
 * which. */
bool qetl_readers_may(const struct qetl_op *source);
/* Behind plan_splits: how many there will be. Negative: reported. */
int32_t qetl_readers_ask(struct qetl_op *source, int64_t wanted, size_t *out);
/* Makes those beside the first, who is `source`, and opens what each reads first. Negative:
 * reported.
 */
int32_t qetl_readers_make(struct qetl_op *source, struct qetl_node_flow *);
void qetl_readers_free(struct qetl_node_flow *);

#endif
