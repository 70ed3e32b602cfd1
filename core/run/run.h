/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of a pipeline: set up, drive to the end, account for every row.
 *
 * Invariant: after qetl_run_execute returned, every thread is joined and every output is either
 * whole under its final name or not there at all. Ownership: the run borrows the pipeline; the
 * caller frees both. Threads:   one thread creates, executes and frees; qetl_run_stop and
 * qetl_run_report from any. No globals, no signal handlers, no output: for embedding.
 */
#ifndef QETL_CORE_RUN_H
#define QETL_CORE_RUN_H

#include "data/tally.h"
#include "pipeline/pipeline.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    QETL_EXIT_OK = 0,
    QETL_EXIT_FAILED = 1,
    QETL_EXIT_CONFIG = 2,
    QETL_EXIT_ENVIRONMENT = 3,
    QETL_EXIT_UNDECIDED = 4, /* qetl plugin check: there was no time to find out */
    QETL_EXIT_SIGHUP = 129,
    QETL_EXIT_SIGINT = 130,
    QETL_EXIT_SIGPIPE = 141,
    QETL_EXIT_SIGTERM = 143
};

enum { QETL_MEMORY_BYTES = 256 << 20 }; /* the budget, unless another is given */

enum qetl_driver { QETL_DRIVE_POOL, QETL_DRIVE_PULL };

struct qetl_observer;
struct qetl_replaying;

struct qetl_run_options {
    int workers;          /* data threads in all; 0: one per processor */
    int64_t memory_bytes; /* the run's budget; 0: 256 MiB */
    enum qetl_driver driver;
    int validate_full; /* check every array that a plugin hands over, to the last offset */
    int barrier_ms;    /* a barrier at least this often; 0: as the pipeline says; -1: at the end */
    const char *state_folder; /* of all pipelines' states; NULL: nothing is kept of the run */
    const char *state_name;   /* the pipeline's in it */
    bool full_refresh;        /* what is kept of a run that was cut short is forgotten */
    int64_t now_us;           /* what now() answers, since 1970; 0: the time at the start */
    const struct qetl_document *document; /* for places in findings; or NULL */
    void (*log)(void *arg, const char *component, int level,
                const char *message); /* [any] or NULL */
    void *log_arg;
    const struct qetl_observer *observer;   /* or NULL; observe.h */
    const struct qetl_replaying *replaying; /* or NULL; replaying.h */
};

struct qetl_component_report {
    const char *id;
    uint32_t kind;
    const char *plugin;
    struct qetl_counts counts;
    double seconds; /* CPU-side time inside the component, all replicas */
    int replicas;
    int64_t batches;        /* that it emitted; sinks: that it wrote */
    int64_t retries;        /* calls that failed for the moment and were made again */
    int64_t epochs_retried; /* that were repeated, since it had lost what was staged */
    const char *breaker;    /* "closed", "open", "half-open" */
};

struct qetl_output_report {
    char *uri;
    int64_t rows, bytes; /* bytes -1: nobody can say */
};

/* A picture of the run, also while it goes on. Free with qetl_run_report_free. */
struct qetl_run_report {
    struct qetl_counts summary; /* rows_in sums sources, rows_out sums sinks */
    int balanced;
    int closed; /* every row was through when the ledger was checked; else the run ended before */
    struct qetl_component_report *components;
    size_t n_components;
    struct qetl_output_report *outputs;
    size_t n_outputs;
    double setup_s, processing_s, finish_s;
    int64_t peak_rss_bytes;
    int64_t bytes_expected; /* raw bytes of all sources, -1 unknown */
    int64_t bytes_done;     /* raw bytes taken from the sources */
    int64_t barriers;
    const char *delivery;   /* what can be promised; NULL: set-up did not get there */
    int64_t epochs;         /* that were decided */
    int64_t epochs_retried; /* that had to be repeated */
    uint64_t resumed_from;  /* the epoch that the run went on from; 0: it began anew */
    bool was_complete;      /* nothing was left of it but to commit its outputs */
    uint64_t generation;    /* of the process; 0: nothing is kept */
    char *state;            /* the folder of what is kept; NULL: nothing is */
    char *dead_letters;     /* path, NULL if none was written */
    const char *mode;
};

struct qetl_run;

struct qetl_run *qetl_run_new(const struct qetl_pipeline *, const struct qetl_registry *,
                              const struct qetl_run_options *, struct qetl_findings *);
/* Before execute. stuck [any]: a plugin does not come back, though it was interrupted, so that the
 * run cannot end, and the program should, with this exit code. Else execute waits for it. */
void qetl_run_when_stuck(struct qetl_run *, void (*stuck)(void *arg, int exit_code), void *arg);
/* Answers an exit code; findings say why it is not 0. */
int qetl_run_execute(struct qetl_run *);
/* [any] Stops: the run ends with exit_code, outputs are abandoned. Idempotent; the first code
 * counts. */
void qetl_run_stop(struct qetl_run *, int exit_code);
/* [any] A signal: a run without an end of its own (mode stream, or a source that says it has none)
 * takes in what came whole, commits and ends with 0; another, and who is asked twice, is stopped
 * with exit_code. Nonzero: it goes on to its end. */
int qetl_run_interrupt(struct qetl_run *, int exit_code);
/* [any] */
void qetl_run_report(struct qetl_run *, struct qetl_run_report *);
void qetl_run_report_free(struct qetl_run_report *);
void qetl_run_free(struct qetl_run *);
/* The exit code of what was found before anything ran. */
int qetl_run_verdict(const struct qetl_findings *);

#endif
