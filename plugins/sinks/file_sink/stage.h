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

/* What runs left that were killed, of which nobody holds the lock. */
struct stage_left {
    bool (*keeps)(void *arg, const char *path); /* or NULL: none of them */
    bool removes;                               /* else it is only told of */
    void (*tell)(void *arg, const char *path, bool removed);
    void *arg;
};
/* Staged files beside the target that no state but that of `owner` (NULL: no one's) may name. */
void stage_left_each(const struct target *, const char *owner, const struct stage_left *);
void stage_left_log(void *env, const char *path, bool removed); /* a tell for what is removed */
/* Removes all of those. */
void stage_sweep(struct qetl_env, const struct target *, const char *owner);
/* "/folder/.NAME.qetl-x1y2z3.part", with an owner ".NAME.qetl-x1y2z3-a1b2c3d4.part", locked while
 * it is open. OK or a failure, which has been reported. */
int32_t stage_create(struct qetl_env, const struct target *, const char *owner, int *fd,
                     char **path);
/* "FOLDER/.NAME.qetl-a1b2c3d4.ENDING", the folder being the first bytes of path. NULL: no memory.
 */
char *stage_name(const char *path, size_t folder_size, const char *name, const char *owner,
                 const char *ending);
/* "-a1b2c3d4", and nothing where there is no owner. */
enum { STAGE_MARK_BYTES = 10 };
void stage_mark(const char *owner, char mark[STAGE_MARK_BYTES]);
/* The permissions of the file that will be replaced, as far as this user may give them. */
void stage_mode(int fd, const struct stat *former);
/* "/folder/NAME.20240131T235959Z.bak"; NULL: no memory. */
char *stage_backup(const struct target *);

#endif
