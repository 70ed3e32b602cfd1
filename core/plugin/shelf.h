/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the files of installed packages stand, each package in a folder that is called by its
 * digest; and who reads them. Whoever may read a package holds a lock for it, which keeps its files
 * there when it is removed in the meantime.
 *
 * The lock is a byte of one file, `users`, that all may read and its owner alone may write. Such
 * locks (F_OFD_SETLK) are only granted for reading to who opened for reading: nobody else can take
 * one that is in a reader's way. Whoever removes asks whether there are any, and takes none.
 *
 * Invariant: a digest always means the same bytes: what stands under it may be put there anew, and
 *            is never another thing.
 * Ownership: counted; each holder releases.
 * Threads:   one control thread at a time.
 */
#ifndef QETL_CORE_SHELF_H
#define QETL_CORE_SHELF_H

#include <stdbool.h>

#define QETL_SHELF_USERS "users"

struct qetl_shelf {
    int folder; /* of the packages' folders */
    int users;  /* -1: there are no locks here */
    unsigned holders;
};

/* Of a depot's folder: 0, or an errno as of qetl_beneath_folder. *locks: 0, or why there are none.
 */
int qetl_shelf_open(int depot, struct qetl_shelf **, int *locks);
struct qetl_shelf *qetl_shelf_hold(struct qetl_shelf *);
void qetl_shelf_release(struct qetl_shelf *);
/* From now on, until the last holder releases, `digest` is in use. What no lock can be had for (no
 * locks on this file system, none left) is read without: at worst a removal under way is noticed.
 */
void qetl_shelf_use(const struct qetl_shelf *, const char *digest);
/* Whether another process uses it; also where nobody can say. users: the file. */
bool qetl_shelf_is_used(int users, const char *digest);

#endif
