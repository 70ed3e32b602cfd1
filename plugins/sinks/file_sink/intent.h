/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A note beside a file that is appended to, until the first epoch is decided: how long it was. Who
 * is killed before that leaves no other trace of what has to be cut off.
 *
 * Invariant: it is durable before the first byte is appended, and names the file by its inode.
 * Ownership: the caller's path. Threads:   the caller holds the lock of the file.
 */
#ifndef FILE_SINK_INTENT_H
#define FILE_SINK_INTENT_H

#include "handle.h"
#include "target.h"

/* "/folder/.NAME.qetl-a1b2c3d4.begun"; NULL: no memory. */
char *intent_path(const char *final, const char *owner);
int32_t intent_write(struct qetl_env, const char *path, const struct handle *);
/* A run of the same owner did not come to its first decision: what it appended is cut off. */
int32_t intent_undo(struct qetl_env, const char *path, int fd, const char *given);
void intent_drop(const char *path); /* accepts NULL */

#endif
