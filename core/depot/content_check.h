/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a depot is as installations leave it: each file of each package has its hash, there is no
 * other, and nothing half-done lies about.
 *
 * Invariant: nothing is changed.
 * Ownership: all is lent for the call.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_CONTENT_CHECK_H
#define QETL_CORE_DEPOT_CONTENT_CHECK_H

#include "depot.h"

/* One package; what is wrong with it is told. 0, or -1 with findings. */
int qetl_content_check(const struct depot *, const struct depot_entry *, struct qetl_findings *);

#endif
