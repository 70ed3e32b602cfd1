/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most components do with rows: say which columns they have, read those they asked for, keep
 * some, reject others.
 *
 * Invariant: nothing is lost on the way: what cannot be done is a status of the ABI.
 * Ownership: stated per call; memory of a row map is the caller's until it is freed.
 * Threads:   those of the ABI's call in which they are used.
 */
#ifndef QETL_ROWS_H
#define QETL_ROWS_H

#include <qetl/sdk.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Rejected rows ---- */

/* The row goes to the dead letters, with a word for machines and a printf text for people. column
 * -1: the row as a whole. */
void qetl_rejectf(struct qetl_env env, int64_t row, int64_t column, const char *code,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* As rejectf, with the original bytes; offset: where they begin in the data at hand (frame and
 * decode; else 0). Both are for port 0. */
void qetl_reject_bytes(struct qetl_env env, int64_t row, const char *code, struct qetl_blob bytes,
                       int64_t offset, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* ---- Sources ---- */

/* Fills describe's answer of a source of batches: "id bigint, city text"; delivery: QETL_REPLAYABLE
 * … Bytes and rows expected are unknown until they are set. */
int32_t qetl_describe_rows(struct qetl_source_info *out, const char *columns, uint32_t delivery);

/* ---- Transforms: bind ---- */

/* All columns of input port 0 go on untouched, under their names, on output port 0. */
int32_t qetl_bind_all(struct qetl_binder *binder, const struct ArrowSchema *input);
/* The same, but a column made by process, of this type and made of the old one, stands in the place
 * of `column`. type: SQL, "text". */
int32_t qetl_bind_instead(struct qetl_binder *binder, const struct ArrowSchema *input,
                          int64_t column, const char *type);
/* A further column, made by process of n columns of the input. */
int32_t qetl_bind_new(struct qetl_binder *binder, const char *name, const char *type, int64_t n,
                      const int64_t *columns);
/* The same of a field, which is copied, on any output port. */
int32_t qetl_bind_field(struct qetl_binder *binder, uint32_t port, const struct ArrowSchema *field,
                        int64_t n, const int64_t *columns);
/* Asks for a column, as VALUE, and appends its field to `read`: a struct schema, or one that was
 * zeroed, which then becomes one. Release what bind before left in it. */
int32_t qetl_bind_read(struct qetl_binder *binder, const struct ArrowSchema *input, int64_t column,
                       struct ArrowSchema *read);

/* ---- Batches ---- */

struct qetl_column;
/* A reader of each column of a batch into columns, which has room for schema's children. In process
 * schema is what bind_read has gathered. UNSUPPORTED, DATA: as qetl_column_open. */
int32_t qetl_batch_open(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                        struct qetl_column *columns);

/* A column of an event's batch, lent: all its rows, from the batch's first one on. */
struct ArrowArray qetl_batch_column(const struct ArrowArray *batch, int64_t rows, int64_t column);
/* The same, moved out of the batch, to keep it. */
void qetl_batch_move(struct ArrowArray *batch, int64_t rows, int64_t column,
                     struct ArrowArray *out);
/* Undoes the move, where the call is going to fail: the batch is the host's then, and whole. Takes
 * one that is released, too, and does nothing. */
void qetl_batch_return(struct ArrowArray *batch, int64_t column, struct ArrowArray *moved);

/* Which rows of the input leave: for qetl_output's row_map and derived_map. Zeroed, it is empty. */
struct qetl_row_map {
    int32_t *rows;
    int64_t n, capacity;
};
/* Empties the map and makes room for so many rows, so that keep needs no answer. NO_MEMORY. */
int32_t qetl_row_map_begin(struct qetl_row_map *map, int64_t rows);
static inline void qetl_row_map_keep(struct qetl_row_map *map, int64_t row)
{
    map->rows[map->n++] = (int32_t)row;
}
void qetl_row_map_free(struct qetl_row_map *map);

#ifdef __cplusplus
}
#endif

#endif
