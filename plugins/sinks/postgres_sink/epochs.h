/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table _qetl_epochs: which epoch of a pipeline is in the database, and whose turn it is.
 *
 * Invariant: a row is written in the same transaction as the rows of its epoch; the generation in
 * it only grows, and who writes it waits for whoever is about to. Ownership: nothing is kept.
 * Threads:   as the server.
 */
#ifndef POSTGRES_SINK_EPOCHS_H
#define POSTGRES_SINK_EPOCHS_H

#include "table.h"

/* In a transaction of its own, which also makes the table and raises the generation. schema: where
 * the rows go. */
int32_t epochs_last(struct server *, const char *schema, const struct qetl_epoch *asked,
                    uint64_t *number);
/* Within the open transaction; FENCED where a process of a later generation was here. */
int32_t epochs_note(struct server *, const char *schema, const struct qetl_epoch *epoch);
/* Which one is there, by reading alone; 0: none, or no table. */
int32_t epochs_read(struct server *, const char *schema, const struct qetl_epoch *asked,
                    int64_t *number, int64_t *generation);
/* Whether the epoch of a commit that nobody has answered is there. RETRY_CALL: it is under way. */
int32_t epochs_settle(struct server *, const char *schema, const struct qetl_epoch *epoch,
                      bool *committed);

#endif
