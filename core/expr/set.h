/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The constants of an IN list, made ready to be looked up.
 *
 * Invariant: keys are sorted and distinct; slots is a table of at least twice as many places.
 * Ownership: all in the compilation's arena.
 * Threads:   immutable once compiled.
 */
#ifndef QETL_EXPR_SET_H
#define QETL_EXPR_SET_H

#include "value/type.h"

enum { EXPR_SET_LINEAR = 8 }; /* up to here every key is compared, which vectorises */

struct expr_set {
    enum expr_type_id type; /* INT8 stands for all that is int64 or int32; DECIMAL; TEXT */
    bool has_null;
    uint32_t count;
    int64_t *integers; /* also decimals that fit */
    uint32_t n_decimals;
    expr_int128 *decimals; /* those that do not */
    struct expr_text *texts;
    uint64_t (*views)[2]; /* texts as views; NULL where one is longer than 12 bytes */
    uint32_t n_slots;     /* a power of two */
    uint32_t *slots;      /* index + 1 into integers or texts, or 0 */
};

static inline uint64_t expr_hash_integer(int64_t key)
{
    uint64_t hash = (uint64_t)key * 0x9e3779b97f4a7c15ULL;

    return hash ^ hash >> 32;
}

uint64_t qetl_expr_hash_text(struct expr_text text);

#endif
