/* SPDX-License-Identifier: Apache-2.0 */
/* One of two values by row: CASE, COALESCE and what is made of them. The side that a row does not
 * take may never have been computed; of text it would point nowhere, so only rows in need are
 * looked at. */
#include "op.h"

static inline uint64_t known(const struct expr_vec *vec, int w)
{
    return vec->valid ? vec->valid[w] : ~0ULL;
}

#define BLEND(name, T)                                                                            \
    EXPR_CLONES static void blend_##name(T *restrict r, const T *restrict a, const T *restrict b, \
                                         const uint64_t *first, int64_t n)                        \
    {                                                                                             \
        for (int64_t at = 0; at < n; at += 64) {                                                  \
            uint64_t word = first[at >> 6];                                                       \
            int64_t end = n - at < 64 ? n : at + 64;                                              \
            for (int64_t i = at; i < end; i++)                                                    \
                r[i] = word >> (i - at) & 1 ? a[i] : b[i];                                        \
        }                                                                                         \
    }

struct pair {
    int64_t halves[2];
};

BLEND(2, int16_t)
BLEND(4, int32_t)
BLEND(8, int64_t)
BLEND(16, struct pair)

static void blend_bits(uint64_t *r, const struct expr_vec *a, const struct expr_vec *b,
                       const uint64_t *first)
{
    const uint64_t *x = a->data, *y = b->data;

    for (int w = 0; w < EXPR_WORDS; w++)
        r[w] = (first[w] & x[w]) | (~first[w] & y[w]);
}

static void blend_decimals(struct expr_vec *dst, const struct expr_vec *a, const struct expr_vec *b,
                           const uint64_t *first, int64_t n)
{
    expr_int128 *r = dst->data;

    dst->narrow = a->narrow && b->narrow;
    if (dst->narrow) {
        blend_8(dst->data, a->data, b->data, first, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        r[i] = expr_vec_decimal(first[i >> 6] >> (i & 63) & 1 ? a : b, i);
}

static void blend_texts(const struct expr_vec *dst, const struct expr_vec *a,
                        const struct expr_vec *b, const uint64_t *first)
{
    struct expr_text *r = dst->data;

    for (int64_t i = expr_bits_next(dst->valid, 0); i >= 0; i = expr_bits_next(dst->valid, i + 1))
        r[i] = expr_vec_text(first[i >> 6] >> (i & 63) & 1 ? a : b, i);
}

/* Where the bit in first is set: a, else b. */
static int32_t blend(const struct expr_frame *f, const struct expr_instr *in,
                     const struct expr_vec *a, const struct expr_vec *b, const uint64_t *first)
{
    enum expr_type_id type = in->node->type.id;
    struct expr_vec *dst = in->dst;

    dst->valid = a->valid || b->valid ? dst->bits : NULL;
    for (int w = 0; w < EXPR_WORDS; w++)
        dst->bits[w] = (first[w] & known(a, w)) | (~first[w] & known(b, w));
    switch (type) {
    case EXPR_BOOL:
        blend_bits(dst->data, a, b, first);
        return QETL_OK;
    case EXPR_DECIMAL:
        blend_decimals(dst, a, b, first, f->rows);
        return QETL_OK;
    case EXPR_TEXT:
    case EXPR_JSON:
    case EXPR_JSONB:
        qetl_expr_valid_masked(f, in);
        blend_texts(dst, a, b, first);
        return QETL_OK;
    default:
        break;
    }
    if (qetl_expr_type_width(type) == 2)
        blend_2(dst->data, a->data, b->data, first, f->rows);
    else if (qetl_expr_type_width(type) == 4)
        blend_4(dst->data, a->data, b->data, first, f->rows);
    else if (qetl_expr_type_width(type) == 8)
        blend_8(dst->data, a->data, b->data, first, f->rows);
    else
        blend_16(dst->data, a->data, b->data, first, f->rows);
    return QETL_OK;
}

static int32_t kernel_select(struct expr_frame *f, const struct expr_instr *in)
{
    const uint64_t *condition = in->args[0]->data;
    uint64_t first[EXPR_WORDS];

    for (int w = 0; w < EXPR_WORDS; w++)
        first[w] = condition[w] & known(in->args[0], w);
    return blend(f, in, in->args[1], in->args[2], first);
}

static int32_t kernel_coalesce(struct expr_frame *f, const struct expr_instr *in)
{
    uint64_t first[EXPR_WORDS];

    for (int w = 0; w < EXPR_WORDS; w++)
        first[w] = known(in->args[0], w);
    return blend(f, in, in->args[0], in->args[1], first);
}

#define ENTRIES(type, flags)                                                      \
    {"select", 3, {EXPR_BOOL, type, type}, type, flags, .kernel = kernel_select}, \
    {                                                                             \
        "coalesce", 2, {type, type}, type, flags, .kernel = kernel_coalesce       \
    }

static const struct expr_op ops[] = {
    ENTRIES(EXPR_BOOL, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_INT2, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_INT4, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_INT8, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_FLOAT4, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_FLOAT8, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_DECIMAL, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_TEXT, EXPR_OP_NULLABLE | EXPR_OP_MASKED),
    ENTRIES(EXPR_DATE, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_TIME, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_TIMESTAMP, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_TIMESTAMPTZ, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_INTERVAL, EXPR_OP_NULLABLE),
    ENTRIES(EXPR_JSON, EXPR_OP_NULLABLE | EXPR_OP_MASKED),
    ENTRIES(EXPR_JSONB, EXPR_OP_NULLABLE | EXPR_OP_MASKED),
};

const struct expr_family qetl_expr_family_select = {ops, sizeof ops / sizeof ops[0]};
