/* SPDX-License-Identifier: Apache-2.0 */
#include "widen.h"

#include <stdio.h>

enum { DIGITS_MOST = 38 };

/* Bits of an integer type, negative where it is unsigned; 0: it is none. */
static int integer_bits(const char *format)
{
    static const struct {
        char letter;
        int bits;
    } types[] = {{'c', 8},  {'s', 16},  {'i', 32},  {'l', 64},
                 {'C', -8}, {'S', -16}, {'I', -32}, {'L', -64}};

    for (size_t i = 0; i < sizeof types / sizeof *types && !format[1]; i++)
        if (format[0] == types[i].letter)
            return types[i].bits;
    return 0;
}

/* Digits that an integer type may have. */
static int32_t integer_digits(int bits)
{
    switch (bits < 0 ? -bits : bits) {
    case 8:
        return 3;
    case 16:
        return 5;
    case 32:
        return 10;
    default:
        return bits < 0 ? 20 : 19;
    }
}

static bool is_float(const char *format)
{
    return (format[0] == 'f' || format[0] == 'g') && !format[1];
}

/* Digits before and behind the point of an exact number; false: it is none. */
static bool exact_digits(const char *format, int32_t *before, int32_t *behind)
{
    int32_t precision;
    int bits = integer_bits(format);

    *behind = 0;
    *before = bits ? integer_digits(bits) : 0;
    if (bits)
        return true;
    if (!qetl_type_decimal(format, &precision, behind))
        return false;
    *before = precision - *behind;
    return true;
}

static enum union_fit integers_widen(char *format, int a, int b)
{
    static const char letters[] = "csil";
    int wide;

    if (a < 0 && b < 0) {
        format[0] = a < b ? format[0]
                          : (char)("CSIL"[b == -8    ? 0
                                          : b == -16 ? 1
                                          : b == -32 ? 2
                                                     : 3]);
        return UNION_WIDER;
    }
    /* an unsigned type goes into the signed one of twice the width */
    a = a < 0 ? -2 * a : a;
    b = b < 0 ? -2 * b : b;
    wide = a > b ? a : b;
    if (wide > 64)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "d:20,0");
    else
        format[0] = letters[wide == 8 ? 0 : wide == 16 ? 1 : wide == 32 ? 2 : 3];
    return UNION_WIDER;
}

static enum union_fit numbers_widen(char *format, const char *other)
{
    int32_t before, behind, more_before, more_behind;

    if (integer_bits(format) && integer_bits(other))
        return integers_widen(format, integer_bits(format), integer_bits(other));
    if (is_float(format) || is_float(other)) {
        if (!is_float(format) && !exact_digits(format, &before, &behind))
            return UNION_CONFLICT;
        if (!is_float(other) && !exact_digits(other, &before, &behind))
            return UNION_CONFLICT;
        snprintf(format, QETL_TYPE_FORMAT_MAX, "g");
        return UNION_WIDER;
    }
    if (!exact_digits(format, &before, &behind) || !exact_digits(other, &more_before, &more_behind))
        return UNION_CONFLICT;
    before = before > more_before ? before : more_before;
    behind = behind > more_behind ? behind : more_behind;
    /* inferred decimals have all 38 digits whatever their scale: it is rows that do not fit */
    snprintf(format, QETL_TYPE_FORMAT_MAX, "d:%d,%d",
             before + behind < DIGITS_MOST ? before + behind : DIGITS_MOST, behind);
    return UNION_WIDER;
}

static bool is_date(const char *format)
{
    return format[0] == 't' && format[1] == 'd';
}

/* 1: without a zone, 2: with one, 0: no timestamp. */
static int timestamp_kind(const char *format)
{
    return format[0] != 't' || format[1] != 's' ? 0 : format[4] ? 2 : 1;
}

static bool times_widen(char *format, const char *other)
{
    int a = timestamp_kind(format), b = timestamp_kind(other);

    if ((a == 1 && (b == 1 || is_date(other))) || (is_date(format) && b == 1)) {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "tsu:");
    } else if (a == 2 && b == 2) {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "tsu:UTC");
    } else if (is_date(format) && is_date(other)) {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "tdD");
    } else if (!strncmp(format, "tt", 2) && !strncmp(other, "tt", 2)) {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "ttu");
    } else {
        return false;
    }
    return true;
}

static bool is_text(const char *format)
{
    return !strcmp(format, "vu") || !strcmp(format, "u") || !strcmp(format, "U");
}

enum union_fit union_widen(char format[QETL_TYPE_FORMAT_MAX], const struct ArrowSchema *other)
{
    if (!strcmp(format, other->format))
        return UNION_SAME;
    if (format[0] == '+' || other->format[0] == '+')
        return UNION_CONFLICT;
    if (is_text(format) && is_text(other->format)) {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "vu");
        return UNION_WIDER;
    }
    if (times_widen(format, other->format))
        return UNION_WIDER;
    return numbers_widen(format, other->format);
}
