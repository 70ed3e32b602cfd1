/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trusted key by its bytes: it may stand in several files, under several names, yours and the
 * machine's, and is trusted as long as it stands in one.
 *
 * Invariant: what is said of a key was read from the folders behind the last change to them.
 * Ownership: all is lent for the call.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_KEYS_H
#define QETL_CORE_CLI_KEYS_H

#include "trust/key_file.h"

#include <jansson.h>

/* The folder of trusted keys of all users, or of this one; the caller's. NULL with a finding. */
char *qetl_keys_folder(bool system, struct qetl_findings *);
/* Until it is closed nobody else changes what stands in the folder; *lock is -1 where there is
 * none. 0, or -1 with a finding. */
int qetl_keys_lock(const char *folder, int *lock, struct qetl_findings *);
/* With what a file trusts its key: one key may have both in files of their own. */
enum qetl_key_role { QETL_KEY_FOR_PACKAGES, QETL_KEY_FOR_INDEXES, QETL_KEY_FOR_ANY };

/* Every file of the folder with this key in that role goes, but for `except` (or NULL); their paths
 * are appended to `gone`. 0 or -1 with findings. */
int qetl_keys_drop(const char *folder, const struct package_key *, enum qetl_key_role,
                   const char *except, json_t *gone, struct qetl_findings *);
/* Calls each with those of this key that a run of this user would find, but for `except`, also
 * where others may write them. How many; -1 with findings. */
int qetl_keys_each(const struct package_key *, const char *except,
                   void (*each)(void *arg, const struct key_file *, bool system), void *arg,
                   struct qetl_findings *);

#endif
