/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attempt: all that is set up to move a run's rows, and that goes when a component has lost what
 * it had staged. The run itself goes on: with the next attempt, from what was decided.
 *
 * Invariant: what is here and not in the run can be made anew from the pipeline and the record.
 * Ownership: the attempt owns all of it; instances may be in use until its workers are joined.
 * Threads:   counters are atomic; instances are under the run's lock; the rest is fixed before
 *            tasks run. Who looks from outside holds the lock, and looks not while it is set up.
 */
#ifndef QETL_CORE_ATTEMPT_H
#define QETL_CORE_ATTEMPT_H

#include "bells.h"
#include "data/origin.h"
#include "outputs.h"
#include "recover.h"
#include "stage.h"
#include "watchdog.h"

enum qetl_edge_part {
    QETL_PART_READ,
    QETL_PART_GATHER,
    QETL_PART_DECODE,
    QETL_PART_PROCESS,
    QETL_PART_ENCODE,
    QETL_PART_WRITE
};

struct qetl_edge_ends { /* between which nodes, and which parts of them */
    size_t from, to;
    enum qetl_edge_part from_part, to_part;
};

struct qetl_attempt {
    struct qetl_poller *poller;
    struct qetl_notes *board;           /* that instances leave for one another */
    struct qetl_watchdog *watchdog;     /* while tasks run */
    struct qetl_tracker **trackers;     /* one a node; sources alone have one */
    struct qetl_node_flow *flows;       /* one a node */
    atomic_bool *has_all;               /* one a node: a sink has all its rows */
    struct qetl_remembered *remembered; /* one a node; sources alone */
    struct qetl_blob *notes;            /* one a node: of a source, what it was found to be */

    struct qetl_stage *stages;
    size_t n_stages;
    struct qetl_bells bells; /* one a task */
    struct qetl_edge **edges;
    struct qetl_edge_ends *edge_ends; /* one an edge */
    size_t n_edges;
    struct qetl_ctx **instances; /* all of them, in the order of their making */
    size_t n_instances;

    struct qetl_record recovered; /* the newest decided epoch … */
    struct qetl_record undecided; /* … and one behind it of which only its sink knows */
    bool resumes;                 /* it goes on behind it */
    bool completes;               /* it was the last of its run, and sinks have to commit it */
    uint64_t first_epoch;         /* none of this attempt is older, or this one */

    struct qetl_halt *halts; /* why there is no epoch but the last, or NULL */
    struct qetl_op **slots;  /* the operators, as they hand in */
    size_t n_slots;
    struct qetl_epochs *epochs;
    struct qetl_decider *decider;

    atomic_uint satisfied;        /* how often somebody stopped wanting rows */
    atomic_int cut_short;         /* a source that was told to end where it is had more */
    atomic_int tasks_open;        /* tasks that have not ended */
    atomic_int units_open;        /* units of work that were taken in and are not done with */
    atomic_llong rejected, taken; /* rows of all sources; taken: counted where max_rows is said */
    atomic_ullong epoch;          /* the newest that sources shall cut */
    atomic_ullong decided_epoch;
    atomic_llong next_barrier_ns;

    bool counts;                     /* under the lock: its instances have all counts of the run */
    atomic_bool goes_back;           /* somebody has lost what was staged */
    struct qetl_output_list outputs; /* that sinks named since an epoch was committed */
    bool gathering;     /* in set-up: mistakes in the configuration are told, and set-up goes on */
    size_t n_gathered;  /* such mistakes */
    bool surveying;     /* in set-up: a source is looked through; what is rejected is so later */
    bool decided;       /* under the lock: outputs are committed unless something fails */
    atomic_bool closed; /* the ledger was checked at the end */
};

/* Makes what must be there before set-up. Negative: no memory. */
int32_t qetl_attempt_begin(struct qetl_run *);
/* Ends it: no thread is inside any more. What it had decided, the run keeps. */
void qetl_attempt_end(struct qetl_run *);

#endif
