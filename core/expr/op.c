/* SPDX-License-Identifier: Apache-2.0 */
#include "op.h"

#include <stdarg.h>
#include <stdio.h>

/* A new family is one file and one line here. */
static const struct expr_family *const families[] = {
    &qetl_expr_family_logic,         &qetl_expr_family_compare,    &qetl_expr_family_integer,
    &qetl_expr_family_float,         &qetl_expr_family_decimal,    &qetl_expr_family_text,
    &qetl_expr_family_set,           &qetl_expr_family_date,       &qetl_expr_family_cast_integer,
    &qetl_expr_family_cast_decimal,  &qetl_expr_family_cast_parse, &qetl_expr_family_cast_text,
    &qetl_expr_family_cast_date,     &qetl_expr_family_interval,   &qetl_expr_family_stamp,
    &qetl_expr_family_cast_interval, &qetl_expr_family_select,     &qetl_expr_family_words,
    &qetl_expr_family_math,          &qetl_expr_family_round,      &qetl_expr_family_bits,
    &qetl_expr_family_text_shape,    &qetl_expr_family_text_find,  &qetl_expr_family_like,
    &qetl_expr_family_regex,         &qetl_expr_family_digest,     &qetl_expr_family_field,
    &qetl_expr_family_zone,          &qetl_expr_family_make,       &qetl_expr_family_format,
    &qetl_expr_family_json,          &qetl_expr_family_json_path,  &qetl_expr_family_format_number,
};

enum { FAMILIES = sizeof families / sizeof families[0], VALUE_TEXT = 120, FAIL_TEXT = 480 };

static bool op_matches(const struct expr_op *op, const char *name, uint32_t n_args,
                       const enum expr_type_id *args, enum expr_type_id result)
{
    if (op->n_args != n_args || strcmp(op->name, name) ||
        (result != EXPR_UNKNOWN && op->result != result))
        return false;
    for (uint32_t i = 0; i < n_args; i++)
        if (op->args[i] != args[i])
            return false;
    return true;
}

const struct expr_op *qetl_expr_op_find(const char *name, uint32_t n_args,
                                        const enum expr_type_id *args, enum expr_type_id result)
{
    for (size_t f = 0; f < FAMILIES; f++)
        for (size_t i = 0; i < families[f]->count; i++)
            if (op_matches(&families[f]->ops[i], name, n_args, args, result))
                return &families[f]->ops[i];
    return NULL;
}

const struct expr_op *qetl_expr_op_next(const struct expr_op *last)
{
    size_t f = 0;

    if (last) {
        while (last < families[f]->ops || last >= families[f]->ops + families[f]->count)
            f++;
        if (++last < families[f]->ops + families[f]->count)
            return last;
        f++;
    }
    return f < FAMILIES ? families[f]->ops : NULL;
}

const struct expr_op *qetl_expr_op_named(const char *name, const struct expr_op *last)
{
    do
        last = qetl_expr_op_next(last);
    while (last && strcmp(last->name, name) != 0);
    return last;
}

bool qetl_expr_op_known(const char *name)
{
    return qetl_expr_op_named(name, NULL) != NULL;
}

void qetl_expr_valid_and(const struct expr_frame *f, const struct expr_instr *in, uint32_t n_args)
{
    struct expr_vec *dst = in->dst;
    const uint64_t *first = NULL;

    (void)f;
    dst->valid = NULL;
    for (uint32_t i = 0; i < n_args; i++) {
        const uint64_t *other = in->args[i]->valid;
        if (!other)
            continue;
        for (int w = 0; w < EXPR_WORDS; w++)
            dst->bits[w] = first ? first[w] & other[w] : other[w];
        first = dst->valid = dst->bits;
    }
}

void qetl_expr_valid_masked(const struct expr_frame *f, const struct expr_instr *in)
{
    struct expr_vec *dst = in->dst;

    for (int w = 0; w < EXPR_WORDS; w++)
        dst->bits[w] = (dst->valid ? dst->valid[w] : ~0ULL) & f->mask[w] & ~f->failed[w];
    dst->valid = dst->bits;
}

bool qetl_expr_todo(const struct expr_frame *f, const struct expr_instr *in, uint64_t *todo)
{
    uint64_t any = 0;

    for (int w = 0; w < EXPR_WORDS; w++) {
        todo[w] = (in->dst->valid ? in->dst->valid[w] : ~0ULL) & f->mask[w] & ~f->failed[w];
        any |= todo[w];
    }
    return any != 0;
}

