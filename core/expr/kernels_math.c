/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of double: what is not defined, and what grows beyond all numbers or vanishes, fails
 * the row as PostgreSQL has it. */
#include "rows.h"

#include <math.h>
#include <stdlib.h>

static int32_t fail_domain(struct expr_frame *f, const struct expr_instr *in, int64_t i, double x)
{
    qetl_expr_row_fail(f, in, i, "bad_argument", "%s is not defined for %g", in->node->op->name, x);
    return QETL_OK;
}

static int32_t fail_input(struct expr_frame *f, const struct expr_instr *in, int64_t i, double x)
{
    qetl_expr_row_fail(f, in, i, "numeric_overflow", "%s is not defined for %g", in->node->op->name,
                       x);
    return QETL_OK;
}

static int32_t fail_result(struct expr_frame *f, const struct expr_instr *in, int64_t i, double x)
{
    qetl_expr_row_fail(f, in, i, "numeric_overflow", "%s of %g does not fit double",
                       in->node->op->name, x);
    return QETL_OK;
}

/* result is what an expression over x gives; bad: which failure, if any. */
#define FUNCTION(name, expression, bad)                                                           \
    static int32_t row_##name(struct expr_frame *f, const struct expr_instr *in, int64_t i)       \
    {                                                                                             \
        double x = row_float8(in, 0, i), r = (expression);                                        \
        int32_t (*fail)(struct expr_frame *, const struct expr_instr *, int64_t, double) = (bad); \
        (void)f;                                                                                  \
        return fail ? fail(f, in, i, x) : row_put_float8(in, i, r);                               \
    }

#define UNDEFINED_IF(test) ((test) ? fail_domain : NULL)
#define OUTSIDE_IF(test) ((test) ? fail_input : NULL)
#define BEYOND_IF(test) ((test) ? fail_result : NULL)

FUNCTION(ceil, ceil(x), NULL)
FUNCTION(floor, floor(x), NULL)
FUNCTION(round, rint(x), NULL)
FUNCTION(trunc, trunc(x), NULL)
FUNCTION(sign, x > 0 ? 1 : x < 0 ? -1 : 0, NULL)
FUNCTION(abs, fabs(x), NULL)
FUNCTION(sqrt, sqrt(x), UNDEFINED_IF(x < 0))
FUNCTION(cbrt, cbrt(x), NULL)
FUNCTION(exp, exp(x), BEYOND_IF(isfinite(x) && (isinf(r) || r == 0)))
FUNCTION(ln, log(x), UNDEFINED_IF(x <= 0))
FUNCTION(log10, log10(x), UNDEFINED_IF(x <= 0))
FUNCTION(sin, sin(x), OUTSIDE_IF(isinf(x)))
FUNCTION(cos, cos(x), OUTSIDE_IF(isinf(x)))
FUNCTION(tan, tan(x), OUTSIDE_IF(isinf(x)))
FUNCTION(cot, 1.0 / tan(x), OUTSIDE_IF(isinf(x)))
FUNCTION(asin, asin(x), OUTSIDE_IF(x<-1 || x> 1))
FUNCTION(acos, acos(x), OUTSIDE_IF(x<-1 || x> 1))
FUNCTION(atan, atan(x), NULL)
FUNCTION(sinh, sinh(x), NULL)
FUNCTION(cosh, cosh(x), NULL)
FUNCTION(tanh, tanh(x), NULL)
FUNCTION(asinh, asinh(x), NULL)
FUNCTION(acosh, acosh(x), OUTSIDE_IF(x < 1))
FUNCTION(atanh, fabs(x) == 1 ? copysign((double)INFINITY, x) : atanh(x), OUTSIDE_IF(x<-1 || x> 1))
FUNCTION(degrees, x / (M_PI / 180), BEYOND_IF((isinf(r) && !isinf(x)) || (r == 0 && x != 0)))
FUNCTION(radians, x *(M_PI / 180), BEYOND_IF((isinf(r) && !isinf(x)) || (r == 0 && x != 0)))

static int32_t row_abs4(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    ((float *)in->dst->data)[i] = fabsf(((const float *)in->args[0]->data)[i]);
    return QETL_OK;
}

static int32_t row_pi(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_float8(in, i, M_PI);
}

static int32_t row_atan2(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_float8(in, i, atan2(row_float8(in, 0, i), row_float8(in, 1, i)));
}

