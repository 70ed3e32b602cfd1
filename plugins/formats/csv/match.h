/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects whose header is not that of the first one: their cells go to columns by name.
 *
 * Invariant: a row goes on whole or is rejected: a cell that no column takes is dropped only where
 * the user said so. A column that an object lacks is NULL.
 * Ownership: the instance owns its match; a note is the host's, lent for a call.
 * Threads:   as the instance.
 */
#ifndef QETL_CSV_MATCH_H
#define QETL_CSV_MATCH_H

#include "decode.h"

enum csv_new { CSV_NEW_REJECT, CSV_NEW_DROP, CSV_NEW_EVOLVE };

struct csv_match {
    uint8_t *note; /* that this was made of; "qcsn", then names as in the prologue */
    int64_t note_size;
    struct ArrowSchema names; /* the object's own columns */
    int64_t n_cells;
    int64_t *columns; /* of each cell, or -1 */
    int64_t *cells;   /* of each column, or -1 */
    int64_t unknown;  /* cells without a column */
    int64_t first_unknown;
};

enum csv_new csv_match_policy(const struct csv *self);
/* Of an object whose header differs: what decode is told, and what the user is. */
int32_t csv_match_note(struct csv *self, const struct csv_names *names, const char *object,
                       struct qetl_blob *out);
/* Readies self->match for a chunk; NULL where its note is empty. */
int32_t csv_match_open(struct csv *self, struct qetl_blob note);
/* The records of the job, indexed, with the cells of the object: as the columns have them. */
int32_t csv_match_apply(struct csv_job *job, struct qetl_chunk *out);
/* The schema with the columns that the object has beyond it. */
int32_t csv_match_grow(struct csv_job *job, struct ArrowSchema *out);
void csv_match_free(struct csv *self);

/* Cells that a row of the chunk at hand should have. */
static inline int64_t csv_cells_of(const struct csv *self)
{
    return self->matching ? self->match->n_cells : self->n_columns;
}

#endif
