/* SPDX-License-Identifier: Apache-2.0 */
/* Three-valued logic, 64 rows at a time; and IS NULL, which every type has. */
#include "op.h"

static inline uint64_t known(const struct expr_vec *vec, int w)
{
    return vec->valid ? vec->valid[w] : ~0ULL;
}

static inline uint64_t word(const struct expr_vec *vec, int w)
{
    return ((const uint64_t *)vec->data)[w];
}

/* FALSE AND anything is FALSE, be the other side NULL or never computed. */
static int32_t kernel_and(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_vec *a = in->args[0], *b = in->args[1];
    struct expr_vec *dst = in->dst;
    uint64_t *r = dst->data;

    (void)f;
    dst->valid = a->valid || b->valid ? dst->bits : NULL;
    for (int w = 0; w < EXPR_WORDS; w++) {
        uint64_t left = word(a, w), right = word(b, w), ka = known(a, w), kb = known(b, w);
        dst->bits[w] = (ka & kb) | (ka & ~left) | (kb & ~right);
        r[w] = left & right;
    }
    return QETL_OK;
}

static int32_t kernel_or(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_vec *a = in->args[0], *b = in->args[1];
    struct expr_vec *dst = in->dst;
    uint64_t *r = dst->data;

    (void)f;
    dst->valid = a->valid || b->valid ? dst->bits : NULL;
    for (int w = 0; w < EXPR_WORDS; w++) {
        uint64_t left = word(a, w), right = word(b, w), ka = known(a, w), kb = known(b, w);
        dst->bits[w] = (ka & kb) | (ka & left) | (kb & right);
        r[w] = left | right;
    }
    return QETL_OK;
}

static int32_t kernel_not(struct expr_frame *f, const struct expr_instr *in)
{
    uint64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int w = 0; w < EXPR_WORDS; w++)
        r[w] = ~word(in->args[0], w);
    return QETL_OK;
}

static int32_t kernel_is_null(struct expr_frame *f, const struct expr_instr *in)
{
    uint64_t *r = in->dst->data;

    (void)f;
    in->dst->valid = NULL;
    for (int w = 0; w < EXPR_WORDS; w++)
        r[w] = ~known(in->args[0], w);
    return QETL_OK;
}

static int32_t kernel_is_true(struct expr_frame *f, const struct expr_instr *in)
{
    uint64_t *r = in->dst->data;

    (void)f;
    in->dst->valid = NULL;
    for (int w = 0; w < EXPR_WORDS; w++)
        r[w] = known(in->args[0], w) & word(in->args[0], w);
    return QETL_OK;
}

static int32_t kernel_is_false(struct expr_frame *f, const struct expr_instr *in)
{
    uint64_t *r = in->dst->data;

    (void)f;
    in->dst->valid = NULL;
    for (int w = 0; w < EXPR_WORDS; w++)
        r[w] = known(in->args[0], w) & ~word(in->args[0], w);
    return QETL_OK;
}

#define IS_NULL(type)                                                               \
    {                                                                               \
        "is null", 1, {type}, EXPR_BOOL, EXPR_OP_NULLABLE, .kernel = kernel_is_null \
    }

static const struct expr_op ops[] = {
    {"and", 2, {EXPR_BOOL, EXPR_BOOL}, EXPR_BOOL, EXPR_OP_NULLABLE, .kernel = kernel_and},
    {"or", 2, {EXPR_BOOL, EXPR_BOOL}, EXPR_BOOL, EXPR_OP_NULLABLE, .kernel = kernel_or},
    {"not", 1, {EXPR_BOOL}, EXPR_BOOL, 0, .kernel = kernel_not},
    {"is true", 1, {EXPR_BOOL}, EXPR_BOOL, EXPR_OP_NULLABLE, .kernel = kernel_is_true},
    {"is false", 1, {EXPR_BOOL}, EXPR_BOOL, EXPR_OP_NULLABLE, .kernel = kernel_is_false},
    IS_NULL(EXPR_BOOL),
    IS_NULL(EXPR_INT1),
    IS_NULL(EXPR_INT2),
    IS_NULL(EXPR_INT4),
    IS_NULL(EXPR_INT8),
    IS_NULL(EXPR_UINT1),
    IS_NULL(EXPR_UINT2),
    IS_NULL(EXPR_UINT4),
    IS_NULL(EXPR_UINT8),
    IS_NULL(EXPR_FLOAT4),
    IS_NULL(EXPR_FLOAT8),
    IS_NULL(EXPR_DECIMAL),
    IS_NULL(EXPR_TEXT),
    IS_NULL(EXPR_DATE),
    IS_NULL(EXPR_TIME),
    IS_NULL(EXPR_TIMESTAMP),
    IS_NULL(EXPR_TIMESTAMPTZ),
    IS_NULL(EXPR_INTERVAL),
    IS_NULL(EXPR_JSON),
    IS_NULL(EXPR_JSONB),
    IS_NULL(EXPR_OPAQUE),
};

const struct expr_family qetl_expr_family_logic = {ops, sizeof ops / sizeof ops[0]};
