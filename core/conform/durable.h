/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a folder would hold if the power went now: files as they were synced, under the names that
 * their folders were synced with.
 *
 * Invariant: what lies there at begin is taken as synced, and what the process writes in memory
 * that it shares with a file is left to it. Ownership: the process'; there is no way back.
 * Threads:   begin and lacks by one; noted by any.
 */
#ifndef QETL_CORE_CONFORM_DURABLE_H
#define QETL_CORE_CONFORM_DURABLE_H

#include <stdbool.h>
#include <stddef.h>

/* From now on syncs are noted. */
void conform_durable_begin(const char *folder);
/* Whether anything that lies there is not synced: it is named. */
bool conform_durable_lacks(char *what, size_t size);

/* sync.c tells: a file or a folder was synced; all of them; those in shared memory; or a
 * descriptor is closed, of which each write may have been one. Nothing is noted before begin. */
void conform_durable_synced(int fd);
void conform_durable_synced_all(void);
void conform_durable_synced_memory(void);
void conform_durable_closes(int fd);

#endif
