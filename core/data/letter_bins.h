/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that wait for their epoch to be decided: in memory up to a bound, behind that in a file
 * that has no name.
 *
 * Invariant: lines of an epoch leave in the order in which they came; a kill leaves nothing behind.
 * Ownership: bins own their lines, and the files that those overflow into.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_LETTER_BINS_H
#define QETL_CORE_LETTER_BINS_H

#include <stddef.h>
#include <stdint.h>

enum { QETL_LETTER_BINS_BYTES = 4 << 20 };

struct qetl_letter_bin;

struct qetl_letter_bins {
    struct qetl_letter_bin *first; /* by epoch, ascending */
    size_t bytes;                  /* in memory */
};

/* The line with its newline. folder: of the files, should there be need. 0 or an errno. */
int qetl_letter_bins_put(struct qetl_letter_bins *, uint64_t epoch, const char *line, size_t size,
                         const char *folder);
/* Moves the bins of all epochs up to this one out. */
struct qetl_letter_bins qetl_letter_bins_take(struct qetl_letter_bins *, uint64_t epoch);
/* Each line in turn, until one answers an errno; that, or 0. */
int qetl_letter_bins_each(struct qetl_letter_bins *,
                          int (*each)(void *arg, const char *line, size_t size), void *arg);
void qetl_letter_bins_clear(struct qetl_letter_bins *);

#endif
