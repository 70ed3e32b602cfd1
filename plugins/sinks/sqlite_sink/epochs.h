/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table _qetl_epochs: which epoch of a pipeline is in the database, and whose turn it is.
 *
 * Invariant: a row is written in the same transaction as the rows of its epoch; the generation in
 * it only grows. Ownership: nothing is kept. Threads: as the database.
 */
#ifndef SQLITE_SINK_EPOCHS_H
#define SQLITE_SINK_EPOCHS_H

#include "database.h"

/* In a transaction of its own, which also makes the table and raises the generation. */
int32_t epochs_last(struct database *d, const struct qetl_epoch *asked, uint64_t *number);
/* Within the open transaction; FENCED where a process of a later generation was here. */
int32_t epochs_note(struct database *d, const struct qetl_epoch *epoch);
/* Whether the epoch (or a later one) is in the database already. */
int32_t epochs_hold(struct database *d, const struct qetl_epoch *epoch, bool *held);

#endif
