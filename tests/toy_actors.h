/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components that do as their script says and note every call that the host makes: for tests of a
 * run's course. The option "/number" of a node is the index of its script.
 *
 * Invariant: a script's trace holds the calls of all its instances, in order.
 * Ownership: scripts are global; toy_actors_reset drops their traces.
 * Threads:   traces under one lock; scripts are written before the run.
 */
#ifndef QETL_TOY_ACTORS_H
#define QETL_TOY_ACTORS_H

#include <qetl/plugin.h>

#include <stdatomic.h>
#include <stdbool.h>

enum { TOY_ACTORS_MOST = 96 };

struct toy_script {
    /* The call that fails, from its fail_at-th (from 1) on, so many times (0: ever after), and
     * with what. */
    const char *fail_in;
    int fail_at, fail_times;
    int64_t retry_after_ms;
    int32_t fail_with;
    bool fail_silently; /* without host->error */
    /* The call that sleeps until interrupted. */
    const char *sleep_in;

    int64_t rows, batch_rows; /* sources: in all, a batch */
    int32_t item_flags;       /* sources: of each batch */
    int idle_times;           /* sources: IDLE answers behind each batch, with a wake */
    bool ragged;              /* sources: the second column is a row short */
    const char *damage;       /* sources: what is wrong with a batch: "offset", "shift" */

    int64_t reject_row; /* transforms and sinks: of each batch; -1 none */
    int64_t poison; /* transforms and sinks: each row whose id is a multiple is refused; 0 none */
    int64_t lose_rows;  /* transforms and sinks: of each batch, without a word */
    int map_to;         /* transforms: a row map that points there, if nonzero */
    uint32_t read_form; /* transforms: reads column 0 in this form, if nonzero */
    const char *misuse; /* transforms: what is wrong in bind */
    int outputs;        /* transforms: output ports, if above 1; each gets all rows */

    bool takes_bytes;  /* sinks */
    int handles;       /* sinks: written by prepare */
    bool names_output; /* sinks: at commit */
    char *bytes;       /* sinks of bytes: all that was written */
    int64_t bytes_size;
    int64_t rows_seen;                     /* sinks */
    int64_t abort_handles, commit_handles; /* sinks: as the host gave them; -1: it was not called */
    bool disordered;                       /* sinks of batches: ids do not grow */
    bool handles_torn;                     /* sinks: a handle came back changed */

    atomic_int creates, destroys, starts, stops, interrupts, calls;
    char trace[4096];
};

extern struct toy_script toy_scripts[TOY_ACTORS_MOST];
extern const struct qetl_component toy_actor_source, toy_actor_transform, toy_actor_sink;
extern const struct qetl_component toy_actor_text; /* a byte source: rows of "I|row I" */

void toy_actors_reset(void);

#endif
