/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking into a run: an observer that is known before it begins sees every row of every component
 * (previews and tests of pipelines are made of it), and snapshots of edges while it goes on.
 *
 * Invariant: with an observer every column of every output is decoded; nobody's verdict on a row
 * changes by it. Ownership: what a sight lends is valid during the call; schemas and summaries as
 * long as the run. Threads:   as tagged.
 */
#ifndef QETL_CORE_OBSERVE_H
#define QETL_CORE_OBSERVE_H

#include "data/batch.h"
#include "data/dead_letter.h"
#include "run.h"

#include <stdbool.h>

struct qetl_rejected;

struct qetl_sight { /* rows as they leave an output of a component, or as a sink took them */
    size_t node;    /* index in the pipeline */
    uint32_t port;  /* an output; of a sink, an input */
    const struct ArrowSchema *schema; /* the logical columns */
    const struct qetl_batch *batch;
    const struct qetl_rejected *rejected; /* sinks: rows of the batch that could not be written */
    size_t n_rejected;
};

bool qetl_sight_holds(const struct qetl_sight *, int64_t row); /* and it was not rejected */

struct qetl_observer {
    void *arg;
    void (*rows)(void *arg, const struct qetl_sight *); /* [worker] the run waits for it */
    /* [any] (opt) Gets the rejected rows, in place of the dead-letter file; lent. */
    void (*letter)(void *arg, const struct qetl_letter *);
    /* [control] (opt) What works in the place of a source or sink; NULL: the real one. */
    const struct qetl_component *(*stand_in)(void *arg, const struct qetl_node *);
};

/* Stand-ins for sinks: they take everything and keep nothing. */
const struct qetl_component *qetl_stand_in_sink(bool takes_bytes);

/* [any] The sources end where they are; what is under way goes through, then the run ends as
 * always. Idempotent. */
void qetl_run_drain(struct qetl_run *);
bool qetl_run_cut_short(const struct qetl_run *); /* [any] a source had more, or might have had */

/* [control] After set-up, of a transform: what it gives out of a row depends on other rows. */
bool qetl_run_is_stateful(const struct qetl_run *, size_t node);
/* [control] After set-up: the id of the node's format, be it the one that its own named instead;
 * NULL: it has none. */
const char *qetl_run_format(const struct qetl_run *, size_t node);
/* [control] After execute: the columns of an output, NULL if set-up did not get there; and what the
 * format said of a source's sample, of how many bytes ("delimiter ','"; NULL: nothing). */
const struct ArrowSchema *qetl_run_schema(const struct qetl_run *, size_t node, uint32_t port);
const char *qetl_run_inferred(const struct qetl_run *, size_t node, int64_t *sample_bytes);

struct qetl_edge_report {
    const char *from, *to;           /* components; the same one where a component is cut in two */
    const char *from_part, *to_part; /* "read", "decode", "process", "encode", "write" */
    uint32_t depth, capacity;        /* batches, over all replicas */
    uint32_t producers;
    double blocked_s; /* that producers found no room, summed over them */
};

struct qetl_flow_report { /* the part of a picture that a run alone can tell while it goes on */
    struct qetl_edge_report *edges;
    size_t n_edges;
    int64_t memory_bytes, memory_budget_bytes;
    const char *phase; /* "setup", "processing", "finish", "over" */
};

/* [any] */
void qetl_flow_report(struct qetl_run *, struct qetl_flow_report *);
void qetl_flow_report_free(struct qetl_flow_report *);

#endif
