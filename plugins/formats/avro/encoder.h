/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An encoder: batches to blocks. Each call ends its last block, so that any instance may encode any
 * batch; the header, with a sync marker made of its own content, is the same in all.
 *
 * Invariant: `block` holds `rows` whole records.
 * Ownership: the encoder owns its schema, nodes and buffers.
 * Threads:   one encoder, one thread.
 */
#ifndef AVRO_ENCODER_H
#define AVRO_ENCODER_H

#include "header.h"
#include "schema.h"

/* What a column, or a part of it, becomes. */
enum avro_out {
    AVRO_OUT_NULL,
    AVRO_OUT_BOOL,
    AVRO_OUT_INT,    /* and longs, dates */
    AVRO_OUT_NARROW, /* an int, of what may be longer */
    AVRO_OUT_MOMENT,
    AVRO_OUT_FLOAT,
    AVRO_OUT_DOUBLE,
    AVRO_OUT_BYTES,
    AVRO_OUT_FIXED,
    AVRO_OUT_ENUM,
    AVRO_OUT_UUID,
    AVRO_OUT_DECIMAL,
    AVRO_OUT_UNSIGNED, /* 64 bits, as a decimal */
    AVRO_OUT_DURATION,
    AVRO_OUT_RECORD,
    AVRO_OUT_ARRAY
};

struct avro_part {
    enum avro_out out;
    int64_t source;             /* which child of the column around it; -1: none, it is null */
    int8_t if_null, if_value;   /* branches of a union; -1: it is none, or has no such branch */
    int32_t digits;             /* MOMENT: of the fraction; DECIMAL: zeros to be added */
    const struct avro_type *as; /* of a schema that was given; NULL: it was made for the column */
    struct qetl_column column;  /* of the batch at hand */
    struct avro_part *children;
    int64_t n;
};

struct avro_encoder {
    struct qetl_env env;
    enum avro_codec codec;
    int32_t level;
    int64_t block_bytes;
    const char *record_name, *space; /* options */
    bool rename;
    char *given_json; /* the option schema; NULL: there is none */
    struct avro_type given;
    struct ArrowSchema schema;
    struct avro_part root;
    struct qetl_space header;
    uint8_t sync[AVRO_SYNC_BYTES];
    struct qetl_space block, packed;
    int64_t rows;
    const char *why; /* a value cannot be written */
};

/* Reads and checks the options. */
int32_t avro_encoder_create(struct avro_encoder *e, struct qetl_env env);
int32_t avro_encoder_open(struct avro_encoder *e, const struct ArrowSchema *schema);
int32_t avro_encoder_begin(const struct avro_encoder *e, struct qetl_space *out);
int32_t avro_encode_batch(struct avro_encoder *e, const struct ArrowArray *batch,
                          struct qetl_space *out);
void avro_encoder_free(struct avro_encoder *e);

/* describe.c: the schema of Avro for a schema of columns, as JSON, and what becomes of its parts.
 */
int32_t avro_describe(struct avro_encoder *e, char **json);

/* given.c: reads the option schema; then, of columns: which of its fields they are. */
int32_t avro_given_read(struct avro_encoder *e);
int32_t avro_given_match(struct avro_encoder *e);

/* write.c: value i of the part; DATA: e->why says why it cannot be written. */
int32_t avro_value_write(struct avro_encoder *e, const struct avro_part *part, int64_t i);

#endif
