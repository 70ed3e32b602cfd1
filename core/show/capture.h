/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first rows and the rejected rows of a whole run, kept for people to look at: what preview and
 * test are made of.
 *
 * Invariant: one list of rows for each output of a source or transform and each input of a sink, in
 * the order in which the rows passed. Ownership: the capture owns copies of all that it shows; the
 * pipeline is borrowed. Threads:   fills itself under its lock; read once the run has been
 * executed.
 */
#ifndef QETL_CORE_CAPTURE_H
#define QETL_CORE_CAPTURE_H

#include "data/cell.h"
#include "run/observe.h"

#include <jansson.h>
#include <pthread.h>

struct qetl_mask;

struct qetl_shown_cell {
    char *text; /* NULL: the cell is */
    int64_t size;
};

struct qetl_shown_column {
    char *name, *type;
    enum qetl_cell_kind kind;
};

struct qetl_shown_rows {
    size_t node;
    uint32_t port;
    struct qetl_shown_column *columns;
    int64_t n_columns;             /* -1: no schema came to be known */
    struct qetl_shown_cell *cells; /* a row after the other */
    int64_t n_rows, room;
    int64_t passed; /* rows, also those that were not kept */
};

struct qetl_shown_letter {
    size_t node;
    char *code, *message, *column, *object, *original;
    int64_t row; /* from 1; 0: unknown */
};

struct qetl_capture {
    const struct qetl_pipeline *pipeline;
    int64_t keep_rows, keep_letters; /* of each list; of each component */
    /* (opt) After each batch, under the lock: enough was seen? */
    void (*progress)(struct qetl_capture *);
    void *arg;
    const struct qetl_component *(*stand_in)(void *arg, const struct qetl_node *); /* (opt) */

    struct qetl_observer observer; /* to be given to the run */
    pthread_mutex_t lock;
    struct qetl_shown_rows *outputs;
    size_t n_outputs;
    struct qetl_shown_letter *letters;
    size_t n_letters;
    bool no_memory;
};

/* Without stand_in, sinks are never touched and sources are the real ones. 0, or -1 without memory.
 */
int qetl_capture_init(struct qetl_capture *, const struct qetl_pipeline *);
/* What had no rows still has columns: takes them from the run. */
void qetl_capture_finish(struct qetl_capture *, const struct qetl_run *);
/* Before cells are cut to a width: half a secret is found by nobody. */
void qetl_capture_hide(struct qetl_capture *, const struct qetl_mask *);
void qetl_capture_free(struct qetl_capture *);

struct qetl_shown_rows *qetl_capture_find(const struct qetl_capture *, size_t node, uint32_t port);
/* The name of the port, NULL where there is only one. */
const char *qetl_shown_port(const struct qetl_capture *, const struct qetl_shown_rows *);
const struct qetl_shown_cell *qetl_shown_at(const struct qetl_shown_rows *, int64_t row, int64_t c);
json_t *qetl_shown_json(const struct qetl_shown_column *, const struct qetl_shown_cell *);
json_t *qetl_shown_row_json(const struct qetl_shown_rows *, int64_t row);

#endif
