/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether rows could be written, and how far the last run came, without a run.
 *
 * Invariant: nothing is changed; all of it is reading the catalogue, and _qetl_epochs.
 * Ownership: none; the connection is closed again.
 * Threads:   control.
 */
#ifndef POSTGRES_SINK_PROBE_H
#define POSTGRES_SINK_PROBE_H

#include "loader.h"

typedef int32_t probe_tell(void *stream, const char *line);
typedef int32_t inspect_tell(void *stream, const struct qetl_inspected *);

int32_t probe(struct loader *, struct server *, void *stream, probe_tell *tell);
int32_t inspect(struct loader *, struct server *, struct qetl_inspection *about, void *stream,
                inspect_tell *tell);

#endif
