/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one instance and the parts it is made of.
 *
 * Invariant: the layout is settled by open_decode or open_encode and then constant.
 * Ownership: an instance owns all that it points at; texts of options belong to the host.
 * Threads:   as plugin.h says: one thread at a time inside an instance.
 */
#ifndef QETL_BINARY_H
#define QETL_BINARY_H

#include "kernel.h"
#include "layout.h"
#include "value.h"

struct binary_framer {
    int64_t left;  /* bytes or records that the header promised and that are still to come */
    bool promised; /* else `left` means nothing */
    bool behind;   /* no more records come: the rest of the object is passed over */
    bool ended;    /* the object is at its end, or pauses */
};

/* Arrays that grow to the largest chunk, and what is true of the chunk at hand. */
struct binary_scratch {
    int64_t room;
    int32_t *offsets; /* of each record in the chunk */
    int32_t *types;   /* of each record, where there are several */
    int32_t *anchors; /* of each record anchors_most */
    int32_t *map;     /* row -> record */
    uint8_t *verdicts;
    int32_t *at_fault; /* column */
    int64_t stride;    /* what offsets were made for */
    bool judged;
};

struct binary {
    struct qetl_env env;
    const struct binary_kernel *kernel;
    struct binary_layout layout;
    bool loaded;
    struct qetl_want *wants;
    int64_t n_wants;
    struct qetl_builder *builders; /* one per want, for values without a kernel */
    struct ArrowSchema schema;
    struct binary_framer framer;
    struct binary_scratch scratch;

    struct ArrowSchema encoded; /* as delivered to the encoder */
    int64_t *inputs;            /* per column of the layout, the batch's */
    struct qetl_column *readers;
    struct qetl_space text; /* for values that become text */
    char *prologue, *summary;
};

/* A chunk on its way. */
struct binary_job {
    struct binary *self;
    const struct qetl_chunk *chunk;
    int64_t records, rows;
    bool mapped; /* rows are not all records */
};

/* options.c */
/* Loads what struct or layout say. *given false: neither is there. */
int32_t binary_layout_given(struct binary *self, bool *given);
/* Options that hold beside any layout. */
int32_t binary_layout_adjust(struct binary *self);

/* infer.c */
int32_t binary_infer(struct binary *self, const struct qetl_sample *sample,
                     struct qetl_inferred *out);

/* open.c */
int32_t binary_open_decode(struct binary *self, const struct ArrowSchema *schema,
                           struct qetl_blob prologue, int64_t n_wants,
                           const struct qetl_want *wants);
void binary_decoder_free(struct binary *self);
int32_t binary_schema(const struct binary_layout *layout, struct ArrowSchema *out);

/* walk.c: the bytes of the record at data. BINARY_MORE: they do not end here; BINARY_LOST: no type
 * has this discriminator, or a length is beyond all measure. */
enum { BINARY_MORE = -1, BINARY_LOST = -2 };
int64_t binary_record_size(const struct binary_layout *layout, const uint8_t *data, int64_t size,
                           int32_t *type, int32_t *anchors);

/* frame.c */
int32_t binary_frame(struct binary *self, struct qetl_frame *io);

/* decode.c */
int32_t binary_decode(struct binary *self, const struct qetl_chunk *chunk,
                      struct qetl_decoded *out);
void binary_scratch_free(struct binary_scratch *s);

/* columns.c */
struct binary_cell {
    const uint8_t *data; /* NULL: the record has no such field */
    int64_t size;
    const struct binary_field *field; /* as its type has it */
};
struct binary_cell binary_cell_at(const struct binary_job *job, const struct binary_column *column,
                                  int64_t record);
int32_t binary_column_make(struct binary_job *job, int64_t want, struct ArrowArray *out);
/* decode.c: a record is rejected; the first reason counts. */
void binary_verdict_set(struct binary_job *job, int64_t record, int32_t code, int64_t column);
/* Sets the verdicts of records whose value in this column is none. */
int32_t binary_column_judge(struct binary_job *job, int64_t column);

/* encode.c */
int32_t binary_forms(const struct ArrowSchema *schema, uint32_t *forms);
int32_t binary_open_encode(struct binary *self, const struct ArrowSchema *schema);
int32_t binary_begin(struct binary *self, struct qetl_space *out);
int32_t binary_finish(struct binary *self, struct qetl_space *out);
int32_t binary_encode(struct binary *self, const struct ArrowArray *batch, struct qetl_space *out);
void binary_encoder_free(struct binary *self);

#endif
