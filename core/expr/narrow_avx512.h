/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over 64-bit numbers for AVX-512; each answers how many of the n rows it did.
 *
 * Invariant: only called at level QETL_CPU_AVX512, which other machines than x86-64 never reach.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_EXPR_NARROW_AVX512_H
#define QETL_EXPR_NARROW_AVX512_H

#include <stdbool.h>
#include <stdint.h>

/* *bad is not 0 if a decimal needs more than 64 bits. */
int64_t qetl_expr_avx512_load(int64_t *restrict r, const void *decimals, int64_t n, int64_t *bad);
/* *bad if a factor needs more than 32 bits: r is void then. */
int64_t qetl_expr_avx512_multiply(int64_t *restrict r, const int64_t *restrict a,
                                  const int64_t *restrict b, int64_t n, bool *bad);
/* Whole words of a bitmap. */
int64_t qetl_expr_avx512_less(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n);
int64_t qetl_expr_avx512_less_equal(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n);
int64_t qetl_expr_avx512_equal(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n);
/* base + the places of word's set bits, how many there are; up to 16 places behind them are
 * written too, though none behind the 64th. */
int64_t qetl_expr_avx512_expand(uint64_t word, int32_t base, int32_t *selected);

#endif