void qetl_expr_row_null(const struct expr_instr *in, int64_t row)
{
    struct expr_vec *dst = in->dst;

    if (dst->valid != dst->bits) {
        for (int w = 0; w < EXPR_WORDS; w++)
            dst->bits[w] = dst->valid ? dst->valid[w] : ~0ULL;
        dst->valid = dst->bits;
    }
    dst->bits[row >> 6] &= ~(1ULL << (row & 63));
}

int32_t qetl_expr_kernel_rows(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_op *op = in->node->op;
    struct expr_vec *dst = in->dst;
    uint64_t todo[EXPR_WORDS];
    int32_t status = QETL_OK;

    dst->valid = NULL;
    dst->narrow = false;
    if (!(op->flags & EXPR_OP_NULLABLE))
        qetl_expr_valid_and(f, in, in->node->n_args);
    qetl_expr_valid_masked(f, in);
    if (op->result == EXPR_BOOL)
        memset(dst->data, 0, EXPR_WORDS * sizeof(uint64_t));
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0 && !status; i = expr_bits_next(todo, i + 1))
        status = op->row(f, in, i);
    return status;
}

void qetl_expr_row_fail(struct expr_frame *f, const struct expr_instr *in, int64_t row,
                        const char *code, const char *format, ...)
{
    char message[FAIL_TEXT];
    va_list args;

    qetl_expr_row_null(in, row);
    if (f->failed[row >> 6] >> (row & 63) & 1)
        return;
    f->failed[row >> 6] |= 1ULL << (row & 63);
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    f->reporter->fail(f->reporter, f, in->node, row, code, message);
}

static void arg_print(const struct expr_instr *in, uint32_t k, int64_t row, char *out)
{
    const struct expr_type *type = &in->node->args[k]->type;
    struct expr_value value = qetl_expr_vec_get(in->args[k], type->id, row);

    qetl_expr_value_print(&value, type, out, VALUE_TEXT);
}

void qetl_expr_fail_cast(struct expr_frame *f, const struct expr_instr *in, int64_t row)
{
    char value[VALUE_TEXT], type[EXPR_TYPE_NAME_MAX];

    arg_print(in, 0, row, value);
    /* bigint may be a stopover on the way to the integer type that was asked for */
    qetl_expr_row_fail(f, in, row, "bad_cast", "%s is no %s", value,
                       in->node->type.id == EXPR_INT8
                           ? "whole number"
                           : qetl_expr_type_name(&in->node->type, type, sizeof type));
}

void qetl_expr_fail_range(struct expr_frame *f, const struct expr_instr *in, int64_t row)
{
    char value[VALUE_TEXT], type[EXPR_TYPE_NAME_MAX];
    bool moment = expr_type_is_moment(in->node->type.id);

    arg_print(in, 0, row, value);
    qetl_expr_row_fail(f, in, row, moment ? "datetime_overflow" : "numeric_overflow",
                       "%s does not fit %s", value,
                       qetl_expr_type_name(&in->node->type, type, sizeof type));
}

void qetl_expr_fail_overflow(struct expr_frame *f, const struct expr_instr *in, int64_t row)
{
    char left[VALUE_TEXT] = "", right[VALUE_TEXT], type[EXPR_TYPE_NAME_MAX];
    bool unary = in->node->n_args == 1, moment = expr_type_is_moment(in->node->type.id);

    arg_print(in, 0, row, unary ? right : left);
    if (!unary)
        arg_print(in, 1, row, right);
    qetl_expr_row_fail(f, in, row, moment ? "datetime_overflow" : "numeric_overflow",
                       "%s%s%s%s%s does not fit %s", left, unary ? "" : " ",
                       unary ? "-" : in->node->op->name, unary ? "" : " ", right,
                       qetl_expr_type_name(&in->node->type, type, sizeof type));
}

void qetl_expr_fail_heap(struct expr_frame *f, const struct expr_instr *in, int64_t row,
                         int64_t size)
{
    qetl_expr_row_fail(f, in, row, "text_too_long",
                       "a text of %lld bytes and those of the rows before it take over 2 GiB; "
                       "batch_rows makes batches smaller",
                       (long long)size);
}

void qetl_expr_fail_zero(struct expr_frame *f, const struct expr_instr *in, int64_t row)
{
    char left[VALUE_TEXT];

    arg_print(in, 0, row, left);
    qetl_expr_row_fail(f, in, row, "division_by_zero", "%s %s 0", left, in->node->op->name);
}
