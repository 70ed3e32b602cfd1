/* SPDX-License-Identifier: Apache-2.0 */
#include "scalar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A double holds every decimal fraction of so many digits exactly enough to give it back. */
enum { DIGITS_MAX = 15 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *text, size_t size, size_t at)
{
    while (at < size && is_digit(text[at]))
        at++;
    return at;
}

static size_t skip_integer(const char *text, size_t size)
{
    size_t at = size > 0 && text[0] == '-';
    if (at >= size || !is_digit(text[at]))
        return 0;
    return text[at] == '0' ? at + 1 : skip_digits(text, size, at);
}

static size_t skip_fraction(const char *text, size_t size, size_t at)
{
    if (at + 1 < size && text[at] == '.' && is_digit(text[at + 1]))
        return skip_digits(text, size, at + 1);
    return at;
}

static size_t skip_exponent(const char *text, size_t size, size_t at)
{
    size_t digits = at + 1;
    if (at >= size || (text[at] != 'e' && text[at] != 'E'))
        return at;
    if (digits < size && (text[digits] == '+' || text[digits] == '-'))
        digits++;
    size_t end = skip_digits(text, size, digits);
    return end > digits ? end : at;
}

size_t qetl_scalar_number_size(const char *text, size_t size)
{
    size_t whole = skip_integer(text, size);
    if (whole == 0)
        return 0;
    return skip_exponent(text, size, skip_fraction(text, size, whole));
}

static size_t significant_digits(const char *text, size_t size)
{
    size_t digits = 0;
    for (size_t i = 0; i < size && text[i] != 'e' && text[i] != 'E'; i++)
        if (is_digit(text[i]) && (digits > 0 || text[i] != '0'))
            digits++;
    return digits;
}

static json_t *number_whole(const char *text, size_t size)
{
    char digits[24];
    if (size >= sizeof digits)
        return json_stringn(text, size);
    memcpy(digits, text, size);
    digits[size] = '\0';
    errno = 0;
    long long value = strtoll(digits, NULL, 10);
    return errno ? json_stringn(text, size) : json_integer(value);
}

/* jansson's own reader minds neither locale nor rounding; out of range it refuses. */
static json_t *number_fraction(const char *text, size_t size)
{
    size_t digits = significant_digits(text, size);
    json_t *number = NULL;
    if (digits <= DIGITS_MAX)
        number = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    if (number && digits > 0 && json_real_value(number) == 0) {
        json_decref(number); /* too small for a double */
        number = NULL;
    }
    return number ? number : json_stringn(text, size);
}

json_t *qetl_scalar_number(const char *text, size_t size)
{
    return skip_integer(text, size) == size ? number_whole(text, size)
                                            : number_fraction(text, size);
}

static bool is_one_of(const char *text, size_t size, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == size && memcmp(text, *words, size) == 0)
            return true;
    return false;
}

json_t *qetl_scalar_plain(const char *text, size_t size)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    if (is_one_of(text, size, nulls))
        return json_null();
    if (is_one_of(text, size, trues))
        return json_true();
    if (is_one_of(text, size, falses))
        return json_false();
    size_t number = qetl_scalar_number_size(text, size);
    return number == size ? qetl_scalar_number(text, size) : json_stringn(text, size);
}
