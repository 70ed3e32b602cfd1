/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was decided, compared with what is there, between runs.
 *
 * Invariant: changes nothing, unless left-overs are to be cleared; then only what no handle and no
 *            state names goes, and nobody holds.
 * Ownership: none.
 * Threads:   control.
 */
#ifndef FILE_SINK_INSPECT_H
#define FILE_SINK_INSPECT_H

#include "parts.h"
#include "single.h"

typedef int32_t inspect_tell(void *stream, const struct qetl_inspected *);

/* One of single and parts is NULL. 0 or a failure, which has been reported. */
int32_t inspect(struct qetl_env, const struct single *, const struct parts *,
                const struct qetl_inspection *, void *stream, inspect_tell *);

#endif
