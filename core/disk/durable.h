/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and folders that are there as a whole or not at all, and stay when power fails.
 *
 * Invariant: under its name a file has all of its bytes, the old ones or the new ones, at any
 * moment.
 * Ownership: nothing changes hands.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DISK_DURABLE_H
#define QETL_CORE_DISK_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Each 0 or an errno. EEXIST: there is one, and it was not to be replaced. */
int qetl_durable_write(const char *path, const void *bytes, size_t size, mode_t mode, bool replace);
int qetl_durable_write_in(int folder, const char *name, const void *bytes, size_t size, mode_t mode,
                          bool replace);
/* A folder and those above it. */
int qetl_durable_folders(const char *path, mode_t mode);
/* What was renamed into a folder, or removed from it, is so for good. */
int qetl_durable_sync(const char *folder);
/* All of it, into an open file. */
int qetl_write_all(int fd, const void *bytes, size_t size);

#endif
