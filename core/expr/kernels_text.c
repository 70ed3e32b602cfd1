/* SPDX-License-Identifier: Apache-2.0 */
/* Text: compared by bytes (collation "C"), and joined. Only rows whose bit in valid is set are
 * read. */
#include "op.h"

enum { TEXT_MAX = 0x3fffffff };

/* Equality of two views by their two words; what differs in the first 8 bytes is settled there. */
static bool views_equal(const struct expr_vec *a, const struct expr_vec *b, int64_t i)
{
    const uint64_t *left = (const uint64_t *)a->data + 2 * i;
    const uint64_t *right = (const uint64_t *)b->data + 2 * i;
    struct expr_text x, y;

    if (left[0] != right[0])
        return false;
    if (((const struct expr_view *)left)->size <= 12)
        return left[1] == right[1];
    x = expr_vec_text(a, i);
    y = expr_vec_text(b, i);
    return !memcmp(x.data + 4, y.data + 4, (size_t)x.size - 4);
}

static bool texts_equal(const struct expr_vec *a, const struct expr_vec *b, int64_t i)
{
    struct expr_text x, y;

    if (a->views && b->views)
        return views_equal(a, b, i);
    x = expr_vec_text(a, i);
    y = expr_vec_text(b, i);
    return x.size == y.size && (x.size == 0 || !memcmp(x.data, y.data, (size_t)x.size));
}

static int texts_order(const struct expr_vec *a, const struct expr_vec *b, int64_t i)
{
    struct expr_text x = expr_vec_text(a, i), y = expr_vec_text(b, i);
    int64_t common = x.size < y.size ? x.size : y.size;
    int order = common > 0 ? memcmp(x.data, y.data, (size_t)common) : 0;

    return order ? order : (x.size > y.size) - (x.size < y.size);
}

#define KERNEL(name, test)                                                                 \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in)        \
    {                                                                                      \
        const struct expr_vec *a = in->args[0], *b = in->args[1];                          \
        uint64_t *r = in->dst->data, todo[EXPR_WORDS];                                     \
        qetl_expr_valid_and(f, in, 2);                                                     \
        qetl_expr_valid_masked(f, in);                                                     \
        memset(r, 0, EXPR_WORDS * sizeof *r);                                              \
        if (!qetl_expr_todo(f, in, todo))                                                  \
            return QETL_OK;                                                                \
        for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) \
            r[i >> 6] |= (uint64_t)(test) << (i & 63);                                     \
        return QETL_OK;                                                                    \
    }

KERNEL(equal, texts_equal(a, b, i))
KERNEL(unequal, !texts_equal(a, b, i))
KERNEL(less, texts_order(a, b, i) < 0)
KERNEL(less_equal, texts_order(a, b, i) <= 0)

static int32_t kernel_concat(struct expr_frame *f, const struct expr_instr *in)
{
    struct expr_text *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 2);
    qetl_expr_valid_masked(f, in);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        struct expr_text a = expr_vec_text(in->args[0], i), b = expr_vec_text(in->args[1], i);
        char *joined;
        if (a.size + b.size > TEXT_MAX) {
            qetl_expr_row_fail(f, in, i, "text_too_long", "a text of %lld bytes is over 1 GiB",
                               (long long)(a.size + b.size));
            continue;
        }
        if (!expr_arena_allows(&f->heap, (size_t)(a.size + b.size))) {
            qetl_expr_fail_heap(f, in, i, a.size + b.size);
            continue;
        }
        joined = qetl_expr_arena_alloc(&f->heap, (size_t)(a.size + b.size));
        if (!joined)
            return QETL_E_NO_MEMORY;
        if (a.size)
            memcpy(joined, a.data, (size_t)a.size);
        if (b.size)
            memcpy(joined + a.size, b.data, (size_t)b.size);
        r[i] = (struct expr_text){joined, a.size + b.size};
    }
    return QETL_OK;
}

#define COMPARE(symbol, how)                                                                       \
    {                                                                                              \
        symbol, 2, {EXPR_TEXT, EXPR_TEXT}, EXPR_BOOL, EXPR_OP_MASKED | EXPR_OP_SURE, .kernel = how \
    }

static const struct expr_op ops[] = {
    COMPARE("=", kernel_equal),
    COMPARE("<>", kernel_unequal),
    COMPARE("<", kernel_less),
    COMPARE("<=", kernel_less_equal),
    {"||", 2, {EXPR_TEXT, EXPR_TEXT}, EXPR_TEXT, EXPR_OP_MASKED, .kernel = kernel_concat},
};

const struct expr_family qetl_expr_family_text = {ops, sizeof ops / sizeof ops[0]};
