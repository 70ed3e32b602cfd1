/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One COPY … TO in a thread of its own: rows go in as batches, the file's bytes come out of a pipe.
 *
 * Invariant: feed_batch returns once DuckDB has a copy of all the batch's rows, so that nothing is
 *            kept of it; what DuckDB has not written yet is at most a group of rows.
 * Ownership: feed_end joins the thread and closes the pipe, whatever came before.
 * Threads:   one at a time, but feed_cancel.
 */
#ifndef PARQUET_FEED_H
#define PARQUET_FEED_H

#include "give.h"

#include <pthread.h>

struct feed {
    struct session *session;
    struct lane *lanes;
    struct duck_type **types;
    int64_t n_lanes;
    char *sql;             /* of the COPY at hand */
    int pipe_out, pipe_in; /* what DuckDB writes comes out of pipe_out */
    int bell;              /* an eventfd: rung once a batch was taken, and at the end */
    pthread_t thread;
    bool running;

    pthread_mutex_t lock; /* over all below */
    pthread_cond_t fed;
    const int32_t *rows; /* of the batch that are to be written; NULL: all */
    int64_t count, at;   /* at == count: there is no batch */
    bool ending, finished;
    _Atomic bool cancelled;
    char *error; /* of the COPY, or NULL */
};

void feed_init(struct feed *); /* of zeroed memory; from then on it may be cancelled */
int32_t feed_open(struct feed *, struct session *, struct lane *, struct duck_type **, int64_t n);
void feed_destroy(struct feed *);
/* copy: "COPY (SELECT … FROM qetl_rows()) TO", options: "(FORMAT …)". */
int32_t feed_begin(struct feed *, const char *copy, const char *options);
/* count rows of what the lanes are bound to; what the file has got longer by is appended. */
int32_t feed_batch(struct feed *, const int32_t *rows, int64_t count, struct qetl_space *out);
/* No more rows: the rest of the file. */
int32_t feed_finish(struct feed *, struct qetl_space *out);
/* Ends what was begun, and drops what was not taken; accepts one that is not running. */
void feed_end(struct feed *);
void feed_cancel(struct feed *); /* [any] */

#endif
