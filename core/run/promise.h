/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the paths of a pipeline can promise: by what plugins say of themselves at work, or, before
 * anything is loaded, by what their manifests say of the options at hand.
 *
 * Invariant: both ways are judged by one rule.
 * Ownership: paths name nodes by their index; `why` is constant.
 * Threads:   any.
 */
#ifndef QETL_CORE_PROMISE_H
#define QETL_CORE_PROMISE_H

#include "pipeline/pipeline.h"

#include <stdbool.h>

/* UNSAID: a manifest does not tell. */
enum qetl_guarantee { QETL_BEST_EFFORT, QETL_AT_LEAST_ONCE, QETL_EXACTLY_ONCE, QETL_UNSAID };

struct qetl_run_path { /* from a source to a sink that it feeds */
    size_t source, sink;
    uint32_t source_delivery, sink_delivery; /* as the plugins say of these options */
    enum qetl_guarantee guarantee;
    size_t culprit;  /* where it is less than exactly-once: which of the two is why … */
    const char *why; /* … and why */
};

struct qetl_path_ends {
    uint32_t given, taken; /* QETL_REPLAYABLE …, QETL_TRANSACTIONAL … */
    bool endless;          /* the source */
    bool kept;             /* where a run stands in it */
    bool rivals;           /* the sink decides for itself, and another one too */
    bool moves;            /* rows of the source, while it reads: what was read is not all */
};

const char *qetl_guarantee_word(enum qetl_guarantee);
/* What a path can promise, by what its ends say of themselves alone. */
enum qetl_guarantee qetl_guarantee_of(uint32_t source_delivery, uint32_t sink_delivery);
/* All considered; if that is not exactly-once, path's culprit and why say so. */
void qetl_path_judge(struct qetl_run_path *path, const struct qetl_path_ends *);

/* Whether its manifest says of these options that rows may move while it reads. */
bool qetl_source_moves(const struct qetl_node *);

/* Every path from a source to a sink, until visit answers nonzero, which is then answered; -1
 * without memory. */
int qetl_paths_each(const struct qetl_pipeline *, void *arg,
                    int (*visit)(void *arg, size_t source, size_t sink));

/* By manifests. kept: a run's state is. 0, or -1 without memory; the paths are the caller's. */
int qetl_promises(const struct qetl_pipeline *, bool kept, struct qetl_run_path **paths,
                  size_t *n_paths);

/* The weakest path gives less than the pipeline demands: true, and what to say of that. */
enum { QETL_REFUSAL = 400 };
bool qetl_path_refused(const struct qetl_pipeline *, const struct qetl_run_path *weakest,
                       char message[QETL_REFUSAL], char mend[QETL_REFUSAL]);

#endif
