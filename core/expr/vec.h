/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strip of one column: what kernels read and write.
 *
 * Invariant: a set bit of valid belongs to a row whose value may be read; bits behind the strip's
 * rows mean nothing. A narrow decimal is int64, else __int128. A boolean is a bitmap. Ownership:
 * data points into the batch, the program's scratch, or the strip's heap; valid into the vec.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_VEC_H
#define QETL_EXPR_VEC_H

#include "value/type.h"

#include <assert.h>
#include <string.h>

enum { EXPR_STRIP = 1024, EXPR_WORDS = EXPR_STRIP / 64 };

/* Arrow's view of a text. */
struct expr_view {
    int32_t size;
    union {
        char inlined[12];
        struct {
            char prefix[4];
            int32_t buffer, offset;
        };
    };
};

struct expr_vec {
    void *data;
    void *space;                /* EXPR_STRIP values, or NULL where data is always the batch's */
    uint64_t *valid;            /* bits, or NULL: no row is NULL */
    const void *const *buffers; /* what views point into */
    uint64_t stamp;             /* of the strip that it holds */
    bool narrow;                /* of decimals */
    bool views;                 /* text: struct expr_view, else struct expr_text */
    uint64_t bits[EXPR_WORDS];
};

static inline bool expr_vec_is_valid(const struct expr_vec *vec, int64_t i)
{
    return !vec->valid || (vec->valid[i >> 6] >> (i & 63) & 1);
}

static inline struct expr_text expr_vec_text(const struct expr_vec *vec, int64_t i)
{
    const struct expr_view *view;

    if (!vec->views)
        return ((const struct expr_text *)vec->data)[i];
    view = (const struct expr_view *)vec->data + i;
    if (view->size <= 12)
        return (struct expr_text){view->inlined, view->size};
    return (struct expr_text){(const char *)vec->buffers[view->buffer] + view->offset, view->size};
}

static inline expr_int128 expr_vec_decimal(const struct expr_vec *vec, int64_t i)
{
    if (vec->narrow)
        return ((const int64_t *)vec->data)[i];
    return ((const expr_int128 *)vec->data)[i];
}

static inline bool expr_vec_bit(const struct expr_vec *vec, int64_t i)
{
    return ((const uint64_t *)vec->data)[i >> 6] >> (i & 63) & 1;
}

/* One value out of, or into, a vec's own space. */
struct expr_value qetl_expr_vec_get(const struct expr_vec *vec, enum expr_type_id type, int64_t i);
void qetl_expr_vec_set(struct expr_vec *vec, enum expr_type_id type, int64_t i,
                       const struct expr_value *value);
/* A value as people read it, cut to size. */
void qetl_expr_value_print(const struct expr_value *value, const struct expr_type *type, char *out,
                           size_t size);

/* ---- bits ---- */

/* `count` bits from bit `at` of a bitmap that ends with its last byte in use; further bits are 0.
 */
void qetl_expr_bits_load(uint64_t *out, const uint8_t *bitmap, int64_t at, int64_t count);
/* The first set bit from `from` on, or -1. */
static inline int64_t expr_bits_next(const uint64_t *bits, int64_t from)
{
    int64_t word = from >> 6;
    uint64_t rest;

    if (word >= EXPR_WORDS)
        return -1;
    rest = bits[word] >> (from & 63) << (from & 63);
    while (!rest) {
        if (++word == EXPR_WORDS)
            return -1;
        rest = bits[word];
    }
    return word << 6 | __builtin_ctzll(rest);
}

/* 64 bytes that are 0 or 1, as 64 bits. */
static inline uint64_t expr_bits_pack(const uint8_t *bytes)
{
    uint64_t bits = 0;

    for (int i = 0; i < 8; i++) {
        uint64_t eight;
        memcpy(&eight, bytes + 8 * i, 8);
        bits |= (eight * 0x0102040810204080ULL >> 56) << (8 * i);
    }
    return bits;
}

#endif
