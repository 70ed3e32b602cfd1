/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stage is a chain of components that call one another; a task is one replica of it, the unit
 * that workers run.
 *
 * Invariant: one worker at a time is inside a task. A task takes nothing new in while one of its
 * operators is pending or one of its outputs has no room. Ownership: a stage owns its tasks, a task
 * its operators; edges and instances are the run's. Threads:   claim from any; step by who claimed.
 */
#ifndef QETL_CORE_STAGE_H
#define QETL_CORE_STAGE_H

#include "edge.h"
#include "ring/bell.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_run;
struct qetl_op;
struct qetl_stage;

struct qetl_task_input {
    struct qetl_edge *edge;
    struct qetl_op *op; /* takes what comes */
    uint32_t port;      /* of op */
    bool ended, unwanted;
    uint64_t barrier; /* the epoch whose barrier waits for the other inputs; 0: none */
};

struct qetl_task {
    struct qetl_stage *stage;
    uint32_t replica;
    struct qetl_op **ops; /* each before those that it feeds */
    size_t n_ops;
    struct qetl_op *root; /* takes barriers in */
    struct qetl_task_input *inputs;
    size_t n_inputs, next_input;
    uint32_t satisfied_seen; /* of the run's count */
    bool unit_open, finishing;
    atomic_bool ended;
    atomic_bool owes; /* a call into an instance of its own, for who decides epochs */
    atomic_flag claimed;
    atomic_llong idle_until_ns;   /* INT64_MAX: until something is notified */
    const struct qetl_bell *bell; /* bells.h; it rings while a step may find something to do */
};

struct qetl_stage {
    struct qetl_run *run;
    struct qetl_task *tasks;
    uint32_t n_tasks;
    struct qetl_edge **outputs;
    size_t n_outputs;
};

enum qetl_task_answer { QETL_TASK_PROGRESS, QETL_TASK_IDLE, QETL_TASK_FAILED };

bool qetl_task_claim(struct qetl_task *);
void qetl_task_unclaim(struct qetl_task *);
/* Does one unit of work. FAILED has been reported. */
enum qetl_task_answer qetl_task_step(struct qetl_task *);
void qetl_stage_clear(struct qetl_stage *); /* frees what it owns */

/* slumber.c: behind a step that answered IDLE, for its caller: its bell is hushed if that could be.
 * happened: as of before that step. */
void qetl_task_slumber(struct qetl_task *, uint64_t happened);
uint64_t qetl_run_happened(struct qetl_run *); /* [any] */

/* drive.c: until all tasks ended or the run stops. */
int qetl_drive_pool(struct qetl_run *, int workers); /* a nonzero errno if no thread can be had */
void qetl_drive_pull(struct qetl_run *);             /* on the caller's thread alone */

#endif
