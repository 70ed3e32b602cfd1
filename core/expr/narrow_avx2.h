/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AVX2 does better; on other machines these are never called.
 *
 * Invariant: each answers how many rows it did, a multiple of 4 that is less than 4 short of n.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_EXPR_NARROW_AVX2_H
#define QETL_EXPR_NARROW_AVX2_H

#include <stdbool.h>
#include <stdint.h>

/* *bad is not 0 if a decimal needs more than 64 bits. */
int64_t qetl_expr_avx2_load(int64_t *restrict r, const void *decimals, int64_t n, int64_t *bad);
/* *bad if a factor needs more than 32 bits: r is void then. */
int64_t qetl_expr_avx2_multiply(int64_t *restrict r, const int64_t *restrict a,
                                const int64_t *restrict b, int64_t n, bool *bad);

#endif
