/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file in a package may be called.
 *
 * Invariant: a name that is accepted stays beneath the folder that it is unpacked into, on every
 *            file system, and two accepted names that differ only in case are found to be one.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_CORE_PACKAGE_ENTRY_NAME_H
#define QETL_CORE_PACKAGE_ENTRY_NAME_H

/* NULL: it is good. Otherwise what is wrong, as the end of "its name …". */
const char *qetl_package_name_fault(const char *path);
/* As strcasecmp, by the letters of ASCII alone, whatever the locale. */
int qetl_package_name_compare(const char *one, const char *other);

#endif
