/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a page as bytes, for a run that goes on there.
 *
 * Invariant: the same bytes on every machine; what is cut off or of another kind is not read.
 * Ownership: the position owns its bytes; a place that was read owns its text.
 * Threads:   one at a time.
 */
#ifndef REST_SOURCE_POSITION_H
#define REST_SOURCE_POSITION_H

#include "pager.h"

struct position {
    uint8_t *data;
    size_t size, room;
};

bool position_write(struct position *, enum pager_kind,
                    const struct place *); /* false: no memory */
/* OK, UNSUPPORTED or NO_MEMORY. */
int32_t position_read(struct qetl_blob, enum pager_kind, struct place *out);
void position_free(struct position *);

#endif
