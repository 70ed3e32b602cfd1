/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column's way to views.
 *
 * Invariant: views has room for the job's rows; the job's scratch gets their validity.
 * Ownership: all is the job's.
 * Threads:   as the instance.
 */
#ifndef QETL_CSV_VIEW_WALK_H
#define QETL_CSV_VIEW_WALK_H

#include "decode.h"

struct csv_view_walk {
    struct csv_job *job;
    int64_t column;
    uint64_t *views;
    uint32_t shift; /* of the chunk's data in its buffer */
    bool far;       /* some view points into the chunk or the heap */
    bool heaped;
    bool failed;
};

/* A cell in quotes: what stands between them, undoubled where needed. */
void csv_view_quoted(struct csv_view_walk *w, uint64_t *view, const uint8_t *cell, uint32_t size);

#endif
