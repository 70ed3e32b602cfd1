/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The children of a schema, to be found by name among any number.
 *
 * Invariant: sorted by name.
 * Ownership: points into the schema; free() releases the list.
 * Threads:   any, once made.
 */
#ifndef AVRO_NAMES_H
#define AVRO_NAMES_H

#include <qetl/sdk.h>

struct avro_name {
    const char *text;
    int64_t index;
};

/* To be freed; NULL without memory. */
struct avro_name *avro_names_sort(const struct ArrowSchema *schema);
/* The index of a name among n, or -1. */
int64_t avro_names_find(const struct avro_name *names, int64_t n, const char *text);

#endif
