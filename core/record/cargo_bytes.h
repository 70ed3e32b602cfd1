/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a crossing carries, as bytes, and read back.
 *
 * Invariant: what is read never points outside of the bytes that were given; text ends in a NUL.
 * Ownership: values borrow the bytes that they were read from.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_CARGO_BYTES_H
#define QETL_CORE_CARGO_BYTES_H

#include "border/crossing.h"
#include "config/mask.h"
#include "state/pack.h"

/* A piece of cargo that was read. `data` of an ARRAY: its schema, then its rows. */
struct qetl_value {
    const char *name;
    enum qetl_cargo_kind kind;
    bool out;
    bool absent; /* NULL was passed */
    bool lost;   /* it was not kept: its columns were not known, or their type is not */
    int64_t number;
    double real;
    const uint8_t *data;
    size_t size;   /* bytes of data; of a text without its NUL */
    int64_t count; /* of NUMBERS, MAP, BLOBS, TEXTS */
};

struct qetl_values {
    struct qetl_value list[QETL_CARGO_MOST];
    int n;
};

/* Cargo of one side. Texts go through the mask, options through `options` (their JSON). */
void qetl_pack_cargo(struct qetl_pack *, const struct qetl_crossing *, bool out,
                     const struct qetl_mask *, const char *options);
/* 0, or QETL_E_DATA. */
int32_t qetl_unpack_cargo(struct qetl_unpack *, struct qetl_values *out);

const struct qetl_value *qetl_values_find(const struct qetl_values *, const char *name);
int64_t qetl_values_number(const struct qetl_values *, const char *name);   /* 0: there is none */
const char *qetl_values_text(const struct qetl_values *, const char *name); /* or NULL */
struct qetl_blob qetl_values_blob(const struct qetl_values *, const char *name);
/* The caller frees the list; NULL where there are none, or no memory. */
struct qetl_blob *qetl_value_blobs(const struct qetl_value *);
/* 0, or NO_MEMORY or DATA; what was read is to be released. */
int32_t qetl_value_schema(const struct qetl_value *, struct ArrowSchema *out);
int32_t qetl_value_array(const struct qetl_value *, struct ArrowSchema *schema,
                         struct ArrowArray *out);

#endif
