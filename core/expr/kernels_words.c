/* SPDX-License-Identifier: Apache-2.0 */
/* Text put together: concat, concat_ws. */
#include "rows.h"

/* A boolean as PostgreSQL sends it. */
static int32_t row_output(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_text(in, i, expr_vec_bit(in->args[0], i) ? "t" : "f", 1);
}

/* Arguments from `first` on that are not NULL, `between` between them. */
static int32_t join(struct expr_frame *f, const struct expr_instr *in, int64_t i, uint32_t first,
                    struct expr_text between)
{
    int64_t size = 0, at = 0;
    uint32_t count = 0;
    int32_t status;
    char *out;

    for (uint32_t k = first; k < in->node->n_args; k++)
        if (expr_vec_is_valid(in->args[k], i))
            size += row_text(in, k, i).size + (count++ ? between.size : 0);
    out = qetl_expr_row_space(f, in, i, size, &status);
    if (!out)
        return status;
    count = 0;
    for (uint32_t k = first; k < in->node->n_args; k++) {
        struct expr_text part;
        if (!expr_vec_is_valid(in->args[k], i))
            continue;
        part = row_text(in, k, i);
        if (count++ && between.size)
            memcpy(out + at, between.data, (size_t)between.size);
        at += count > 1 ? between.size : 0;
        if (part.size)
            memcpy(out + at, part.data, (size_t)part.size);
        at += part.size;
    }
    return row_put_text(in, i, out, size);
}

static int32_t row_concat(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return join(f, in, i, 0, (struct expr_text){"", 0});
}

static int32_t row_concat_ws(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    if (!expr_vec_is_valid(in->args[0], i)) {
        qetl_expr_row_null(in, i);
        return QETL_OK;
    }
    return join(f, in, i, 1, row_text(in, 0, i));
}

enum { MANY = EXPR_OP_MASKED | EXPR_OP_NULLABLE | EXPR_OP_VARIADIC };

static const struct expr_op ops[] = {
    {"output", 1, {EXPR_BOOL}, EXPR_TEXT, EXPR_OP_MASKED, .row = row_output},
    {"concat", 1, {EXPR_TEXT}, EXPR_TEXT, MANY, .row = row_concat},
    {"concat_ws", 2, {EXPR_TEXT, EXPR_TEXT}, EXPR_TEXT, MANY, .row = row_concat_ws},
};

const struct expr_family qetl_expr_family_words = {ops, sizeof ops / sizeof ops[0]};
