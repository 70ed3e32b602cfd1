/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole folder takes the place of another, which is kept as a backup; from its handle alone.
 *
 * Invariant: the final name always holds a whole folder, the former or ours, where the file system
 * can exchange two names. The former one is never anywhere but there or under the backup's name,
 * so that nothing that is swept up can be it. Both calls may be repeated, also after a kill.
 * Ownership: nothing is kept.
 * Threads:   none of its own.
 */
#ifndef FILE_SINK_SWAP_H
#define FILE_SINK_SWAP_H

#include "handle.h"

int32_t swap_show(struct qetl_env, const struct handle *);
int32_t swap_abort(struct qetl_env, const struct handle *);
/* A folder with all that is in it; links are removed, not followed. */
void swap_tree_remove(const char *path);
/* The folders that are empty, from the innermost on. */
void swap_empties_remove(const char *path);

#endif
