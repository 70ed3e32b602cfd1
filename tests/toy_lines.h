/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A toy format: a record is a line "ID|TEXT", ID a bigint. It reads the guard behind each chunk, as
 * a vectorised parser would, and tells every chunk to a test that asks for it.
 *
 * Invariant: a line without a bar, or whose ID is no number, is rejected as "bad_line"; one longer
 * than max_record as "too_long".
 * Ownership: instances own what they allocate.
 * Threads:   as plugin.h says; the hooks are set before the run.
 */
#ifndef QETL_TOY_LINES_H
#define QETL_TOY_LINES_H

#include <qetl/plugin.h>

#include <stdatomic.h>

enum {
    TOY_LINES_CLOSED = 1,    /* bits of the option "/number": encode is CLOSED */
    TOY_LINES_WRAPPED = 2,   /* "<" before and ">" behind all encoded rows, as lines */
    TOY_LINES_SHORT = 4,     /* frame hands back at most one record a call */
    TOY_LINES_POISON = 16,   /* encode refuses batches with a row whose ID is a multiple of 7 */
    TOY_LINES_FAITHLESS = 8, /* decode leaves its last row out, and does not say so */
    TOY_LINES_LAPSES = 32    /* frame, decode and encode lose what was staged, while … */
};

extern const struct qetl_component toy_lines;

/* … it is more than 0; counted down by each. */
extern atomic_int toy_lines_lapses;

/* [worker] Called with each chunk that is decoded, if set. */
extern void (*toy_lines_watch)(const struct qetl_chunk *);

#endif
