/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th call that changes something of files ends the process, before it does: as a kill would.
 *
 * Invariant: nothing is counted before it was asked for. Ownership: the process'; there is no way
 * back. Threads:   ready once, before others; the rest by any.
 */
#ifndef QETL_CORE_CONFORM_CUT_H
#define QETL_CORE_CONFORM_CUT_H

#include <stdint.h>

/* 0, or -1: it cannot be done. */
int conform_cut_ready(void);
/* Counts from now on; nth 0: ends nothing. */
void conform_cut_at(int64_t nth);

#endif
