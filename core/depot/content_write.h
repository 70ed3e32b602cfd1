/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package's files, put into a depot: beside it first, durably, then by one rename.
 *
 * Invariant: content/DIGEST is whole whenever it is there.
 * Ownership: nothing changes hands.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_CONTENT_WRITE_H
#define QETL_CORE_DEPOT_CONTENT_WRITE_H

#include "depot.h"

/* 0, an errno, or -1 with a finding. */
int qetl_content_write(const struct depot *, const struct package *, const char *digest,
                       struct qetl_findings *);

#endif
