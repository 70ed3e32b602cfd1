/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root in the home of somebody else, as by sudo -E: what root writes there nobody else can change,
 * and what is there is not root's to believe.
 *
 * Invariant: nothing is written.
 * Ownership: all is lent for the call.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_FOREIGN_H
#define QETL_CORE_CLI_FOREIGN_H

#include "config/finding.h"

/* A folder of this user's, which may be missing. 0, perhaps with a warning; -1 with a finding where
 * it is there, and somebody else's. */
int qetl_foreign_check(const char *folder, struct qetl_findings *);

#endif
