/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large anything of a package may be. What is larger is refused before it is read any further.
 *
 * Invariant: none of these depends on what a package says of itself.
 * Ownership: all is constant.
 * Threads:   any.
 */
#ifndef QETL_CORE_PACKAGE_PACKAGE_LIMITS_H
#define QETL_CORE_PACKAGE_PACKAGE_LIMITS_H

#define QETL_PACKAGE_SUFFIX ".qpkg"
#define QETL_PACKAGE_CONTENTS "CONTENTS"
#define QETL_PACKAGE_SIGNATURE "SIGNATURE"

enum {
    QETL_PACKAGE_BYTES_MAX = 256 << 20,      /* the file, as it is packed */
    QETL_PACKAGE_UNPACKED_MAX = 1 << 30,     /* all of it, unpacked */
    QETL_PACKAGE_FILE_MAX = 512 << 20,       /* a file in it */
    QETL_PACKAGE_CONTENTS_MAX = 4 << 20,     /* the list of files */
    QETL_PACKAGE_SIGNATURE_MAX = 4 << 10,    /* the signature */
    QETL_PACKAGE_FILES_MAX = 10000,          /* files in the list */
    QETL_PACKAGE_PATH_MAX = 100,             /* bytes of a path: what a plain tar header holds */
    QETL_PACKAGE_RATIO_MAX = 100,            /* unpacked to packed, of what is … */
    QETL_PACKAGE_RATIO_FREE_BYTES = 1 << 20, /* … more than this */
    QETL_INDEX_BYTES_MAX = 16 << 20,         /* an index, with its signature */
    QETL_INDEX_PACKAGES_MAX = 20000          /* packages in it */
};

#endif
