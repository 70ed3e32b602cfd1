/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over int64 that bigint and narrow decimals share.
 *
 * Invariant: a loop that answers false has left r undefined.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_EXPR_NARROW_H
#define QETL_EXPR_NARROW_H

#include "vec.h"

/* The level of enum qetl_cpu at which the loops run; decided once. */
int qetl_expr_cpu(void);
/* r = a × b; false: some product, though perhaps of a NULL row, does not fit. */
bool qetl_expr_multiply_narrow(int64_t *restrict r, const int64_t *restrict a,
                               const int64_t *restrict b, int64_t n);
/* r = a + b, or a - b. */
bool qetl_expr_add_narrow(int64_t *restrict r, const int64_t *restrict a, const int64_t *restrict b,
                          int64_t n, bool minus);
/* Decimals of 128 bits into r; false: one needs more than 64 bits. */
bool qetl_expr_load_narrow(int64_t *restrict r, const void *decimals, int64_t n);
/* Bitmaps of comparisons. */
void qetl_expr_less_narrow(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n);
void qetl_expr_less_equal_narrow(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n);
void qetl_expr_equal_narrow(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n);

#endif
