/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind the decided end of a file that was written in place. Most of it is rows that
 * come again; but another program may have written there while nobody looked, and nothing tells its
 * bytes from ours.
 *
 * Invariant: what is cut off a file in place stands in a file beside it before, and is durable.
 * Ownership: nothing is kept. Threads:   the caller holds the lock of the file.
 */
#ifndef FILE_SINK_ASIDE_H
#define FILE_SINK_ASIDE_H

#include <qetl/sdk.h>

/* Copies the bytes from `from` to `to` of the file at path into "PATH.20240131T235959Z.cut", and
 * tells so. OK or a failure, which has been reported. */
int32_t aside_keep(struct qetl_env, const char *path, const char *given, int64_t from, int64_t to);

#endif
