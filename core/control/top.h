/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates of running pipelines, from two pictures of each.
 *
 * Invariant: a rate is of the time between the two pictures.
 * Ownership: the view owns its peers' pictures.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_TOP_H
#define QETL_CORE_TOP_H

#include "control.h"

#include <stdint.h>
#include <stdio.h>

struct qetl_top_item {
    struct qetl_control_peer peer; /* its newest picture */
    json_t *before;                /* the one before it */
    int64_t at_ns, before_ns;
    bool gone;
};

struct qetl_top {
    struct qetl_top_item *items;
    size_t n;
};

/* Takes a new picture of all; those that are over go, new ones come. -1 without memory. */
int qetl_top_refresh(struct qetl_top *);
void qetl_top_free(struct qetl_top *);

/* The picture with rates: {pid, pipeline, …, rates: {rows_in, …}}; new reference. */
json_t *qetl_top_json(const struct qetl_top_item *);
/* At most `lines` lines of `width` columns; 0: as many as there are. */
void qetl_top_print(const struct qetl_top *, int width, int lines, int colour, FILE *out);

#endif
