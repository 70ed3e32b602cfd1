/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a run of a sink, which cases put into other orders.
 *
 * Invariant: handles are those of the last prepare. Ownership: the sinking's, but for the bench.
 * Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_SINK_H
#define QETL_CORE_CONFORM_SINK_H

#include "drive.h"

enum { CONFORM_HANDLES = 16, CONFORM_KEYS = 64 };

struct conform_sinking {
    struct conform_bench *b;
    const struct conform_table *table;
    bool bytes, final;
    bool stranger;   /* of another pipeline */
    uint32_t commit; /* QETL_COMMIT_ */
    struct qetl_want wants[64];
    int64_t n_wants;
    struct ArrowSchema schema; /* as delivered */
    struct conform_saved saved;
    uint64_t epoch, generation;
    char pipeline[200];
    struct conform_text texts[CONFORM_HANDLES];
    struct qetl_blob handles[CONFORM_HANDLES];
    size_t n_handles;
    const struct qetl_sink_parts *parts; /* or NULL … */
    int64_t n_keys, key_columns[CONFORM_KEYS];
    struct conform_text key_texts[CONFORM_KEYS]; /* of the row at hand */
    struct qetl_blob keys[CONFORM_KEYS];
    int64_t written;
};

int32_t conform_sink_ready(struct conform_sinking *); /* start to the columns of parts */
int32_t conform_sink_open(struct conform_sinking *);
int32_t conform_sink_write(struct conform_sinking *, int64_t first, int64_t rows);
int32_t conform_sink_prepare(struct conform_sinking *);
/* conform_commit or conform_abort of the last handles; QETL_OK where the sink has none. */
int32_t conform_sink_decide(struct conform_sinking *, const struct conform_call *);
int32_t conform_sink_last(struct conform_sinking *, uint64_t *number);
/* Another instance, of the next generation, takes the place of the one on the bench. */
int32_t conform_sink_replace(struct conform_sinking *);
void conform_sink_clear(struct conform_sinking *);

/* drive_parts.c: each does nothing where the sink writes one object. QETL_OK or a failure. */
int32_t conform_parts_begin(struct conform_sinking *); /* behind describe */
int32_t conform_parts_frame(struct conform_sinking *); /* behind it */
int32_t conform_parts_keys(struct conform_sinking *, const struct ArrowArray *row);
int32_t conform_parts_room(struct conform_sinking *); /* for one row with the keys */

#endif
