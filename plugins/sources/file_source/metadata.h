/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that say where a row comes from: the option `metadata`.
 *
 * Invariant: columns stand in the order of the option; their names differ.
 * Ownership: names belong to the host's options; values are moved out.
 * Threads:   one at a time.
 */
#ifndef FILE_SOURCE_METADATA_H
#define FILE_SOURCE_METADATA_H

#include <qetl/sdk.h>

#include <sys/stat.h>

enum metadata_fact {
    METADATA_PATH,
    METADATA_NAME,
    METADATA_SIZE,
    METADATA_MTIME,
    METADATA_ROW,
    METADATA_BYTE_OFFSET,
    METADATA_FACTS
};

enum { METADATA_MOST = 64 };

struct metadata {
    struct qetl_env env;
    int64_t count;
    struct metadata_column {
        const char *name;
        enum metadata_fact fact;
    } columns[METADATA_MOST];
};

struct metadata_object {
    const char *path;
    bool regular; /* the rest is known */
    int64_t size, mtime_ns;
};

/* OK or a failure, which has been reported. */
int32_t metadata_read(struct metadata *, struct qetl_env);
int32_t metadata_schema(const struct metadata *, struct ArrowSchema *out);
/* One row of those that the host does not know by itself. */
int32_t metadata_values(const struct metadata *, const struct metadata_object *,
                        struct ArrowArray *out);

#endif
