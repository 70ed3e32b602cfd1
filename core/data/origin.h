/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where rows came from. Replicas decode chunks in any order, so a row's number in its object is
 * known only once all chunks before are counted: the tracker of a source resolves that, and until
 * then holds back what asks for a number (a dead letter).
 *
 * Invariant: origins are numbered by their source in order; base_row of origin n is the sum of the
 * records of the origins before it in its object. Ownership: reference-counted; an origin keeps its
 * chunk's buffer and record offsets alive. Threads:   make in the source's stages, those of
 * one object in order; everything else from any.
 */
#ifndef QETL_CORE_ORIGIN_H
#define QETL_CORE_ORIGIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_vector; /* batch.h */

struct qetl_object { /* a file, a response, a message */
    atomic_int refs;
    int64_t next_row;            /* under the tracker's lock: records that are counted */
    struct qetl_vector **values; /* of the columns that its source adds, a row each; settled … */
    int64_t n_values;            /* … before its first chunk goes out */
    bool valued;
    void *note; /* of its format, for the decoders; settled before its first chunk goes out */
    size_t note_size;
    uint8_t *head;     /* what comes before its first record; settled as the note is */
    int64_t head_size; /* negative: nobody knows, or it is too long */
    int64_t number;    /* of its source's, in order */
    uint64_t id;       /* as its source says; 0: its name is enough */
    char name[];
};

struct qetl_object *qetl_object_new(const char *name);
/* Copies the note; negative without memory. */
int32_t qetl_object_note(struct qetl_object *, const void *data, size_t size);
/* Adds to what comes before its first record, as far as there is room. */
void qetl_object_head(struct qetl_object *, const uint8_t *data, int64_t size);
/* Takes one more value over; negative without memory: not taken. */
int32_t qetl_object_value(struct qetl_object *, struct qetl_vector *moved);
void qetl_object_ref(struct qetl_object *);
void qetl_object_unref(struct qetl_object *);

struct qetl_tracker;
struct qetl_letter; /* a rejected row on its way: dead_letter.h */

struct qetl_origin {
    atomic_int refs;
    struct qetl_tracker *tracker;
    struct qetl_object *object; /* or NULL */
    uint64_t number;
    bool starts_object;
    int64_t offset; /* of data in the object */
    const uint8_t *data;
    int64_t size;
    void *buffer;             /* retained */
    int32_t *record_offsets;  /* a pool buffer, or NULL; records of them */
    int64_t records;          /* once completed */
    int64_t base_row;         /* once resolved */
    bool completed, resolved; /* under the tracker's lock */
    struct qetl_letter *waiting;
    void (*wake)(void *arg); /* of who waits for base_row, or NULL; under the tracker's lock */
    void *wake_arg;
    void (*reached)(void *arg, int64_t rows); /* of a mark; else NULL */
    struct qetl_origin *next;                 /* in the tracker's queue */
};

/* deliver is called with each letter once its row number can be told, in order, under a lock. */
struct qetl_tracker *qetl_tracker_new(const char *source,
                                      void (*deliver)(void *arg, struct qetl_letter *), void *arg);
void qetl_tracker_free(struct qetl_tracker *); /* all origins are gone or will never complete */
const char *qetl_tracker_source(const struct qetl_tracker *);
/* By who makes the origins: once all that were made so far are counted, `reached` hears, under the
 * lock, how many rows of no object there were; those of objects stand in their next_row. Never, if
 * the tracker is freed before. Negative without memory. */
int32_t qetl_tracker_mark(struct qetl_tracker *, void (*reached)(void *arg, int64_t rows),
                          void *arg);
/* How many rows of no object came before this process; of several who say it, the most. */
void qetl_tracker_begin_at(struct qetl_tracker *, int64_t rows);

/* A new origin, numbered; NULL without memory. buffer (may be NULL) is retained. */
struct qetl_origin *qetl_origin_new(struct qetl_tracker *, struct qetl_object *, bool starts_object,
                                    int64_t offset, const uint8_t *data, int64_t size,
                                    void *buffer);
void qetl_origin_ref(struct qetl_origin *);
void qetl_origin_unref(struct qetl_origin *); /* accepts NULL */
/* Its records are counted; record_offsets moves. */
void qetl_origin_complete(struct qetl_origin *, int64_t records, int32_t *record_offsets);
/* How many records stand before it in its object. False: not all of those before are counted yet;
 * wake is called, under a lock, once they are. */
bool qetl_origin_base(struct qetl_origin *, void (*wake)(void *arg), void *arg, int64_t *base);
/* Hands a letter of one of its rows over, now or as soon as the number is known. */
void qetl_origin_post(struct qetl_origin *, struct qetl_letter *);

#endif
