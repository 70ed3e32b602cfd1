/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who looks on at the border while a pipeline runs: what --abi-trace and --record ask for.
 *
 * Invariant: without such an option nothing is made, and plugins are called as they are.
 * Ownership: closed by who opened it, behind the run.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_WATCHING_H
#define QETL_CORE_WATCHING_H

#include "cli.h"

struct qetl_watching_options {
    const char *trace;     /* --abi-trace; "": stderr; NULL: none */
    const char *record;    /* --record; NULL: none */
    const char *record_of; /* --record-of; NULL: all components */
    int64_t record_most;   /* --record-most; 0: not given */
};

struct qetl_watching {
    struct qetl_border *border;
    struct qetl_trace *trace;
    struct qetl_recording_writer *writer;
    struct qetl_recorder *recorder;
    int64_t now_us; /* what now() is to answer, since a recording says so; 0: no matter */
    bool lost;      /* there was no memory for an entry */
};

/* Errors for what cannot be: a file that the pipeline has, too; a component that it has not. */
void qetl_watching_check(const struct qetl_watching_options *, const struct qetl_pipeline *,
                         struct qetl_findings *);
/* 0, or -1 with findings; before the run is made. */
int qetl_watching_open(struct qetl_watching *, const struct qetl_watching_options *,
                       const struct qetl_pipeline *, const struct qetl_registry *,
                       struct qetl_findings *);
/* Behind the run; logs what could not be written, and answers the run's exit code. */
int qetl_watching_close(struct qetl_watching *, const struct qetl_watching_options *,
                        struct qetl_log *, int exit_code);

#endif
