/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an index is, a folder or an address, and the files that lie there.
 *
 * Invariant: of a file no more is read than it may have.
 * Ownership: answers are the caller's.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_INDEX_INDEX_PLACE_H
#define QETL_CORE_INDEX_INDEX_PLACE_H

#include "fetch/download.h"

/* What somebody wrote, in one form: an address without slashes at its end, or an absolute path.
 * NULL with a finding. */
char *qetl_index_place(const char *text, struct qetl_findings *);
/* A file there: its name is one of a package or of an index. NULL with a finding; how messages call
 * it in *called, the caller's in any case. */
unsigned char *qetl_index_place_read(const char *place, const char *name,
                                     const struct qetl_download *, size_t *size, char **called,
                                     struct qetl_findings *);

#endif
