/* SPDX-License-Identifier: Apache-2.0 */
/* A file is a record; one of no bytes, too. */
#include "lines.h"

int32_t lines_raw_frame(void *self, struct qetl_frame *io)
{
    struct lines *l = self;
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    io->begin = io->used = io->rejected = 0;
    if (io->flags & QETL_ITEM_OBJECT_START)
        l->passing_over = false;
    if (!l->passing_over && io->size > l->max_bytes) {
        lines_reject_oversize(l->env, io, 0, l->max_bytes, "the file is larger than max_bytes");
        l->passing_over = true;
    }
    if (l->passing_over) {
        io->begin = io->used = io->size;
        l->passing_over = !last;
    } else if (last) {
        io->used = io->size;
        io->empty = io->size == 0;
    }
    return QETL_OK;
}
