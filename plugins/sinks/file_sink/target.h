/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the option `path` means on this machine, and whether it may be written.
 *
 * Invariant: after target_resolve, path is absolute and names no symbolic link that exists.
 * Ownership: target_free frees what resolve made; zeroed is freed.
 * Threads:   none of its own.
 */
#ifndef FILE_SINK_TARGET_H
#define FILE_SINK_TARGET_H

#include <qetl/sdk.h>

#include <sys/stat.h>

enum if_exists {
    IF_EXISTS_ERROR,
    IF_EXISTS_APPEND,
    IF_EXISTS_REPLACE,
    IF_EXISTS_REPLACE_ALL,
    IF_EXISTS_REPLACE_PARTITIONS
};

enum target_kind {
    TARGET_NEW,
    TARGET_FILE,   /* a regular file stands there */
    TARGET_SPECIAL /* a device, a FIFO, or a descriptor of this process: written in place */
};

struct target {
    enum target_kind kind;
    const char *given; /* as the user wrote it; borrowed */
    char *path;
    char *folder;   /* of path */
    int descriptor; /* "/dev/stdout" and the like; else -1 */
    struct stat st; /* unless NEW */
};

/* OK or a failure, which has been reported. */
int32_t target_resolve(struct target *, struct qetl_env, const char *given);
/* May it be written as the user says? */
int32_t target_check(const struct target *, struct qetl_env, enum if_exists);
/* Creates the folders that are missing. */
int32_t target_folders(const struct target *, struct qetl_env);
void target_free(struct target *);

int32_t target_exists_fault(struct qetl_env, int32_t code, const char *given, const char *since);

#endif
