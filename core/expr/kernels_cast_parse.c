/* SPDX-License-Identifier: Apache-2.0 */
/* Casts from text, by the rules of PostgreSQL's input functions. */
#include "op.h"
#include "time/moment.h"

typedef enum expr_parsed text_cast(struct expr_frame *f, const struct expr_instr *in,
                                   struct expr_text text, int64_t i);

static int32_t parse_rows(struct expr_frame *f, const struct expr_instr *in, text_cast *cast)
{
    uint64_t todo[EXPR_WORDS];

    qetl_expr_valid_and(f, in, 1);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        enum expr_parsed result = cast(f, in, expr_vec_text(in->args[0], i), i);
        if (result == EXPR_PARSED_BAD)
            qetl_expr_fail_cast(f, in, i);
        else if (result == EXPR_PARSED_RANGE)
            qetl_expr_fail_range(f, in, i);
    }
    return QETL_OK;
}

static enum expr_parsed cast_int8(struct expr_frame *f, const struct expr_instr *in,
                                  struct expr_text text, int64_t i)
{
    (void)f;
    return qetl_expr_parse_integer(text, (int64_t *)in->dst->data + i);
}

static enum expr_parsed cast_uint8(struct expr_frame *f, const struct expr_instr *in,
                                   struct expr_text text, int64_t i)
{
    (void)f;
    return qetl_expr_parse_natural(text, (uint64_t *)in->dst->data + i);
}

static enum expr_parsed cast_float4(struct expr_frame *f, const struct expr_instr *in,
                                    struct expr_text text, int64_t i)
{
    double value = 0;
    enum expr_parsed result = qetl_expr_parse_real(text, true, &value);

    (void)f;
    ((float *)in->dst->data)[i] = (float)value;
    return result;
}

static enum expr_parsed cast_float8(struct expr_frame *f, const struct expr_instr *in,
                                    struct expr_text text, int64_t i)
{
    (void)f;
    return qetl_expr_parse_real(text, false, (double *)in->dst->data + i);
}

static enum expr_parsed cast_decimal(struct expr_frame *f, const struct expr_instr *in,
                                     struct expr_text text, int64_t i)
{
    expr_int128 *out = (expr_int128 *)in->dst->data + i;
    enum expr_parsed result = qetl_expr_parse_decimal(text, in->node->type.scale, out);

    (void)f;
    if (result == EXPR_PARSED && !expr_decimal_fits(*out, in->node->type.precision))
        return EXPR_PARSED_RANGE;
    return result;
}

static enum expr_parsed cast_date(struct expr_frame *f, const struct expr_instr *in,
                                  struct expr_text text, int64_t i)
{
    int64_t value = 0;
    enum expr_parsed result = qetl_expr_parse_moment(text, EXPR_DATE, NULL, &value);

    (void)f;
    ((int32_t *)in->dst->data)[i] = (int32_t)value;
    return result;
}

static enum expr_parsed cast_moment(struct expr_frame *f, const struct expr_instr *in,
                                    struct expr_text text, int64_t i)
{
    return qetl_expr_parse_moment(text, in->node->type.id, &f->zone, (int64_t *)in->dst->data + i);
}

static bool is_prefix(struct expr_text text, const char *word, int64_t least)
{
    int64_t i;

    if (text.size < least)
        return false;
    for (i = 0; i < text.size; i++)
        if (!word[i] || (text.data[i] | 32) != word[i])
            return false;
    return true;
}

/* true, yes, on, 1 and their opposites; words may be cut short as long as they stay clear. */
static enum expr_parsed parse_boolean(struct expr_text text, bool *out)
{
    while (text.size > 0 && strchr(" \t\n\v\f\r", text.data[text.size - 1]) &&
           text.data[text.size - 1])
        text.size--;
    while (text.size > 0 && strchr(" \t\n\v\f\r", text.data[0]) && text.data[0]) {
        text.data++;
        text.size--;
    }
    *out = is_prefix(text, "true", 1) || is_prefix(text, "yes", 1) || is_prefix(text, "on", 2) ||
           (text.size == 1 && text.data[0] == '1');
    if (*out || is_prefix(text, "false", 1) || is_prefix(text, "no", 1) ||
        is_prefix(text, "off", 2) || (text.size == 1 && text.data[0] == '0'))
        return EXPR_PARSED;
    return EXPR_PARSED_BAD;
}

static enum expr_parsed cast_bool(struct expr_frame *f, const struct expr_instr *in,
                                  struct expr_text text, int64_t i)
{
    uint64_t *r = in->dst->data;
    bool value;
    enum expr_parsed result = parse_boolean(text, &value);

    (void)f;
    r[i >> 6] = (r[i >> 6] & ~(1ULL << (i & 63))) | (uint64_t)value << (i & 63);
    return result;
}

#define KERNEL(name, cast)                                                          \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in) \
    {                                                                               \
        in->dst->narrow = false;                                                    \
        return parse_rows(f, in, cast);                                             \
    }

KERNEL(int8, cast_int8)
KERNEL(uint8, cast_uint8)
KERNEL(float4, cast_float4)
KERNEL(float8, cast_float8)
KERNEL(decimal, cast_decimal)
KERNEL(date, cast_date)
KERNEL(moment, cast_moment)
KERNEL(bool, cast_bool)

#define CAST(to, how)                                             \
    {                                                             \
        "cast", 1, {EXPR_TEXT}, to, EXPR_OP_MASKED, .kernel = how \
    }

static const struct expr_op ops[] = {
    CAST(EXPR_INT8, kernel_int8),       CAST(EXPR_UINT8, kernel_uint8),
    CAST(EXPR_FLOAT4, kernel_float4),   CAST(EXPR_FLOAT8, kernel_float8),
    CAST(EXPR_DECIMAL, kernel_decimal), CAST(EXPR_DATE, kernel_date),
    CAST(EXPR_TIME, kernel_moment),     CAST(EXPR_TIMESTAMP, kernel_moment),
    CAST(EXPR_BOOL, kernel_bool),       CAST(EXPR_TIMESTAMPTZ, kernel_moment),
};

const struct expr_family qetl_expr_family_cast_parse = {ops, sizeof ops / sizeof ops[0]};
