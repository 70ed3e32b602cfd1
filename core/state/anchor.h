/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the database came, told a second time: SQLite takes a log that was cut for one that ends
 * there, and would go on from an older state without a word.
 *
 * Invariant: never ahead of what is durable in the database; one that cannot be read says 0.
 * Ownership: none.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STATE_ANCHOR_H
#define QETL_CORE_STATE_ANCHOR_H

#include "folder.h"

#include <stdint.h>

uint64_t qetl_state_anchor_get(const struct state_folder *);
/* Behind the transaction; not synced: it need not survive what the log does not. */
void qetl_state_anchor_put(const struct state_folder *, uint64_t sequence);

#endif
