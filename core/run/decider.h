/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides epochs: what was handed in becomes one record, durable before anything is visible; then
 * the sinks commit, then the sources hear of it.
 *
 * Invariant: one epoch at a time, in order. What belongs into an instance is done by its own task,
 *            or, once that is over, by who decides: nobody else is inside it.
 * Ownership: the run owns the decider, which owns its list of duties.
 * Threads:   stage, number and what is under way are the decider's thread's; with the pull driver,
 *            and at the end, the only one there is. Duties are under its lock.
 */
#ifndef QETL_CORE_DECIDER_H
#define QETL_CORE_DECIDER_H

#include "op.h"
#include "stage.h"

#include <pthread.h>

struct qetl_duty { /* of a sink: to commit; of a source that acknowledges: to do so */
    struct qetl_op *op;
    struct qetl_task *task;
    bool sink, over;
    bool decides;       /* a sink that commits in one phase */
    bool tail_prepared; /* the rows behind its last barrier are */
    uint64_t wanted, done;
    int32_t status;        /* of what was done last */
    size_t spared;         /* handles that are not given up with the others */
    struct qetl_blob upto; /* of a source: what it is to acknowledge; owned */
};

enum qetl_decider_stage { QETL_DECIDES_NOTHING, QETL_DECIDES_PREPARED, QETL_DECIDES_DECIDED };

struct qetl_decider {
    struct qetl_run *run;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool stop;
    struct qetl_duty *duties;
    size_t n_duties;
    size_t n_deciding; /* sinks that decide; none: the store does */
    enum qetl_decider_stage stage;
    uint64_t number; /* of the epoch in that stage */
    bool final;
    bool unknown;     /* the store failed: what is durable nobody knows */
    uint64_t alarmed; /* the newest epoch that was found to be late */
};

struct qetl_decider *qetl_decider_new(struct qetl_run *); /* after the plan; NULL without memory */
void qetl_decider_free(struct qetl_decider *);            /* accepts NULL */
int qetl_decider_start(struct qetl_decider *);            /* a thread of its own; an errno */
void qetl_decider_stop(struct qetl_decider *);            /* joins it; it decides nothing more */

/* [any] A sink has handed in: decides now, or has it decided. Negative: reported. */
int32_t qetl_decider_poke(struct qetl_decider *);
/* [worker] What the task owes to instances of its own. Negative: reported. */
int32_t qetl_task_serve(struct qetl_task *);
/* [worker] Its sinks have all they will ever get. Negative: reported. */
int32_t qetl_task_over(struct qetl_task *);
/* [worker] The sink, which waits for it, has committed this epoch. */
bool qetl_sink_committed(const struct qetl_op *, uint64_t epoch);

/* [control] At the end, no task runs: all sinks prepare; the run's last epoch is decided; what was
 * decided before is brought to its end; what was not is given up. Negative: reported. */
int32_t qetl_decider_prepare_final(struct qetl_decider *);
int32_t qetl_decider_decide_final(struct qetl_decider *);
int32_t qetl_decider_settle(struct qetl_decider *);
void qetl_decider_abandon(struct qetl_decider *);
/* As abandon, where another attempt follows: that one brings to its end what was decided. */
void qetl_decider_go_back(struct qetl_decider *);

/* decide.c: the record of the base. Negative: reported. */
struct qetl_record;
int32_t qetl_record_compose(struct qetl_run *, uint64_t number, bool final, struct qetl_record *);
void qetl_record_discompose(struct qetl_record *);
struct qetl_epoch qetl_epoch_of(const struct qetl_run *, const struct qetl_node *, uint64_t number,
                                bool final);
/* The store answered so: what that means to the run. */
int32_t qetl_run_store_failed(struct qetl_run *, int32_t status);
/* A sink's commit, repeated while it answers RETRY_CALL. Negative: reported. */
int32_t qetl_sink_commit(struct qetl_run *, const struct qetl_node *, struct qetl_ctx *,
                         const struct qetl_epoch *, int64_t n, const struct qetl_blob *handles);

/* op_sink.c: prepare, and then save, if something may come behind it. QETL_STEP_IDLE: in its task,
 * and it has to be called again. Negative: reported. */
struct qetl_handed;
int32_t qetl_sink_checkpoint(struct qetl_op *, uint64_t epoch, bool final, bool in_task,
                             struct qetl_handed *);

#endif
