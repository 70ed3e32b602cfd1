/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages, made: of a plugin's library, or of a folder with all that belongs to it.
 *
 * Invariant: what is made is a package that qetl reads, of a plugin that it would take; the same
 *            files make the same bytes.
 * Ownership: the package is the caller's.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_PACK_H
#define QETL_CORE_PACKAGE_PACK_H

#include "package.h"

/* path: NAME.so, or a folder that has one at its top. secret NULL: nobody signs it. NULL with
 * findings. */
struct package *qetl_pack(const char *path, const struct package_secret *, struct qetl_findings *);
/* The same package with this signature in place of the one that it may have. */
struct package *qetl_pack_signed(const struct package *, const struct package_secret *,
                                 struct qetl_findings *);

#endif
