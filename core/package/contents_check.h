/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list of files must be beyond its form.
 *
 * Invariant: none of its own; it is the invariant of contents.h that is looked at.
 * Ownership: nothing changes hands.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_CONTENTS_CHECK_H
#define QETL_CORE_PACKAGE_CONTENTS_CHECK_H

#include "contents.h"

/* What a plugin may be called. */
int qetl_package_is_name(const char *text);
/* Name, version, platform, libc and ABI alone. NULL: they are good; else which is not, "the name",
 * with what stands there in *value. */
const char *qetl_package_words_fault(const struct package_contents *, const char **value);
/* 0, or -1 with a finding. */
int qetl_package_contents_check(const struct package_contents *, const char *file,
                                struct qetl_findings *);

#endif
