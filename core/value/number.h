/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as text, and decimals of 38 digits.
 *
 * Invariant: nothing here depends on the locale; halves round away from zero, as PostgreSQL's
 * numeric. Ownership: none. Threads:   any.
 */
#ifndef QETL_EXPR_NUMBER_H
#define QETL_EXPR_NUMBER_H

#include "type.h"

enum expr_parsed { EXPR_PARSED, EXPR_PARSED_BAD, EXPR_PARSED_RANGE };
enum { EXPR_NUMBER_TEXT_MAX = 64 };

/* 10^k, k from 0 to 38. */
extern const expr_int128 qetl_expr_pow10[EXPR_DECIMAL_DIGITS + 1];

static inline bool expr_decimal_fits(expr_int128 value, int32_t precision)
{
    return value > -qetl_expr_pow10[precision] && value < qetl_expr_pow10[precision];
}

static inline bool expr_is_narrow(expr_int128 value)
{
    return value == (int64_t)value;
}

/* Blanks around are allowed in all of these. Integers: digits with a sign. */
enum expr_parsed qetl_expr_parse_integer(struct expr_text text, int64_t *out);
enum expr_parsed qetl_expr_parse_natural(struct expr_text text, uint64_t *out);
/* Digits, point, exponent; rounded to the scale. */
enum expr_parsed qetl_expr_parse_decimal(struct expr_text text, int32_t scale, expr_int128 *out);
/* The digits and scale that a number as written needs. */
enum expr_parsed qetl_expr_measure_decimal(struct expr_text text, int32_t *precision,
                                           int32_t *scale);
enum expr_parsed qetl_expr_parse_real(struct expr_text text, bool single, double *out);

/* Each writes at most EXPR_NUMBER_TEXT_MAX bytes, not terminated, and answers their number. */
int qetl_expr_print_integer(int64_t value, char *out);
int qetl_expr_print_decimal(expr_int128 value, int32_t scale, char *out);
/* The fewest digits that read back the same, in PostgreSQL's form. */
int qetl_expr_print_real(double value, bool single, char *out);

/* a / b at k more digits; false: beyond 38 digits. b is not 0. */
bool qetl_expr_decimal_divide(expr_int128 a, expr_int128 b, int32_t k, expr_int128 *out);
/* value × 10^k, or divided and rounded where k < 0; false: beyond 38 digits. */
bool qetl_expr_decimal_shift(expr_int128 value, int32_t k, expr_int128 *out);
double qetl_expr_decimal_real(expr_int128 value, int32_t scale, bool single);
/* By the 15 (single: 6) digits that PostgreSQL takes; BAD for NaN, RANGE for infinities. */
enum expr_parsed qetl_expr_real_decimal(double value, bool single, int32_t scale, expr_int128 *out);

#endif
