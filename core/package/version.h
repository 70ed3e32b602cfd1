/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of plugins, MAJOR.MINOR.PATCH[-PRE][+BUILD], and their order (Semantic Versioning 2.0).
 *
 * Invariant: of two versions that are not the same text one comes first, the same one always.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_CORE_PACKAGE_VERSION_H
#define QETL_CORE_PACKAGE_VERSION_H

enum { QETL_PACKAGE_VERSION_MAX = 64 }; /* bytes */

int qetl_package_is_version(const char *text);
/* As strcmp; both are versions. */
int qetl_package_version_compare(const char *one, const char *other);

#endif
