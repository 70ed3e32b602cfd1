/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether rows could be written, before any are.
 *
 * Invariant: the database is opened for reading, or not at all where there is none; nothing is made
 * beside it. Ownership: none. Threads: control.
 */
#ifndef SQLITE_SINK_PROBE_H
#define SQLITE_SINK_PROBE_H

#include "database.h"

typedef int32_t probe_tell(void *stream, const char *line);

int32_t probe(struct database *, void *stream, probe_tell *tell);

#endif
