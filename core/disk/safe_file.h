/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the configuration and of a depot by which it is decided what is installed.
 *
 * Invariant: what was read belongs to the user or to root, as do its folder and that of each link
 *            that leads to it, and nobody else may write any of them.
 * Ownership: bytes are the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_DISK_SAFE_FILE_H
#define QETL_CORE_DISK_SAFE_FILE_H

#include "config/finding.h"

/* All of it, with a 0 behind it. what: whoever may write there may change it. It is opened once,
 * and looked at by its descriptor: what was looked at is what is read. 0, or -1 with a finding. */
int qetl_safe_slurp(const char *path, size_t most, const char *what, char **bytes, size_t *size,
                    struct qetl_findings *);

/* The folder that something is in, be that there or not, and those that its links lead into: who
 * may write to one may move it away, or put another in its place. 0, or -1 with a finding. */
int qetl_safe_folder_check(const char *path, const char *what, struct qetl_findings *);

#endif
