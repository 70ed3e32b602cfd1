/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run as its parts see it.
 *
 * Invariant: once `stopping` is set it stays set, until another attempt begins, and every task ends
 * soon.
 * Ownership: the run owns all that is named here but pipeline, registry and options' document.
 * Threads:   `lock` guards findings and outputs; counters are atomic; the rest is fixed before
 * tasks run.
 */
#ifndef QETL_CORE_RUN_INTERNAL_H
#define QETL_CORE_RUN_INTERNAL_H

#include "again.h"
#include "attempt.h"
#include "data/batch.h"
#include "data/letter_store.h"
#include "flow.h"
#include "keep.h"
#include "outputs.h"
#include "patience.h"
#include "ring/parker.h"
#include "run.h"

#include <pthread.h>

struct qetl_run {
    const struct qetl_pipeline *pipeline;
    const struct qetl_registry *registry;
    struct qetl_run_options options;
    struct qetl_findings *findings;
    pthread_mutex_t lock;
    int64_t max_record;  /* the pipeline's, but at most a quarter of the budget */
    int64_t chunk_bytes; /* of input, that make a batch; fixed before tasks run */

    struct qetl_parker parker;
    struct qetl_pool *pool;
    struct qetl_instance_env env;
    struct qetl_letter_store *letters;
    struct qetl_patience *patience; /* one a node */
    struct qetl_lookout **lookouts; /* one list a node */

    struct qetl_store *store; /* NULL: nothing of the run is kept */
    uint64_t resumed_from;    /* 0: it began anew */
    uint64_t generation;
    uint64_t
        finished; /* the last epoch, whose outputs are visible: told to the store last of all */

    atomic_int stopping;         /* 0: running; 1 + the exit code; QETL_STOPS_FOR_NEXT */
    atomic_int draining;         /* enum qetl_drain: sources end where they are */
    atomic_llong drain_since_ns; /* that it was asked to, by a signal of … */
    atomic_int drain_exit;       /* … this exit code, should it take too long */
    atomic_uint epoch_requests, epoch_requests_seen;
    atomic_llong barriers; /* that reached all sinks */
    atomic_llong decided;  /* epochs */

    void (*stuck)(void *arg, int exit_code); /* or NULL */
    void *stuck_arg;
    int attempts;               /* that were begun */
    struct qetl_again again;    /* when the next one is, and for whose sake */
    struct qetl_decisions kept; /* what was decided, where there is no store */
    int64_t *spent_ns;          /* one a node: inside its instances, by attempts that are over */
    struct qetl_output_list outputs;
    bool resolving;   /* only to be described: no sink is opened */
    atomic_int phase; /* enum qetl_phase */
    atomic_llong phase_started_ns[4];
    struct qetl_attempt attempt;
};

enum qetl_drain {
    QETL_DRAIN_NONE,
    QETL_DRAIN_HERE,    /* what was not framed yet was not taken in */
    QETL_DRAIN_GRACEFUL /* whole records that came in go through */
};

enum qetl_phase { QETL_PHASE_SETUP, QETL_PHASE_PROCESSING, QETL_PHASE_FINISH, QETL_PHASE_OVER };

/* [any] Ends the run with an exit code: interrupts instances and wakes workers. The first code
 * counts. */
void qetl_run_end(struct qetl_run *, int exit_code);
bool qetl_run_stopping(const struct qetl_run *);
bool qetl_run_goes_back(const struct qetl_run *); /* another attempt will follow */
bool qetl_run_is_ended(const struct qetl_run *);  /* none will */
/* [any] Ends the attempt, for another to follow. */
void qetl_run_end_attempt(struct qetl_run *);
/* [any] As qetl_run_end, for who asks from outside: too late once outputs are being committed, of
 * which the exit code tells the truth. */
void qetl_run_ask_end(struct qetl_run *, int exit_code);
/* [control] All is there: from now on only a failure ends the run otherwise. False: it was stopped
 * before. */
bool qetl_run_decide(struct qetl_run *);
/* [any] Counts rejected rows; a failure (reported, with the reason of the first) where on_error or
 * max_rejected forbids more. */
int32_t qetl_run_count_rejected(struct qetl_run *, const struct qetl_node *, int64_t n,
                                const char *code, const char *message);
/* [any] Stores a letter; a failing store ends the run. */
void qetl_run_letter(void *run, struct qetl_letter *);
/* letter_row.c: what is said of a row that was rejected behind a decoder: its values, as they came
 * in by that input; and of one whose bytes a decoder rejected. 0 or an errno. */
int qetl_letter_row(struct qetl_run *, struct qetl_letter *, const struct qetl_input *,
                    const struct qetl_batch *, int64_t row);
int qetl_letter_bytes(struct qetl_run *, struct qetl_letter *, const struct qetl_node_flow *,
                      const struct qetl_object *);
