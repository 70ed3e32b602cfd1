/* SPDX-License-Identifier: Apache-2.0 */
/* Casts to text, in PostgreSQL's output forms. */
#include "op.h"
#include "time/moment.h"

typedef int text_printer(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out);

static int32_t print_rows(struct expr_frame *f, const struct expr_instr *in, text_printer *print)
{
    struct expr_text *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];
    char buffer[EXPR_NUMBER_TEXT_MAX];

    qetl_expr_valid_and(f, in, 1);
    qetl_expr_valid_masked(f, in);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        int size = print(f, in, i, buffer);
        char *text = qetl_expr_arena_alloc(&f->heap, (size_t)size);
        if (!text)
            return QETL_E_NO_MEMORY;
        memcpy(text, buffer, (size_t)size);
        r[i] = (struct expr_text){text, size};
    }
    return QETL_OK;
}

static int print_int8(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    (void)f;
    return qetl_expr_print_integer(((const int64_t *)in->args[0]->data)[i], out);
}

static int print_decimal(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    (void)f;
    return qetl_expr_print_decimal(expr_vec_decimal(in->args[0], i), in->node->args[0]->type.scale,
                                   out);
}

static int print_float4(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    (void)f;
    return qetl_expr_print_real((double)((const float *)in->args[0]->data)[i], true, out);
}

static int print_float8(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    (void)f;
    return qetl_expr_print_real(((const double *)in->args[0]->data)[i], false, out);
}

static int print_bool(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    bool value = expr_vec_bit(in->args[0], i);

    (void)f;
    memcpy(out, value ? "true" : "false", 5);
    return value ? 4 : 5;
}

static int print_date(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    (void)f;
    return qetl_expr_print_moment(((const int32_t *)in->args[0]->data)[i], EXPR_DATE, out);
}

static int print_moment(struct expr_frame *f, const struct expr_instr *in, int64_t i, char *out)
{
    int64_t value = ((const int64_t *)in->args[0]->data)[i];
    enum expr_type_id type = in->node->args[0]->type.id;

    return type == EXPR_TIMESTAMPTZ ? qetl_expr_print_zoned(value, &f->zone, out)
                                    : qetl_expr_print_moment(value, type, out);
}

#define KERNEL(name)                                                                \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in) \
    {                                                                               \
        return print_rows(f, in, print_##name);                                     \
    }

KERNEL(int8)
KERNEL(decimal)
KERNEL(float4)
KERNEL(float8)
KERNEL(bool)
KERNEL(date)
KERNEL(moment)

#define CAST(from, how)                                             \
    {                                                               \
        "cast", 1, {from}, EXPR_TEXT, EXPR_OP_MASKED, .kernel = how \
    }

static const struct expr_op ops[] = {
    CAST(EXPR_INT8, kernel_int8),          CAST(EXPR_DECIMAL, kernel_decimal),
    CAST(EXPR_FLOAT4, kernel_float4),      CAST(EXPR_FLOAT8, kernel_float8),
    CAST(EXPR_BOOL, kernel_bool),          CAST(EXPR_DATE, kernel_date),
    CAST(EXPR_TIME, kernel_moment),        CAST(EXPR_TIMESTAMP, kernel_moment),
    CAST(EXPR_TIMESTAMPTZ, kernel_moment),
};

const struct expr_family qetl_expr_family_cast_text = {ops, sizeof ops / sizeof ops[0]};
