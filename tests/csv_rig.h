/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small host's work around the csv format: infers, frames in blocks, decodes with another
 * instance, encodes, and writes down what came of it as text that tests compare.
 *
 * Invariant: every decoded batch has passed Arrow's validation; chunks end where their room of 64
 * bytes ends, and that room is full of misleading bytes. Ownership: the rig owns its parts; texts
 * live until the rig is closed. Threads:   one.
 */
#ifndef CSV_RIG_H
#define CSV_RIG_H

#include "../plugins/formats/csv/encoder.h"
#include "fake_host.h"

struct rig_text {
    char *data;
    size_t size, capacity;
};

struct rig {
    struct qetl_fake_host fake;
    struct qetl_fake_host writer; /* the encoder's */
    const struct qetl_component *component;
    struct csv *framer;  /* infers and frames */
    struct csv *decoder; /* gets the prologue */
    struct csv *encoder;
    const struct csv_kernel *kernel; /* NULL: the best */
    struct ArrowSchema schema;
    struct qetl_blob prologue;
    const char *summary;
    struct qetl_want *wants;
    struct ArrowSchema delivered; /* as the wants are */
    int64_t n_wants;
    int64_t max_record;
    int64_t records, rows, rejected;
    int32_t status;
    struct rig_text text;    /* rows written down */
    struct rig_text rejects; /* and what was rejected */
    struct rig_text kept;    /* original bytes of all records, in order */
    struct qetl_fake_space encoded;
    struct rig_text note;                      /* of the object at hand */
    const struct csv_rows_kernel *rows_kernel; /* NULL: the best */
    bool encode;                               /* batches are encoded, not written down */
    void (*spoil)(struct ArrowArray *);        /* each batch before it is encoded; or NULL */
};

/* options: JSON or NULL. */
void csv_rig_open(struct rig *rig, const char *options);
void rig_open_as(struct rig *rig, const char *component, const char *options);
void csv_rig_close(struct rig *rig);
int32_t rig_infer(struct rig *rig, const void *data, size_t size);
/* One want per column, in this form. */
void rig_want(struct rig *rig, uint32_t form);
/* One object, given in blocks of `block` bytes (0: whole; -1: random lengths from seed). */
int32_t rig_run(struct rig *rig, const void *data, size_t size, int64_t block, unsigned seed);
void rig_text_add(struct rig_text *text, const void *data, size_t size);
void rig_text_clear(struct rig_text *text);
/* Writes a value between marks, with line ends and such made visible. */
void rig_text_cell(struct rig_text *text, const void *data, size_t size, bool null);
/* Opens the encoder for what the wants deliver, and writes the header. */
void rig_encode_to_csv(struct rig *rig, const char *options);

#endif