/* [any] A finding about a node from what its instance reported; ends the run. Answers status. */
int32_t qetl_run_fail(struct qetl_run *, const struct qetl_node *, struct qetl_ctx *,
                      const char *call, int32_t status);
int qetl_exit_for(int32_t status);

/* As qetl_run_fail, for what the host itself found wrong with a node. */
int32_t qetl_run_fault(struct qetl_run *, const struct qetl_node *, const char *code,
                       const char *message);
/* As qetl_run_fault, with the exit code of a status. */
int32_t qetl_run_fault_as(struct qetl_run *, const struct qetl_node *, const char *code,
                          int32_t status, const char *message);
/* As qetl_run_fault, with how to mend it; ctx: the instance whose plugin is to blame, or NULL. */
int32_t qetl_run_blame(struct qetl_run *, const struct qetl_node *, struct qetl_ctx *,
                       const char *code, const char *message, const char *mend);
/* As qetl_run_fault, where the pipeline itself has to be mended (QETL_E_CONFIG). */
int32_t qetl_run_refuse(struct qetl_run *, const struct qetl_node *, const char *code,
                        const char *message, const char *mend, const char *option);
/* objects.c: nothing is written that is read, or written twice; before anything is opened for
 * writing. Negative: reported. */
int32_t qetl_run_check_objects(struct qetl_run *);
/* The epoch that sources shall cut now; begins a new one when its time has come. */
uint64_t qetl_run_epoch(struct qetl_run *);
void qetl_run_barrier_arrived(struct qetl_run *, uint64_t epoch);

/* A new instance of a node's component or format, created; NULL: reported. */
struct qetl_ctx *qetl_run_instance(struct qetl_run *, const struct qetl_node *,
                                   const struct qetl_plugin_use *, const struct qetl_component *);

/* run_setup.c: the node's components; its instance, if it has none yet. setup_sink.c: what a sink
 * says of itself. Negative: reported. */
int32_t qetl_node_load(struct qetl_run *, size_t node);
int32_t qetl_node_make(struct qetl_run *, size_t node);
int32_t qetl_sink_describe(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
/* chunk.c: of a sink that was described: run->chunk_bytes becomes what it wishes for, if more. */
void qetl_chunk_wish(struct qetl_run *, const struct qetl_node_flow *sink);
/* order.c: after set-up: a sink that wants the source's rows in their order, and gets them so from
 * one instance; NULL: none. */
const struct qetl_node *qetl_order_wanted(const struct qetl_run *, const struct qetl_node *source);
/* increments.c: of a component of incremental loading that is bound. Negative: reported. */
int32_t qetl_run_increment(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
/* run_setup.c: asks the plugins what they are; negative: reported. */
int32_t qetl_run_setup(struct qetl_run *);
/* instead.c: the format that infer named takes the place of the node's, as its flow says from then
 * on; negative: reported. */
int32_t qetl_run_format_instead(struct qetl_run *, const struct qetl_node *,
                                struct qetl_node_flow *, const struct qetl_inferred *);
/* plan.c: stages, edges and tasks; negative: reported. */
int32_t qetl_run_plan(struct qetl_run *);

/* ledger.c: what the components have counted; of the epoch that is about to be decided. Negative:
 * reported. */
int32_t qetl_run_check_ledger(struct qetl_run *);
int32_t qetl_run_check_epoch(struct qetl_run *);
/* letters.c [decider] Letters of epochs up to this one are durable; the pack says how far they
 * count. [control] Those behind the last decision go. Negative: reported. */
struct qetl_pack;
int32_t qetl_run_letters_seal(struct qetl_run *, uint64_t epoch, struct qetl_pack *);
int32_t qetl_run_letters_begin(struct qetl_run *, bool goes_on);

/* halts.c: what cannot stop half-way; settles whether epochs are decided before the end. */
struct qetl_halt {
    const struct qetl_node *node;
    char why[200];
};
int32_t qetl_run_settle_checkpoints(struct qetl_run *);
/* [any] Its end is not the end: the next run goes on where it was told to stop. */
bool qetl_run_goes_on(const struct qetl_run *);
/* delivery.c: refuses a pipeline that demands more than its paths can promise. Negative: reported.
 */
int32_t qetl_run_check_delivery(struct qetl_run *);
/* epochs_plan.c: after the plan: who hands in, and what it goes on from. Negative: reported. */
int32_t qetl_run_plan_epochs(struct qetl_run *);
/* [any] So many epochs are under way that no other is begun. */
bool qetl_epochs_pile_up(const struct qetl_run *);
/* [any] An epoch is late: who has not handed in. */
void qetl_run_alarm(struct qetl_run *, const struct qetl_op *, uint64_t epoch);

/* run_finish.c [control] Commits every sink's output or none, unless another attempt follows. */
void qetl_attempt_finish(struct qetl_run *);
/* [control] No attempt follows; the exit code. */
int qetl_run_finish(struct qetl_run *);
/* [control] Every instance that was started. */
void qetl_run_stop_instances(struct qetl_run *);

#endif