static int32_t row_power(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    double x = row_float8(in, 0, i), y = row_float8(in, 1, i), r = pow(x, y);

    if ((x == 0 && y < 0) || (x < 0 && isfinite(y) && floor(y) != y && !isinf(x))) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "power is not defined for %g and %g", x, y);
        return QETL_OK;
    }
    if (isinf(x) && x < 0 && isfinite(y) && floor(y) != y)
        return fail_domain(f, in, i, x);
    if (isfinite(x) && isfinite(y) && (isinf(r) || (r == 0 && x != 0)))
        return fail_result(f, in, i, x);
    return row_put_float8(in, i, r);
}

/* log(base, x) */
static int32_t row_log(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    double base = row_float8(in, 0, i), x = row_float8(in, 1, i);

    if (base <= 0 || x <= 0)
        return fail_domain(f, in, i, base <= 0 ? base : x);
    if (base == 1) {
        qetl_expr_row_fail(f, in, i, "division_by_zero", "there is no logarithm to the base 1");
        return QETL_OK;
    }
    return row_put_float8(in, i, log(x) / log(base));
}

/* Which of `count` equal ranges from low to high holds x; 0 and count + 1 lie outside. */
static int32_t row_width_bucket(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    double x = row_float8(in, 0, i), low = row_float8(in, 1, i), high = row_float8(in, 2, i);
    int64_t count = row_int4(in, 3, i);
    double share;

    if (count <= 0 || isnan(x) || !isfinite(low) || !isfinite(high) || low == high) {
        qetl_expr_row_fail(f, in, i, "bad_argument",
                           "width_bucket wants a number, two different bounds and a count");
        return QETL_OK;
    }
    if (low < high ? x < low : x > low)
        return row_put_int4(in, i, 0);
    if (low < high ? x >= high : x <= high) {
        if (count == INT32_MAX) {
            qetl_expr_row_fail(f, in, i, "numeric_overflow", "%lld does not fit integer",
                               (long long)count + 1);
            return QETL_OK;
        }
        return row_put_int4(in, i, count + 1);
    }
    if (isfinite(high - low))
        share = (double)count * (x - low) / (high - low);
    else
        share = (double)count * (x / 2 - low / 2) / (high / 2 - low / 2);
    return row_put_int4(in, i, (int64_t)(share + 1));
}

#define F EXPR_FLOAT8
#define ONE(name, word)                                    \
    {                                                      \
        name, 1, {F}, F, EXPR_OP_MASKED, .row = row_##word \
    }

static const struct expr_op ops[] = {
    ONE("ceil", ceil),
    ONE("ceiling", ceil),
    ONE("floor", floor),
    ONE("round", round),
    ONE("trunc", trunc),
    ONE("sign", sign),
    ONE("abs", abs),
    ONE("@", abs),
    {"abs", 1, {EXPR_FLOAT4}, EXPR_FLOAT4, EXPR_OP_MASKED, .row = row_abs4},
    {"@", 1, {EXPR_FLOAT4}, EXPR_FLOAT4, EXPR_OP_MASKED, .row = row_abs4},
    ONE("sqrt", sqrt),
    ONE("cbrt", cbrt),
    ONE("exp", exp),
    ONE("ln", ln),
    ONE("log", log10),
    ONE("log10", log10),
    {"log", 2, {F, F}, F, EXPR_OP_MASKED, .row = row_log},
    {"power", 2, {F, F}, F, EXPR_OP_MASKED, .row = row_power},
    {"^", 2, {F, F}, F, EXPR_OP_MASKED, .row = row_power},
    ONE("sin", sin),
    ONE("cos", cos),
    ONE("tan", tan),
    ONE("cot", cot),
    ONE("asin", asin),
    ONE("acos", acos),
    ONE("atan", atan),
    {"atan2", 2, {F, F}, F, EXPR_OP_MASKED, .row = row_atan2},
    ONE("sinh", sinh),
    ONE("cosh", cosh),
    ONE("tanh", tanh),
    ONE("asinh", asinh),
    ONE("acosh", acosh),
    ONE("atanh", atanh),
    ONE("degrees", degrees),
    ONE("radians", radians),
    {"pi", 0, {EXPR_UNKNOWN}, F, EXPR_OP_MASKED, .row = row_pi},
    {"width_bucket", 4, {F, F, F, EXPR_INT4}, EXPR_INT4, EXPR_OP_MASKED, .row = row_width_bucket},
};

const struct expr_family qetl_expr_family_math = {ops, sizeof ops / sizeof ops[0]};
