/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the skeletons of qetl/row.h share: columns that are made row by row, and fields that a
 * restart brings back.
 *
 * Invariant: between two rows each builder of `made` holds `built` values.
 * Ownership: own belongs to its row; qetl_sdk_row_free disposes of all of it.
 * Threads:   as the component's.
 */
#ifndef QETL_SDK_ROW_H
#define QETL_SDK_ROW_H

#include "internal.h"

#include <qetl/parcel.h>
#include <qetl/row.h>

/* Of a transform: what its bind said. */
struct qetl_sdk_row_plan {
    const struct ArrowSchema *input; /* during bind */
    int64_t *readers;                /* the columns that they read */
    int64_t n_readers, readers_room;
    int64_t *replaced; /* by made column: the reader whose column it stands in for, or -1 */
    int64_t replaced_room;
    int64_t *order; /* the made columns as they were derived */
    bool keeps;     /* every row stays */
    struct ArrowSchema read;
    struct qetl_row_map kept;
};

struct qetl_row_own {
    const void *spec;
    const char *id;
    struct qetl_kept_table kept;
    uint8_t *before;           /* the kept fields, as they were before the batch at hand */
    struct ArrowSchema schema; /* a struct of the made columns */
    struct qetl_builder *made;
    int64_t n_made, built;
    int64_t put_bytes;
    int32_t status;                 /* the first failure of a call within the author's function */
    int32_t misread;                /* the first read of what is not there: reported */
    int64_t unfit;                  /* the column that it is of … */
    bool twice;                     /* … which had a value for the row already */
    int64_t room_column, room_size; /* a text that the author writes; column -1: none */
    const char *room;
    int64_t rejected; /* in this call */
    bool row_rejected, whole_batch, ended, failed, saved;
    struct qetl_sdk_row_plan plan;
    struct qetl_parcel position;
    /* Of a sink: its batch is done up to next, of which so many were taken, and these rejected. */
    int64_t next, taken;
    bool holds;
    struct qetl_sdk_held *held, *held_last;
    /* Of a format: the record at hand, where it begins in the chunk, where those so far do; of its
     * framer: header records that are still to come, and whether one that is too long goes on. */
    struct qetl_text record;
    int64_t record_at, n_wanted;
    struct qetl_row_map starts;
    int32_t header;
    bool passing;
};

/* ---- row.c ---- */

int32_t qetl_sdk_row_new(struct qetl_row *row, struct qetl_env env, const char *id,
                         struct qetl_kept_table kept);
void qetl_sdk_row_free(struct qetl_row *row);
/* Readers of all columns that are written. */
int32_t qetl_sdk_row_columns(struct qetl_row *row, const struct ArrowSchema *schema);
/* Builders for the fields of own->schema. */
int32_t qetl_sdk_row_open(struct qetl_row *row);
/* One row: begin, the author's function, finish with its answer. Finish answers OK, QETL_ROW_NONE,
 * QETL_ROW_REJECTED, another outcome, or a failure that was reported. */
void qetl_sdk_row_begin(struct qetl_row *row, int64_t index);
int32_t qetl_sdk_row_finish(struct qetl_row *row, int32_t answer);
/* Of a whole batch: each builder has so many values. */
int32_t qetl_sdk_row_settle(struct qetl_row *row, int64_t rows);
void qetl_sdk_row_clear(struct qetl_row *row);
/* The made columns, in this order (NULL: their own), as a batch. */
int32_t qetl_sdk_row_take(struct qetl_row *row, const int64_t *order, struct ArrowArray *out);
int32_t qetl_sdk_row_fail_memory(const struct qetl_row *row);

/* ---- row_held.c ---- */

bool qetl_sdk_row_hold(struct qetl_row_own *own, const struct qetl_reject *reject);
void qetl_sdk_row_held_tell(struct qetl_row *row);
void qetl_sdk_row_held_clear(struct qetl_row_own *own);

/* ---- kept.c ---- */

/* FATAL, and reported: the table is wrong. */
int32_t qetl_sdk_kept_check(struct qetl_env env, struct qetl_kept_table table);
void qetl_sdk_kept_clear(struct qetl_kept_table table, void *self);
void qetl_sdk_kept_put(struct qetl_kept_table table, const void *self, struct qetl_parcel *to);
/* The fields, and nothing behind them; UNSUPPORTED leaves them as they are. */
int32_t qetl_sdk_kept_take(struct qetl_kept_table table, void *self, struct qetl_parcel_in from);
/* As they lie in memory, and back. */
size_t qetl_sdk_kept_size(struct qetl_kept_table table);
void qetl_sdk_kept_copy(struct qetl_kept_table table, const void *self, uint8_t *to);
void qetl_sdk_kept_return(struct qetl_kept_table table, void *self, const uint8_t *from);

/* ---- row_read.c, row_put.c ---- */

/* The builder for a value, or NULL: the call is a mistake. */
struct qetl_builder *qetl_sdk_row_place(struct qetl_row *row, int64_t column);
void qetl_sdk_row_room_take(struct qetl_row *row);
/* A text that the author has written into its room by now. */
static inline void qetl_sdk_row_room_put(struct qetl_row *row)
{
    if (row->own->room_column >= 0)
        qetl_sdk_row_room_take(row);
}

static inline bool qetl_sdk_row_is_text(const struct qetl_row_own *own, int64_t column)
{
    const char *format = own->schema.children[column]->format;
    return (format[format[0] == 'v'] | 0x20) == 'u';
}

#endif
