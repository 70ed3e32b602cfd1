/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether files could be written, before any are.
 *
 * Invariant: nothing is made. Ownership: none. Threads: control.
 */
#ifndef FILE_SINK_PROBE_H
#define FILE_SINK_PROBE_H

#include "target.h"

typedef int32_t probe_tell(void *stream, const char *line);

int32_t probe_file(struct qetl_env, const char *path, enum if_exists, void *stream, probe_tell *);
/* root: the folder below which files would stand. */
int32_t probe_folder(struct qetl_env, char *root, void *stream, probe_tell *);

#endif
