/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of JSON as the elements of one list.
 *
 * Invariant: what is written between begin and finish is one JSON document.
 * Ownership: the caller's spaces.
 * Threads:   one layout, one thread, in order.
 */
#ifndef NDJSON_LAYOUT_H
#define NDJSON_LAYOUT_H

#include <qetl/sdk.h>

struct json_layout {
    bool pretty; /* a line for each member, indented */
    bool behind; /* a record was written: the next one brings a comma */
};

/* Appends lines, each of which ends with a line feed, as elements. */
int32_t json_layout_put(struct json_layout *layout, const uint8_t *lines, int64_t size,
                        struct qetl_space *out);

#endif
