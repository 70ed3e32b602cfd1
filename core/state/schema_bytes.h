/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas as bytes, so that a run that goes on infers nothing.
 *
 * Invariant: what was written is read back equal in format, name, metadata, flags, children and
 *            dictionary; any other bytes are refused.
 * Ownership: what is read is the caller's, to release.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_SCHEMA_BYTES_H
#define QETL_CORE_SCHEMA_BYTES_H

#include "pack.h"

#include <qetl/plugin.h>

void qetl_pack_schema(struct qetl_pack *, const struct ArrowSchema *);
/* 0, or QETL_E_NO_MEMORY, or QETL_E_DATA, where the reader failed, too: nothing is to be released.
 */
int32_t qetl_unpack_schema(struct qetl_unpack *, struct ArrowSchema *out);

#endif
