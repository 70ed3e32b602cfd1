/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file beside the target that is written until the output is whole.
 *
 * Invariant: its name is new, hidden, and in the target's folder; no one else's file is opened.
 * Ownership: the caller owns descriptor and name.
 * Threads:   any.
 */
#ifndef FILE_SINK_STAGE_H
#define FILE_SINK_STAGE_H

#include "target.h"

/* Removes what runs that were killed left beside the target: staged files that nobody holds. */
void stage_sweep(struct qetl_env, const struct target *);
/* "/folder/.NAME.qetl-x1y2z3.part", locked while it is open. OK or a failure, which has been
 * reported. */
int32_t stage_create(struct qetl_env, const struct target *, int *fd, char **path);
/* The permissions of the file that will be replaced, as far as this user may give them. */
void stage_mode(int fd, const struct stat *former);
/* "/folder/NAME.20240131T235959Z.bak"; NULL: no memory. */
char *stage_backup(const struct target *);

#endif
