/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For operations that are given by row (expr_op.row): arguments in, result out.
 *
 * Invariant: a row that is called is to be computed, and its arguments are not NULL (of
 * EXPR_OP_NULLABLE ones: ask). A row that sets nothing must fail or be made NULL.
 * Ownership: texts of results lie in the strip's heap, or are parts of the arguments.
 * Threads:   as op.h.
 */
#ifndef QETL_EXPR_ROWS_H
#define QETL_EXPR_ROWS_H

#include "op.h"

enum { EXPR_RESULT_TEXT_MAX = 0x3fffffff };

static inline struct expr_text row_text(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return expr_vec_text(in->args[k], i);
}

static inline int64_t row_int2(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return ((const int16_t *)in->args[k]->data)[i];
}

static inline int64_t row_int4(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return ((const int32_t *)in->args[k]->data)[i];
}

static inline int64_t row_int8(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return ((const int64_t *)in->args[k]->data)[i];
}

static inline double row_float8(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return ((const double *)in->args[k]->data)[i];
}

static inline expr_int128 row_decimal(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return expr_vec_decimal(in->args[k], i);
}

static inline int32_t row_put_text(const struct expr_instr *in, int64_t i, const char *data,
                                   int64_t size)
{
    ((struct expr_text *)in->dst->data)[i] = (struct expr_text){data, size};
    return QETL_OK;
}

static inline int32_t row_put_bool(const struct expr_instr *in, int64_t i, bool value)
{
    ((uint64_t *)in->dst->data)[i >> 6] |= (uint64_t)value << (i & 63);
    return QETL_OK;
}

static inline int32_t row_put_int4(const struct expr_instr *in, int64_t i, int64_t value)
{
    ((int32_t *)in->dst->data)[i] = (int32_t)value;
    return QETL_OK;
}

static inline int32_t row_put_int8(const struct expr_instr *in, int64_t i, int64_t value)
{
    ((int64_t *)in->dst->data)[i] = value;
    return QETL_OK;
}

static inline int32_t row_put_float8(const struct expr_instr *in, int64_t i, double value)
{
    ((double *)in->dst->data)[i] = value;
    return QETL_OK;
}

static inline int32_t row_put_decimal(const struct expr_instr *in, int64_t i, expr_int128 value)
{
    ((expr_int128 *)in->dst->data)[i] = value;
    return QETL_OK;
}

/* Space for a text of the strip. NULL: *status says why: 0, the row has failed as too long; else
 * what the row answers. */
char *qetl_expr_row_space(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                          int64_t size, int32_t *status);

#endif
