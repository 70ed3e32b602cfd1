/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a package, key, index or lock is refused, as a finding with its file and, where it has to do
 * with one, the entry in it.
 *
 * Invariant: every refusal is an error that is the machine's (exit code 3), never silent.
 * Ownership: the findings own copies.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DISK_REFUSE_H
#define QETL_CORE_DISK_REFUSE_H

#include "config/finding.h"

/* entry may be NULL. The answer takes qetl_finding_mend; it may be NULL, without memory. */
struct qetl_finding *qetl_refuse(struct qetl_findings *, const char *file, const char *entry,
                                 const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
