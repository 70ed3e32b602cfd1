/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An encoder: batches to lines.
 *
 * Invariant: a row is written whole or not at all; what is written is valid JSON on one line.
 * Ownership: the encoder owns its runs and a copy of the schema; batches are lent.
 * Threads:   one encoder, one thread.
 */
#ifndef NDJSON_ENCODER_H
#define NDJSON_ENCODER_H

#include "json.h"
#include "kernel.h"

#include <qetl/sdk.h>

enum ndjson_outlet_kind {
    NDJSON_OUT_TEXT,
    NDJSON_OUT_NUMBER,  /* text that should be a number */
    NDJSON_OUT_BOOLEAN, /* text that should be true or false */
    NDJSON_OUT_JSON,    /* text that is JSON */
    NDJSON_OUT_VALUE    /* a value of another type */
};

enum { NDJSON_RUN_COPY = 32 };

/* What becomes of NaN and the infinities, which JSON does not have. */
enum ndjson_nan { NDJSON_NAN_REJECT, NDJSON_NAN_NULL, NDJSON_NAN_STRING };

struct ndjson_outlet {
    uint8_t *run; /* ,"key":" with a quote at its end, readable for NDJSON_RUN_COPY bytes more */
    int64_t run_size;
    enum ndjson_outlet_kind kind;
    bool trusted;              /* JSON that our decoder has read */
    bool leaves_out;           /* NULL spelled as nothing means that the key is missing */
    struct qetl_column column; /* of the batch at hand */
    const uint8_t *views;      /* its text, where it lies in views of 16 bytes; else NULL */
    const uint8_t *const *data;
    const int64_t *sizes;
    uint64_t plain; /* bit i: cell i of the rows at hand is written by copying its view */
};

/* Where the bytes go: a space, held by two pointers. */
struct ndjson_pen {
    struct qetl_space *space;
    uint8_t *p, *end;
};

struct ndjson_encoder {
    struct qetl_env env;
    const struct ndjson_kernel *kernel;
    struct ArrowSchema schema;
    struct ndjson_outlet *outlets;
    int64_t n_outlets;
    struct ndjson_reader reader;
    struct ndjson_pen pen;
    enum ndjson_nan nan;
    const char *code, *message; /* why the row at hand cannot be written; code NULL: it can */
};

/* forms() of the vtable. */
int32_t ndjson_encoder_forms(const struct ArrowSchema *schema, uint32_t *forms);
int32_t ndjson_encoder_open(struct ndjson_encoder *e, struct qetl_env env,
                            const struct ArrowSchema *schema);
void ndjson_encoder_free(struct ndjson_encoder *e);
int32_t ndjson_encode_batch(struct ndjson_encoder *e, const struct ArrowArray *batch,
                            struct qetl_space *out);

/* ---- encode.c, for the kernels' loop over rows (rows.h) ---- */

/* Bit i: cell row + i, of n <= 64, is written by copying its view. */
uint64_t ndjson_outlet_plain(const struct ndjson_outlet *o, int64_t row, int64_t n);
/* Any cell, with its key. e->code says why it cannot be written. */
int32_t ndjson_cell_put(struct ndjson_encoder *e, const struct ndjson_outlet *o, int64_t i);
/* For e->code, which is forgotten. */
void ndjson_row_reject(struct ndjson_encoder *e, int64_t row, int64_t column);

/* ---- write.c ---- */

/* Room for n more bytes. */
int32_t ndjson_pen_reserve(struct ndjson_pen *pen, int64_t n);
static inline int32_t ndjson_pen_room(struct ndjson_pen *pen, int64_t n)
{
    return pen->end - pen->p >= n ? QETL_OK : ndjson_pen_reserve(pen, n);
}
int32_t ndjson_pen_put(struct ndjson_pen *pen, const void *data, int64_t size);
/* Escaped, without the quotes around; see the kernel's quote for limit. */
int32_t ndjson_pen_text(struct ndjson_encoder *e, const uint8_t *data, int64_t size,
                        const uint8_t *limit);

/* Text that is to be a number, a boolean or JSON: as it stands if it is one, otherwise put right,
 * if its meaning is plain; otherwise e->code says why not. */
int32_t ndjson_write_number(struct ndjson_encoder *e, const uint8_t *data, int64_t size);
int32_t ndjson_write_nan(struct ndjson_encoder *e, double value);
int32_t ndjson_write_boolean(struct ndjson_encoder *e, const uint8_t *data, int64_t size);
int32_t ndjson_write_json(struct ndjson_encoder *e, const uint8_t *data, int64_t size,
                          bool trusted);

/* ---- write_value.c ---- */

/* Any value as JSON, nested ones too. */
int32_t ndjson_write_value(struct ndjson_encoder *e, const struct qetl_column *c, int64_t i);

#endif
