/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the lock of a pipeline is: PIPELINE.lock beside the file that is read, or beside any of the
 * links by which it was reached.
 *
 * Invariant: a pipeline has one lock: where two could be meant, none is.
 * Ownership: paths are the caller's.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_LOCK_LOCK_PLACE_H
#define QETL_CORE_LOCK_LOCK_PLACE_H

#include "config/finding.h"

/* pipeline: its path, or "-" for standard input, which may be a file, too. *path: where its lock
 * is, or would be; NULL: the pipeline is no file, as what comes through a pipe. 0, or -1 with a
 * finding.
 */
int qetl_lock_place(const char *pipeline, char **path, struct qetl_findings *);

#endif
