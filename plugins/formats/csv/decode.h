/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One chunk on its way to a batch.
 *
 * Invariant: base[i] is the number of ends before row i's first; rows are the records without a
 * verdict. Ownership: scratch keeps its arrays from chunk to chunk; heap pieces are references of
 * the batch being made, which each column that points there retains anew. Threads:   as the
 * instance.
 */
#ifndef QETL_CSV_DECODE_H
#define QETL_CSV_DECODE_H

#include "csv.h"

/* Why a record is rejected: the first reason, by column. */
struct csv_verdict {
    enum csv_code code;
    int32_t column; /* or -1 */
};

/* Host buffers for cells that could not be pointed at where they stood. */
struct csv_heap {
    uint8_t **pieces;
    int64_t *sizes;
    int64_t n, room;
    int64_t used; /* of the last piece */
};

struct csv_scratch {
    uint32_t *base, *late;        /* late: as base, of the rows that decode_late was asked for */
    int32_t *map;                 /* row -> record */
    int32_t *offsets;             /* of records, in the original chunk */
    uint64_t *valid;              /* bits of the column at hand */
    uint8_t *bytes;               /* booleans before they are packed */
    struct csv_verdict *verdicts; /* per record; meaningful while `judged` */
    int64_t room;
    bool judged;
    struct csv_heap heap;
};

struct csv_job {
    struct csv *self;
    const struct qetl_chunk *original; /* before it was rewritten, if it was */
    const struct qetl_chunk *chunk;
    struct csv_scratch *s;
    int64_t rows, records;
    bool mapped; /* some records are no rows */
};

struct csv_cell {
    const uint8_t *data;
    int64_t size;
    bool quoted;
};

/* The cell's content as it stands (quotes within it still doubled). last: it is the row's last. */
static inline struct csv_cell csv_cell_at(const struct csv_index *ix, const uint8_t *data,
                                          uint8_t quote, uint32_t base, int64_t column, bool last)
{
    uint32_t begin = csv_cell_begin(ix, base, column), end = ix->ends[base + column];

    if (last && end > begin && data[end - 1] == '\r')
        end--;
    if (end - begin >= 2 && data[begin] == quote)
        return (struct csv_cell){data + begin + 1, end - begin - 2, true};
    return (struct csv_cell){data + begin, end - begin, false};
}

static inline bool csv_cell_is_null(const struct csv_nulls *nulls, struct csv_cell cell)
{
    return !cell.quoted && csv_nulls_may(nulls, cell.size) &&
           csv_nulls_match(nulls, cell.data, cell.size);
}

/* Where a record begins in the chunk at hand; behind the last one, its end. */
static inline int64_t csv_record_begin(const struct csv_job *job, int64_t record)
{
    const struct csv_index *ix = &job->self->index;
    int64_t end = record == job->records ? job->chunk->size : 0;

    return record && !end ? (int64_t)ix->ends[(int64_t)ix->rows[record - 1] - 1] + 1 : end;
}

/* decode.c */
void csv_verdict_set(struct csv_job *job, int64_t record, enum csv_code code, int64_t column);

static inline int64_t csv_row_record(const struct csv_job *job, int64_t row)
{
    return job->mapped ? job->s->map[row] : row;
}

/* heap.c: room for n bytes (and 16 to read behind them); NULL without memory. The bytes are kept by
 * take, which answers their place. */
struct csv_place {
    int32_t piece, offset;
};
uint8_t *csv_heap_reserve(struct csv *self, struct csv_heap *heap, int64_t n);
struct csv_place csv_heap_take(struct csv_heap *heap, int64_t n);
void csv_heap_drop(struct csv *self, struct csv_heap *heap);

/* views.c: text, lexical or value. */
int32_t csv_column_views(struct csv_job *job, int64_t column, struct ArrowArray *out);
/* columns.c: values. Cells that do not fit get a verdict. */
int32_t csv_column_values(struct csv_job *job, int64_t column, struct ArrowArray *out);
/* Only verdicts; views: the column's, or NULL. */
int32_t csv_column_check(struct csv_job *job, int64_t column, const struct ArrowArray *views);
/* binaries.c: values of binary; out NULL: only verdicts. */
int32_t csv_column_binaries(struct csv_job *job, int64_t column, struct ArrowArray *out);
/* Host memory for the validity bits in scratch; *out NULL if there are no nulls. */
int32_t csv_validity_make(struct csv_job *job, int64_t nulls, void **out);
/* An array of views: moves views, retains the chunk and the pieces it points at. */
int32_t csv_views_array(struct csv_job *job, int64_t nulls, void *views, bool far, bool heaped,
                        struct ArrowArray *out);

/* The 16 bytes of a view, as two words of little endian. At least 12 bytes at data can be read. */
static inline void csv_view_write(uint64_t *view, const uint8_t *data, uint32_t size,
                                  int32_t buffer, uint32_t offset)
{
    static const uint64_t first[14] = {0,          0xff,       0xffff,     0xffffff,   0xffffffff,
                                       0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
                                       0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    static const uint64_t rest[14] = {0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0xff,
                                      0xffff,
                                      0xffffff,
                                      0xffffffff,
                                      0xffffffffff,
                                      0xffffffffffff,
                                      0xffffffffffffff,
                                      0xffffffffffffffff,
                                      0};
    uint32_t index = size < 13 ? size : 13;
    uint64_t low, high, place = (uint64_t)offset << 32 | (uint32_t)buffer;

    memcpy(&low, data, sizeof low);
    memcpy(&high, data + 4, sizeof high);
    view[0] = size | (low & first[index]) << 32;
    view[1] = size > 12 ? place : high & rest[index];
}

/* rewrite.c: the indexed chunk of the job in UTF-8, with rows of full length, and indexed. Its
 * buffer is the caller's. */
bool csv_rewrite_needed(const struct csv *self);
int32_t csv_rewrite(struct csv_job *job, struct qetl_chunk *out);
/* A copy of data, which holds the job's records, in a buffer of the host's, indexed. */
int32_t csv_rewritten_keep(struct csv_job *job, const uint8_t *data, int64_t size,
                           struct qetl_chunk *out);

/* reject.c */
void csv_reject_record(struct csv_job *job, int64_t record, const struct csv_verdict *verdict);

#endif
