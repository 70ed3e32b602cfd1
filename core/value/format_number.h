/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats of to_char for numbers: 999,990.00.
 *
 * Invariant: the point is "." and the group separator ",", whatever the locale; there is no
 * currency sign. Ownership: a format lies in the arena it was read into, and points into its text.
 * Threads:   immutable once read.
 */
#ifndef QETL_EXPR_FORMAT_NUMBER_H
#define QETL_EXPR_FORMAT_NUMBER_H

#include "arena.h"
#include "type.h"

enum expr_digit_code {
    EXPR_DIGIT_LITERAL,
    EXPR_DIGIT_NINE,
    EXPR_DIGIT_ZERO,
    EXPR_DIGIT_POINT,
    EXPR_DIGIT_COMMA,
    EXPR_DIGIT_BLANK, /* L: a currency sign that there is not */
    EXPR_DIGIT_ROMAN_UPPER,
    EXPR_DIGIT_ROMAN_LOWER,
    EXPR_DIGIT_ORDINAL_UPPER,
    EXPR_DIGIT_ORDINAL_LOWER,
    EXPR_DIGIT_MINUS,
    EXPR_DIGIT_PLUS,
    EXPR_DIGIT_SIGN
};

struct expr_digit_part {
    enum expr_digit_code code;
    struct expr_text text; /* of a literal */
};

enum expr_sign_place { EXPR_SIGN_ANY, EXPR_SIGN_BEFORE, EXPR_SIGN_BEHIND };

struct expr_number_format {
    struct expr_digit_part *parts;
    int count;
    int before, after;      /* digits around the point */
    int shift;              /* V: digits that the number is moved by */
    int zero_from, zero_to; /* places of the first and behind the last 0; 0: there is none */
    enum expr_sign_place sign;
    bool point, fill, brackets, minus, plus, roman, scientific;
    const char *problem; /* why it was not read */
};

/* False: *problem says why, or NULL for no memory. */
bool qetl_expr_number_format_read(struct expr_arena *arena, struct expr_text text,
                                  struct expr_number_format *out);

/* What is written: the digits of the number, rounded to `after` places, with its point. */
struct expr_digits {
    const char *digits;
    int size;
    bool negative;
};

/* The most that writing takes. */
int64_t qetl_expr_number_size(const struct expr_number_format *format, int digits);
int64_t qetl_expr_number_write(const struct expr_number_format *format,
                               const struct expr_digits *number, char *out);
/* Of RN: number from 1 to 3999, else ###. */
int64_t qetl_expr_number_roman(const struct expr_number_format *format, int64_t number, char *out);

#endif
