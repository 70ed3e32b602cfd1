/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records end: at line feeds, which never stand inside a JSON text of one line.
 *
 * Invariant: what is handed on holds whole lines, none of them longer than max_record.
 * Ownership: nothing is owned.
 * Threads:   one framer, one thread.
 */
#ifndef NDJSON_FRAME_H
#define NDJSON_FRAME_H

#include <qetl/sdk.h>

/* Bytes of views that the rows of one chunk may take: short records of many columns would otherwise
 * become batches thousands of times their size. */
enum { NDJSON_BATCH_BYTES = 32 << 20, NDJSON_CELL_BYTES = 16 };

struct ndjson_framer {
    int64_t rows_max;  /* of one chunk; 0: any number */
    bool passing_over; /* inside a line that was rejected for its length */
};

/* A framer for batches of so many columns. */
struct ndjson_framer ndjson_framer_for(int64_t n_columns);
int32_t ndjson_frame(struct ndjson_framer *framer, struct qetl_env env, struct qetl_frame *io);

/* Bytes of a byte order mark at the beginning of data; -1: it may yet become one. */
int64_t ndjson_mark_size(const uint8_t *data, int64_t size, bool whole);

#endif
