/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrow arrays as bytes: what their rows hold, and nothing of how it lay in memory.
 *
 * Invariant: arrays of one schema with equal rows are equal bytes, but for lists and dictionaries
 *            that are laid out otherwise. What is read back is valid by Arrow's rules, or refused.
 * Ownership: what is read is the caller's, to release; it refers to nothing.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_ARRAY_BYTES_H
#define QETL_CORE_ARRAY_BYTES_H

#include "state/pack.h"

#include <qetl/plugin.h>

/* 0, or UNSUPPORTED: a type that is not known here, or an array that is not of the schema; half of
 * it was written then. */
int32_t qetl_pack_array(struct qetl_pack *, const struct ArrowSchema *, const struct ArrowArray *);
/* 0, or NO_MEMORY, or DATA: nothing is to be released. */
int32_t qetl_unpack_array(struct qetl_unpack *, const struct ArrowSchema *, struct ArrowArray *out);

/* Bytes of a value of a type of fixed width; 0: it has none. */
int64_t qetl_format_width(const char *format);

#endif
