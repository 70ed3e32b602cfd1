/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a source stands at a barrier, as the POSITION entry of an epoch tells the next process.
 *
 * Invariant: rows are known once the stand is settled: all that came before it is counted then.
 * Ownership: a stand owns its texts and bytes, and refers to the objects that it waits for.
 * Threads:   made by the source's task, settled under its tracker's lock, then immutable.
 */
#ifndef QETL_CORE_EPOCH_STAND_H
#define QETL_CORE_EPOCH_STAND_H

#include "data/origin.h"
#include "state/pack.h"

#include <stdatomic.h>

struct qetl_stand_object {
    char *name;
    void *note;
    size_t note_size;
    uint8_t *head; /* as the object's: letters need it */
    int64_t head_size;
    int64_t number; /* of its source's */
    uint64_t id;    /* as its source says */
    int64_t rows;   /* that lie before the barrier */
    struct qetl_object *object;
};

struct qetl_stand {
    bool ended; /* there is no more */
    uint32_t split;
    bool begun;     /* position was handed out; else it is the split's beginning */
    void *position; /* newest one that lies not behind the barrier … */
    size_t position_size;
    int64_t skip; /* … and so many bytes behind it are before the barrier */

    bool in_object;                    /* the first of the objects goes on: */
    bool object_started;               /* its first bytes were not framed yet */
    bool object_ended;                 /* all of it was */
    bool end_told;                     /* and its framer knows */
    bool starts_rows;                  /* its next chunk is its first */
    int64_t rows;                      /* of no object */
    int64_t numbered;                  /* objects that began so far */
    struct qetl_stand_object *objects; /* the others pause */
    size_t n_objects;
    atomic_bool settled;
};

struct qetl_stand *qetl_stand_new(void);
void qetl_stand_free(struct qetl_stand *); /* accepts NULL */
/* Negative without memory. */
int32_t qetl_stand_set_position(struct qetl_stand *, const void *position, size_t size);
int32_t qetl_stand_add_object(struct qetl_stand *, struct qetl_object *);
/* Settles it once all origins so far are counted. Negative without memory. */
int32_t qetl_stand_settle(struct qetl_stand *, struct qetl_tracker *);

void qetl_stand_pack(const struct qetl_stand *, struct qetl_pack *);
/* NULL: these are not the bytes of a stand, or there is no memory. */
struct qetl_stand *qetl_stand_unpack(const void *data, size_t size);

#endif
