/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run would be, told before anything moves: stages, columns and their use, delivery.
 *
 * Invariant: what is described is what the planner decided, not a second opinion. Sinks are made
 *            and asked, but never opened; sources are opened and sampled.
 * Ownership: the description owns its arrays and texts marked so; other texts are the pipeline's
 *            and the run's, and live as long.
 * Threads:   the thread that made the run.
 */
#ifndef QETL_CORE_DESCRIBE_H
#define QETL_CORE_DESCRIBE_H

#include "promise.h"
#include "run.h"

#include <stdbool.h>

struct qetl_run_column {
    const char *name;
    char *type;       /* owned; SQL's */
    const char *from; /* of a transform's output: the input column that it is; NULL: computed */
    uint32_t forms;   /* QETL_FORM_ bits in which it travels on; 0: nobody reads it */
    bool lexical;     /* a decoder's spelling is still there to be had */
    const struct qetl_node *behind; /* of a source: decoded for what this filter leaves; NULL: for
                                     * all rows */
};

struct qetl_run_port {
    const char *name; /* "large"; NULL: the only one */
    size_t from;      /* inputs: the component that it reads */
    struct qetl_run_column *columns;
    size_t n_columns;
};

struct qetl_run_component {
    const struct qetl_node *node;
    const char *format; /* its id, or NULL */
    bool bytes;         /* moves bytes: decoded or encoded by its format */
    bool untouched;     /* a transform that only passes columns on */
    bool stateful;
    int32_t pushed; /* QETL_PUSH_: a transform's condition is judged by its source, too, or alone */
    uint32_t readers; /* of a source: so many read parts of it at a time; others 1 */
    const struct qetl_node *in_order_for; /* one does, as this sink wants one order; or NULL */
    int64_t limited;                      /* a source brings no more rows than these; -1: all */
    struct qetl_run_port *inputs, *outputs;
    size_t n_inputs, n_outputs;
};

enum qetl_run_part {
    QETL_RUN_READS,
    QETL_RUN_DECODES,
    QETL_RUN_TRANSFORMS,
    QETL_RUN_ENCODES,
    QETL_RUN_WRITES
};

struct qetl_run_step { /* of a stage: they call one another directly */
    size_t component;
    enum qetl_run_part part;
};

struct qetl_run_stage {
    uint32_t replicas;
    struct qetl_run_step *steps;
    size_t n_steps;
};

struct qetl_run_description {
    struct qetl_run_component *components; /* as in the pipeline */
    size_t n_components;
    struct qetl_run_stage *stages;
    size_t n_stages;
    struct qetl_run_path *paths;
    size_t n_paths;
    const struct qetl_node
        *halts; /* which cannot stop half-way, so that a run begins anew; or NULL */
    const char *halts_why;
    int workers;
    int64_t memory_bytes, chunk_bytes;
};

/* Sets the run up as far as can be without writing anything; it cannot be executed then, only
 * described and freed. The exit code; findings say why it is not 0. */
int qetl_run_resolve(struct qetl_run *);
/* Of a run that was resolved. 0, or -1 without memory. */
int qetl_run_describe(const struct qetl_run *, struct qetl_run_description *);
void qetl_run_description_free(struct qetl_run_description *);

/* delivery.c: after set-up. What a path can promise, all considered; of all paths the least. */
struct qetl_run_path qetl_run_guarantee(const struct qetl_run *, size_t source, size_t sink);
enum qetl_guarantee qetl_run_delivery(const struct qetl_run *);
/* Why the run has no epoch but its last, and which component it is; NULL: it has. */
const struct qetl_node *qetl_run_halts_at(const struct qetl_run *, const char **why);

#endif
