/* SPDX-License-Identifier: Apache-2.0 */
/* Casts between intervals, times and text. */
#include "op.h"
#include "time/interval.h"

static int32_t kernel_parse(struct expr_frame *f, const struct expr_instr *in)
{
    struct expr_interval *r = in->dst->data;
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        enum expr_parsed result = qetl_expr_parse_interval(expr_vec_text(in->args[0], i), &r[i]);
        if (result == EXPR_PARSED_BAD)
            qetl_expr_fail_cast(f, in, i);
        else if (result == EXPR_PARSED_RANGE)
            qetl_expr_fail_range(f, in, i);
    }
    return QETL_OK;
}

static int32_t kernel_print(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_interval *a = in->args[0]->data;
    struct expr_text *r = in->dst->data;
    char buffer[EXPR_INTERVAL_TEXT_MAX];
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    qetl_expr_valid_masked(f, in);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        int size = qetl_expr_print_interval(a[i], buffer);
        char *text = qetl_expr_arena_alloc(&f->heap, (size_t)size);
        if (!text)
            return QETL_E_NO_MEMORY;
        memcpy(text, buffer, (size_t)size);
        r[i] = (struct expr_text){text, size};
    }
    return QETL_OK;
}

static int32_t kernel_time_interval(struct expr_frame *f, const struct expr_instr *in)
{
    const int64_t *a = in->args[0]->data;
    struct expr_interval *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = (struct expr_interval){.us = a[i]};
    return QETL_OK;
}

static int32_t kernel_interval_time(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_interval *a = in->args[0]->data;
    int64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    for (int64_t i = 0; i < f->rows; i++)
        r[i] = expr_time_of(a[i].us);
    return QETL_OK;
}

static const struct expr_op ops[] = {
    {"cast", 1, {EXPR_TEXT}, EXPR_INTERVAL, EXPR_OP_MASKED, .kernel = kernel_parse},
    {"cast", 1, {EXPR_INTERVAL}, EXPR_TEXT, EXPR_OP_MASKED, .kernel = kernel_print},
    {"cast", 1, {EXPR_TIME}, EXPR_INTERVAL, 0, .kernel = kernel_time_interval},
    {"cast", 1, {EXPR_INTERVAL}, EXPR_TIME, 0, .kernel = kernel_interval_time},
};

const struct expr_family qetl_expr_family_cast_interval = {ops, sizeof ops / sizeof ops[0]};
