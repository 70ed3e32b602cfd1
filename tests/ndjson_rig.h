/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small host's work around the parts of the ndjson format: infers, frames in blocks, decodes,
 * encodes, and writes down what came of it as text that tests compare.
 *
 * Invariant: chunks end where their room of 64 bytes ends, and that room is full of misleading
 * bytes. Ownership: the rig owns its parts; texts are malloc'ed and the caller's. Threads:   one.
 */
#ifndef NDJSON_RIG_H
#define NDJSON_RIG_H

#include "../plugins/formats/ndjson/decoder.h"
#include "../plugins/formats/ndjson/encoder.h"
#include "../plugins/formats/ndjson/frame.h"
#include "../plugins/formats/ndjson/infer.h"
#include "../plugins/formats/ndjson/json_frame.h"
#include "fake_host.h"

#define LENGTH(list) (sizeof(list) / sizeof *(list))

/* For Criterion. got is freed. */
#define EXPECT_TEXT(call, expected)                                                    \
    do {                                                                               \
        char *got = (call);                                                            \
        cr_expect_str_eq(got, (expected), "got:\n%s\nexpected:\n%s", got, (expected)); \
        free(got);                                                                     \
    } while (0)

struct rig {
    struct qetl_fake_host fake;
    const struct ndjson_kernel *kernel;
    struct ndjson_infer infer;
    struct ndjson_framer framer;
    bool across; /* the format json instead */
    struct json_path path;
    struct json_framer json;
    struct ndjson_decoder decoder;
    struct ndjson_encoder encoder;
    struct ArrowSchema schema;
    uint8_t *declared;
    struct qetl_want *wants;
    int64_t n_wants;
    int64_t max_record;
    const char *lure; /* what stands behind a chunk; NULL: something misleading */
    int64_t records, rows, rejected;
    int32_t status;
    bool encode; /* decoded batches are encoded instead of written down */
    char *text;  /* rows written down, then rejects; or what was encoded */
    size_t text_size, text_capacity;
};

/* options: JSON or NULL. */
void ndjson_rig_open(struct rig *rig, const char *options);
void ndjson_rig_close(struct rig *rig);
void rig_infer(struct rig *rig, const void *data, size_t size);
/* One want per column, in this form. */
void rig_want(struct rig *rig, uint32_t form);
/* The forms that the encoder asks for, as a host chooses among them. */
void rig_want_for_encode(struct rig *rig);
/* One form for all, to be encoded. */
void rig_want_and_encode(struct rig *rig, uint32_t form);
/* Frames and decodes data, given in blocks of `block` bytes (0: random lengths from seed). */
void rig_run(struct rig *rig, const void *data, size_t size, size_t block, unsigned seed);
/* Two objects in a row, by the same decoder. */
void rig_objects(struct rig *rig, const char *first, const char *second);
/* The text so far, which the caller frees; "" where there is none. */
char *rig_take(struct rig *rig);
void rig_add(struct rig *rig, const void *data, size_t size);

/* The i-th kernel, or the portable one where the machine lacks it. */
const struct ndjson_kernel *kernel_at(int i);

/* Infers from data, wants all in one form (0: as the encoder asks, and encodes), in one block. */
char *rig_all(const char *options, uint32_t form, const char *data);

#endif
