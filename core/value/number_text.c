/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text, and floating-point numbers both ways. */
#include "number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_MAX = 100000 };

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct expr_text trim(struct expr_text text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* Takes the sign off; true: it was minus. */
static bool take_sign(struct expr_text *text)
{
    bool minus = text->size > 0 && text->data[0] == '-';

    if (minus || (text->size > 0 && text->data[0] == '+')) {
        text->data++;
        text->size--;
    }
    return minus;
}

static enum expr_parsed parse_digits(struct expr_text text, uint64_t *out)
{
    enum expr_parsed result = EXPR_PARSED;
    uint64_t value = 0;

    if (text.size == 0)
        return EXPR_PARSED_BAD;
    for (int64_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i]))
            return EXPR_PARSED_BAD;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            result = EXPR_PARSED_RANGE;
    }
    *out = value;
    return result;
}

enum expr_parsed qetl_expr_parse_natural(struct expr_text text, uint64_t *out)
{
    enum expr_parsed result;
    bool minus;

    text = trim(text);
    minus = take_sign(&text);
    result = parse_digits(text, out);
    return result == EXPR_PARSED && minus && *out ? EXPR_PARSED_RANGE : result;
}

enum expr_parsed qetl_expr_parse_integer(struct expr_text text, int64_t *out)
{
    enum expr_parsed result;
    uint64_t value;
    bool minus;

    text = trim(text);
    minus = take_sign(&text);
    result = parse_digits(text, &value);
    if (result != EXPR_PARSED)
        return result;
    if (value > (uint64_t)INT64_MAX + minus)
        return EXPR_PARSED_RANGE;
    *out = (int64_t)(minus ? -value : value);
    return EXPR_PARSED;
}

/* A number as written: sign, digits around a point, power of ten. */
struct written {
    bool minus;
    struct expr_text digits; /* the point among them */
    int64_t point;           /* digits before it */
    int64_t count;
    int64_t exponent;
};

static bool take_exponent(struct expr_text rest, int64_t *exponent)
{
    bool minus = take_sign(&rest);
    int64_t value = 0;

    if (rest.size == 0)
        return false;
    for (int64_t i = 0; i < rest.size; i++) {
        if (!is_digit(rest.data[i]))
            return false;
        if (value < EXPONENT_MAX)
            value = value * 10 + (rest.data[i] - '0');
    }
    *exponent = minus ? -value : value;
    return true;
}

static bool written_read(struct expr_text text, struct written *out)
{
    int64_t i;

    text = trim(text);
    *out = (struct written){.point = -1};
    out->minus = take_sign(&text);
    for (i = 0; i < text.size; i++) {
        if (is_digit(text.data[i]))
            out->count++;
        else if (text.data[i] == '.' && out->point < 0)
            out->point = out->count;
        else
            break;
    }
    out->digits = (struct expr_text){text.data, i};
    if (out->point < 0)
        out->point = out->count;
    if (out->count == 0)
        return false;
    if (i == text.size)
        return true;
    if (text.data[i] != 'e' && text.data[i] != 'E')
        return false;
    return take_exponent((struct expr_text){text.data + i + 1, text.size - i - 1}, &out->exponent);
}

enum expr_parsed qetl_expr_parse_decimal(struct expr_text text, int32_t scale, expr_int128 *out)
{
    struct written w;
    expr_int128 value = 0;
    int64_t keep; /* digits that stay: those before the last place of the scale */

    if (!written_read(text, &w))
        return EXPR_PARSED_BAD;
    keep = w.point + w.exponent + scale;
    for (int64_t i = 0, seen = 0; i < w.digits.size && seen <= keep; i++) {
        if (w.digits.data[i] == '.')
            continue;
        if (seen++ == keep) {
            value += w.digits.data[i] >= '5';
            break;
        }
        if (value >= qetl_expr_pow10[EXPR_DECIMAL_DIGITS - 1])
            return EXPR_PARSED_RANGE;
        value = value * 10 + (w.digits.data[i] - '0');
    }
    if (keep > w.count && !qetl_expr_decimal_shift(value, (int32_t)(keep - w.count), &value))
        return EXPR_PARSED_RANGE;
    if (!expr_decimal_fits(value, EXPR_DECIMAL_DIGITS))
        return EXPR_PARSED_RANGE;
    *out = w.minus ? -value : value;
    return EXPR_PARSED;
}

enum expr_parsed qetl_expr_measure_decimal(struct expr_text text, int32_t *precision,
                                           int32_t *scale)
{
    struct written w;
    expr_int128 value;
    int64_t places;

    if (!written_read(text, &w))
        return EXPR_PARSED_BAD;
    places = w.count - w.point - w.exponent;
    if (places < 0)
        places = 0;
    if (places > EXPR_DECIMAL_DIGITS)
        return EXPR_PARSED_RANGE;
    *scale = (int32_t)places;
    if (qetl_expr_parse_decimal(text, *scale, &value) != EXPR_PARSED)
        return EXPR_PARSED_RANGE;
    *precision = *scale > 0 ? *scale : 1;
    while (!expr_decimal_fits(value, *precision))
        ++*precision;
    return EXPR_PARSED;
}

static locale_t plain_locale(void)
{
    static locale_t plain;
    locale_t known = __atomic_load_n(&plain, __ATOMIC_ACQUIRE);

    if (!known) {
        /* glibc hands out one static object for "C": racing threads store the same. */
        known = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        __atomic_store_n(&plain, known, __ATOMIC_RELEASE);
    }
    return known;
}

