/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which versions will do: "1.2.3" just that one, "1.2" each that begins so, "^1.2.0" until 2.0.0,
 * "~1.2.0" until 1.3.0, and ">=1.2.0,<2.0.0" all that every part allows.
 *
 * Invariant: a version before a release (1.2.0-rc.1) will do only where a part of the range names
 *            one before the same release.
 * Ownership: none; the text is the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_PACKAGE_RANGE_H
#define QETL_CORE_PACKAGE_RANGE_H

/* NULL, which is any version, is one too. */
int qetl_is_version_range(const char *text);
int qetl_version_range_has(const char *range, const char *version);

#endif
