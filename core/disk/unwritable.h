/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cannot be written, made or removed, as a finding that says how to mend it.
 *
 * Invariant: every error that the system gives for it has a mend.
 * Ownership: the findings own copies.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DISK_UNWRITABLE_H
#define QETL_CORE_DISK_UNWRITABLE_H

#include "config/finding.h"

/* `cannot_write`, of the machine: what is said, ": ", and the error (an errno). The answer as that
 * of qetl_refuse: a better mend takes the place of this one. */
struct qetl_finding *qetl_refuse_write(struct qetl_findings *, const char *file, int error,
                                       const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