static bool is_word_real(struct expr_text text)
{
    static const char *const words[] = {"nan", "inf", "infinity"};

    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        if (text.size == (int64_t)strlen(words[k]) &&
            !strncasecmp(text.data, words[k], (size_t)text.size))
            return true;
    return false;
}

enum expr_parsed qetl_expr_parse_real(struct expr_text text, bool single, double *out)
{
    struct written w;
    struct expr_text body = trim(text);
    char buffer[512], *copy = buffer, *end;
    bool word, minus;

    text = body;
    minus = take_sign(&body);
    word = is_word_real(body) && !(minus && (body.data[0] | 32) == 'n');
    if (!word && !written_read(text, &w))
        return EXPR_PARSED_BAD;
    if (text.size >= (int64_t)sizeof buffer) {
        copy = malloc((size_t)text.size + 1);
        if (!copy)
            return EXPR_PARSED_RANGE;
    }
    memcpy(copy, text.data, (size_t)text.size);
    copy[text.size] = '\0';
    *out = single ? strtof_l(copy, &end, plain_locale()) : strtod_l(copy, &end, plain_locale());
    if (copy != buffer)
        free(copy);
    if (word)
        return EXPR_PARSED;
    if (isinf(*out))
        return EXPR_PARSED_RANGE;
    for (int64_t i = 0; *out == 0 && i < w.digits.size; i++)
        if (w.digits.data[i] > '0')
            return EXPR_PARSED_RANGE;
    return EXPR_PARSED;
}

static int print_digits(double value, int precision, char *out, size_t size)
{
    locale_t before = uselocale(plain_locale());
    int length = snprintf(out, size, "%.*e", precision - 1, value);

    uselocale(before);
    return length;
}

/* "d.ddde±xx" -> its digits without trailing zeros, and the exponent. */
static int take_digits(const char *text, char *digits, int *exponent)
{
    int count = 0;

    for (; *text && *text != 'e'; text++)
        if (is_digit(*text))
            digits[count++] = *text;
    *exponent = atoi(text + 1);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

/* Halfway to a neighbour: readers round that to even, but PostgreSQL does not print it. A midpoint
 * has one bit more than the type, which the next wider one holds. */
static bool is_halfway(const char *text, double value, bool single)
{
    long double exact = strtold_l(text, NULL, plain_locale());
    long double above, below;

    if (single) {
        above = (long double)nextafterf((float)value, INFINITY);
        below = (long double)nextafterf((float)value, -INFINITY);
    } else {
        above = (long double)nextafter(value, (double)INFINITY);
        below = (long double)nextafter(value, -(double)INFINITY);
    }
    return exact == ((long double)value + above) / 2 || exact == ((long double)value + below) / 2;
}

static int shortest(double value, bool single, char *digits, int *exponent)
{
    char text[EXPR_NUMBER_TEXT_MAX];
    bool tiny = value < (single ? (double)FLT_MIN : DBL_MIN);
    int most = single ? 9 : 17;

    for (int precision = tiny ? 1 : most - 3;; precision++) {
        double back;
        print_digits(value, precision, text, sizeof text);
        back = single ? strtof_l(text, NULL, plain_locale()) : strtod_l(text, NULL, plain_locale());
        if ((back == value && !is_halfway(text, value, single)) || precision == most)
            return take_digits(text, digits, exponent);
    }
}

static int print_fixed(const char *digits, int count, int exponent, char *out)
{
    int size = 0;

    if (exponent < 0) {
        out[size++] = '0';
        out[size++] = '.';
        for (int i = -1; i > exponent; i--)
            out[size++] = '0';
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (exponent >= 0 && i == exponent + 1)
            out[size++] = '.';
        out[size++] = i < count ? digits[i] : '0';
    }
    return size;
}

static int print_word(const char *word, char *out)
{
    size_t size = strlen(word);

    memcpy(out, word, size);
    return (int)size;
}

int qetl_expr_print_real(double value, bool single, char *out)
{
    char digits[EXPR_NUMBER_TEXT_MAX];
    int count, exponent, size = 0;

    if (isnan(value))
        return print_word("NaN", out);
    if (isinf(value))
        return print_word(value < 0 ? "-Infinity" : "Infinity", out);
    if (signbit(value))
        out[size++] = '-';
    value = fabs(value);
    if (value == 0) {
        out[size++] = '0';
        return size;
    }
    count = shortest(value, single, digits, &exponent);
    if (exponent >= -4 && exponent < (single ? 6 : 15))
        return size + print_fixed(digits, count, exponent, out + size);
    out[size++] = digits[0];
    if (count > 1)
        out[size++] = '.';
    for (int i = 1; i < count; i++)
        out[size++] = digits[i];
    return size + snprintf(out + size, 8, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

double qetl_expr_decimal_real(expr_int128 value, int32_t scale, bool single)
{
    char text[EXPR_NUMBER_TEXT_MAX + 1];

    if (!single && scale <= 22 && value > -(1LL << 53) && value < (1LL << 53))
        return (double)(int64_t)value / (double)qetl_expr_pow10[scale];
    text[qetl_expr_print_decimal(value, scale, text)] = '\0';
    return single ? (double)strtof_l(text, NULL, plain_locale())
                  : strtod_l(text, NULL, plain_locale());
}

enum expr_parsed qetl_expr_real_decimal(double value, bool single, int32_t scale, expr_int128 *out)
{
    char text[EXPR_NUMBER_TEXT_MAX];

    if (!isfinite(value))
        return isnan(value) ? EXPR_PARSED_BAD : EXPR_PARSED_RANGE;
    print_digits(value, single ? FLT_DIG : DBL_DIG, text, sizeof text);
    return qetl_expr_parse_decimal((struct expr_text){text, (int64_t)strlen(text)}, scale, out);
}
