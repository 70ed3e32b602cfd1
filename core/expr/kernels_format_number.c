/* SPDX-License-Identifier: Apache-2.0 */
/* to_char of numbers. */
#include "bind.h"
#include "rows.h"
#include "value/format_number.h"
#include "value/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* The longest double, before and behind the point. */
enum { DIGITS_MAX = 700, PLACES_MAX = 300 };

static bool prepare_format(struct expr_binder *b, struct expr_node *call)
{
    const struct expr_node *text = call->args[1];
    struct expr_number_format *format;

    if (text->kind != EXPR_NODE_CONSTANT || text->value.null)
        return true;
    format = qetl_expr_new(b->source, sizeof *format);
    call->state = format;
    if (!format || qetl_expr_number_format_read(b->source->arena, text->value.text, format))
        return format != NULL;
    if (format->problem)
        qetl_expr_mistake(b->source, text->span, "for example '999,990.00'",
                          "this is no format of numbers: %s", format->problem);
    else
        qetl_expr_no_memory(b->source);
    return false;
}

/* NULL: the row has failed, or *status. */
static const struct expr_number_format *row_format(struct expr_frame *f,
                                                   const struct expr_instr *in, int64_t i,
                                                   struct expr_number_format *read, int32_t *status)
{
    const struct expr_number_format *format = in->node->state;
    struct expr_text text = row_text(in, 1, i);

    *status = QETL_OK;
    if (!format && qetl_expr_number_format_read(&f->heap, text, read))
        format = read;
    if (!format && read->problem)
        qetl_expr_row_fail(f, in, i, "bad_argument", "this is no format of numbers: %s",
                           read->problem);
    else if (!format)
        *status = QETL_E_NO_MEMORY;
    else if (format->after + format->before + (format->shift > 0 ? format->shift : 0) >
             PLACES_MAX) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "the format has more than %d places",
                           PLACES_MAX);
        return NULL;
    }
    return format;
}

/* Digits as they are, or # for each place where they are too many. */
static int32_t write_digits(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                            const struct expr_number_format *format, char *digits, int size)
{
    struct expr_digits number = {digits, size, *digits == '-'};
    int before = format->before + (format->shift > 0 ? format->shift : 0), whole;
    int32_t status;
    char *out;

    number.digits += number.negative;
    number.size -= number.negative;
    whole = (int)strcspn(number.digits, ".");
    if (whole > before) {
        number.digits = digits;
        number.size = before + format->after + 1;
        memset(digits, '#', (size_t)number.size);
        digits[before] = '.';
    }
    out = qetl_expr_row_space(f, in, i, qetl_expr_number_size(format, number.size), &status);
    return out ? row_put_text(in, i, out, qetl_expr_number_write(format, &number, out)) : status;
}

static int32_t write_roman(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                           const struct expr_number_format *format, int64_t number)
{
    int32_t status;
    char *out = qetl_expr_row_space(f, in, i, qetl_expr_number_size(format, 0), &status);

    return out ? row_put_text(in, i, out, qetl_expr_number_roman(format, number, out)) : status;
}

/* 1.23e+04 of a decimal's digits: rounded to `after` places behind the first. */
static int scientific(expr_int128 value, int32_t scale, int after, char *out)
{
    char digits[EXPR_NUMBER_TEXT_MAX];
    int size = qetl_expr_print_decimal(value < 0 ? -value : value, 0, digits), exponent;
    int at = 0;
    expr_int128 rounded = value < 0 ? -value : value;

    if (size > after + 1) {
        qetl_expr_decimal_shift(rounded, after + 1 - size, &rounded);
        exponent = size - 1 - scale;
        size = qetl_expr_print_decimal(rounded, 0, digits);
        if (size > after + 1) { /* 9.99 became 10.0 */
            exponent++;
            size = after + 1;
        }
    } else {
        exponent = size - 1 - scale;
    }
    exponent = value ? exponent : 0;
    out[at++] = value < 0 ? '-' : ' ';
    out[at++] = digits[0];
    if (after)
        out[at++] = '.';
    for (int i = 1; i <= after; i++)
        out[at++] = i < size ? digits[i] : '0';
    return at + sprintf(out + at, "e%c%02d", exponent < 0 ? '-' : '+',
                        exponent < 0 ? -exponent : exponent);
}

/* Rounded to the places there are; places that the number does not have are zeros. */
static int decimal_digits(const struct expr_number_format *format, expr_int128 value, int32_t scale,
                          char digits[DIGITS_MAX])
{
    int size;

    scale -= format->shift > 0 ? format->shift : 0;
    if (scale > format->after) {
        qetl_expr_decimal_shift(value, format->after - scale, &value);
        scale = format->after;
    }
    size = qetl_expr_print_decimal(value, scale > 0 ? scale : 0, digits);
    for (; scale < 0 && value; scale++)
        digits[size++] = '0';
    scale = scale > 0 ? scale : 0;
    if (scale == 0 && format->after)
        digits[size++] = '.';
    for (; scale < format->after; scale++)
        digits[size++] = '0';
    digits[size] = '\0';
    return size;
}

