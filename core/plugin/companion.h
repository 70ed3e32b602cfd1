/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that lie beside a plugin's library. Of an installed package each is verified as it is
 * read, and read from memory; of a folder they are as they lie there.
 *
 * Invariant: nothing outside the library's folder is ever opened for a plugin, by whatever name; of
 *            a package, nothing but what its list of files names, with the hash that stands there.
 * Ownership: descriptors are the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_COMPANION_H
#define QETL_CORE_COMPANION_H

#include "registry.h"

/* 0 and a descriptor at the beginning of the file; or an errno: ENOENT, there is none; EINVAL, the
 * name leads elsewhere; EBADMSG, it is not the file that was installed; EPERM, anyone may change
 * it. */
int qetl_companion_open(const struct qetl_manifest *, const char *path, int *fd);
/* Calls each with the name of each file of the folder, in order, until it answers other than 0;
 * which is the answer. An errno that is no answer of its is *error. */
int qetl_companion_list(const struct qetl_manifest *, const char *folder,
                        int (*each)(void *arg, const char *name), void *arg, int *error);

#endif
