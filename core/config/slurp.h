/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small file as a whole.
 *
 * Invariant: no more than one byte beyond what is allowed is read, so that the excess is seen.
 * Ownership: the caller frees *data, in every case.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_SLURP_H
#define QETL_CORE_SLURP_H

#include "finding.h"

/* "-" is standard input. 0, or -1 with a finding. */
int qetl_slurp(const char *path, size_t most, char **data, size_t *size,
               struct qetl_findings *findings);

/* The same of a plain file: whoever puts a pipe in its place would have us wait for ever. */
int qetl_slurp_file(const char *path, size_t most, char **data, size_t *size,
                    struct qetl_findings *findings);

/* What they say of a file that cannot be read: error is an errno; ENODATA: it is no plain file. */
void qetl_slurp_refuse(const char *path, int error, struct qetl_findings *findings);

#endif
