/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a prepared output visible, or undoing it, from its handle alone.
 *
 * Invariant: nothing that stood under the final name is ever lost: it stays, or it lives on under
 * the backup's name. Both calls may be repeated, also after a kill in the middle of them.
 * Ownership: nothing is kept.
 * Threads:   none of its own; other processes may work in the same folder.
 */
#ifndef FILE_SINK_PUBLISH_H
#define FILE_SINK_PUBLISH_H

#include "handle.h"

/* Gives it its name; commit makes that durable too. */
int32_t publish_show(struct qetl_env, const struct handle *);
int32_t publish_commit(struct qetl_env, const struct handle *);
int32_t publish_abort(struct qetl_env, const struct handle *);
/* Makes the names in the path's folder durable: 0 or errno. */
int publish_folder_sync(const char *path);
/* Also the names of the folders above it, which may have been made just now. */
int publish_folders_sync(const char *path);

#endif