static int32_t write_decimal(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                             const struct expr_number_format *format, expr_int128 value,
                             int32_t scale)
{
    char digits[DIGITS_MAX], *out;
    int32_t status;

    if (format->scientific) {
        out = qetl_expr_row_space(f, in, i, qetl_expr_number_size(format, format->after), &status);
        return out ? row_put_text(in, i, out, scientific(value, scale, format->after, out))
                   : status;
    }
    if (!format->roman)
        return write_digits(f, in, i, format, digits, decimal_digits(format, value, scale, digits));
    if (!qetl_expr_decimal_shift(value, -scale, &value) || value != (int32_t)value) {
        qetl_expr_row_fail(f, in, i, "numeric_overflow", "RN writes integers");
        return QETL_OK;
    }
    return write_roman(f, in, i, format, (int64_t)value);
}

static int32_t row_decimal_char(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_number_format read = {0};
    int32_t status;
    const struct expr_number_format *format = row_format(f, in, i, &read, &status);

    return format ? write_decimal(f, in, i, format, row_decimal(in, 0, i),
                                  in->node->args[0]->type.scale)
                  : status;
}

static int32_t row_int8_char(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_number_format read = {0};
    int32_t status;
    const struct expr_number_format *format = row_format(f, in, i, &read, &status);

    return format ? write_decimal(f, in, i, format, row_int8(in, 0, i), 0) : status;
}

/* The C library's point may be another one. */
static void point_mend(char *digits)
{
    for (; *digits; digits++)
        if (!(*digits >= '0' && *digits <= '9') && *digits != '-' && *digits != '+' &&
            *digits != 'e' && *digits != ' ')
            *digits = '.';
}

/* PostgreSQL writes doubles and integers with EEEE as the C library does, ties to even. */
static int32_t write_exponent(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                              const struct expr_number_format *format, double value)
{
    char digits[DIGITS_MAX], *out;
    int size = snprintf(digits, sizeof digits, "% .*e", format->after, value);
    int32_t status;

    point_mend(digits);
    out = qetl_expr_row_space(f, in, i, size, &status);
    if (out)
        memcpy(out, digits, (size_t)size);
    return out ? row_put_text(in, i, out, size) : status;
}

static int32_t row_int4_char(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_number_format read = {0};
    int32_t status;
    const struct expr_number_format *format = row_format(f, in, i, &read, &status);

    if (format && format->scientific)
        return write_exponent(f, in, i, format, (double)row_int4(in, 0, i));
    return format ? write_decimal(f, in, i, format, row_int4(in, 0, i), 0) : status;
}

/* As many digits in all as the type is good for. */
static int32_t write_real(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                          const struct expr_number_format *format, double value)
{
    struct expr_number_format own = *format;
    char digits[DIGITS_MAX];
    int whole, size;

    value *= format->shift > 0 ? pow(10, format->shift) : 1;
    whole = snprintf(digits, sizeof digits, "%.0f", fabs(value));
    if (whole >= DBL_DIG)
        own.after = 0;
    else if (whole + own.after > DBL_DIG)
        own.after = DBL_DIG - whole;
    size = snprintf(digits, sizeof digits, "%.*f", own.after, value);
    point_mend(digits);
    return write_digits(f, in, i, &own, digits, size);
}

static int32_t row_float8_char(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_number_format read = {0};
    int32_t status;
    const struct expr_number_format *format = row_format(f, in, i, &read, &status);
    double value = row_float8(in, 0, i);

    if (!format)
        return status;
    if (!isfinite(value)) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "to_char writes no %s",
                           isnan(value) ? "NaN" : "infinity");
        return QETL_OK;
    }
    if (format->scientific)
        return write_exponent(f, in, i, format, value);
    if (format->roman)
        return write_roman(f, in, i, format, fabs(rint(value)) < 1e9 ? (int64_t)rint(value) : 0);
    return write_real(f, in, i, format, value);
}

#define FORMAT(type, by)                                                                \
    {                                                                                   \
        .name = "to_char", .n_args = 2, .args = {type, EXPR_TEXT}, .result = EXPR_TEXT, \
        .flags = EXPR_OP_MASKED, .row = by, .prepare = prepare_format                   \
    }

static const struct expr_op ops[] = {
    FORMAT(EXPR_INT4, row_int4_char),
    FORMAT(EXPR_INT8, row_int8_char),
    FORMAT(EXPR_DECIMAL, row_decimal_char),
    FORMAT(EXPR_FLOAT8, row_float8_char),
};

const struct expr_family qetl_expr_family_format_number = {ops, sizeof ops / sizeof ops[0]};
