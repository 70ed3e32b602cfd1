/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of an array where nobody may look: under NULLs, in front of its rows and behind them.
 *
 * Invariant: the array stays valid, and its values the same.
 * Ownership: the array's buffers are the host's, and have no other owner.
 * Threads:   any.
 */
#ifndef QETL_CORE_CONFORM_UNSEEN_H
#define QETL_CORE_CONFORM_UNSEEN_H

#include <qetl/sdk.h>

/* Of a batch and all below it. */
void conform_unseen_fill(const struct ArrowSchema *, struct ArrowArray *, uint8_t pattern);

#endif
