/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and booleans from texts. */
#include "internal.h"

#include <qetl/parse.h>

#include <math.h>
#include <stdio.h>

/* So many digits decide which double is the nearest, but for a last one that says whether any that
 * is not zero follows. */
enum { REAL_DIGITS = 800, EXPONENT_MOST = 100000 };

static bool is_word(struct qetl_text text, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)text.size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((text.data[i] | 0x20) != word[i])
            return false;
    return true;
}

bool qetl_parse_bool(struct qetl_text text, bool *out)
{
    bool one = text.size == 1 && *text.data == '1', zero = text.size == 1 && *text.data == '0';
    bool yes = one || is_word(text, "true") || is_word(text, "t");
    if (!yes && !zero && !is_word(text, "false") && !is_word(text, "f"))
        return false;
    *out = yes;
    return true;
}

/* Takes the sign. */
static bool sign_take(struct qetl_text *text)
{
    bool minus = text->size && *text->data == '-';
    if (minus || (text->size && *text->data == '+')) {
        text->data++;
        text->size--;
    }
    return minus;
}

static bool digits_read(struct qetl_text text, uint64_t *out)
{
    uint64_t value = 0;
    for (int64_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return text.size > 0;
}

bool qetl_parse_uint(struct qetl_text text, uint64_t *out)
{
    if (text.size && *text.data == '+')
        sign_take(&text);
    return digits_read(text, out);
}

bool qetl_parse_int(struct qetl_text text, int64_t *out)
{
    uint64_t value;
    bool minus = sign_take(&text);
    if (!digits_read(text, &value) || value > (uint64_t)INT64_MAX + minus)
        return false;
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* Another digit; false: there are too many. */
static bool decimal_append(unsigned __int128 *value, uint8_t digit)
{
    bool has_room = *value < (unsigned __int128)qetl_sdk_power10(QETL_SDK_DECIMAL_DIGITS - 1);
    if (has_room)
        *value = *value * 10 + digit;
    return has_room;
}

bool qetl_parse_decimal(struct qetl_text text, int32_t scale, qetl_int128 *out)
{
    unsigned __int128 value = 0;
    bool minus = sign_take(&text), point = false, any = false;
    int32_t behind = 0;
    for (int64_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (text.data[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (digit > 9 || (behind == scale && point && digit))
            return false;
        any = true;
        if (behind == scale && point)
            continue; /* a zero */
        behind += point;
        if (!decimal_append(&value, digit))
            return false;
    }
    for (; behind < scale; behind++)
        if (!decimal_append(&value, 0))
            return false;
    if (any)
        *out = minus ? -(qetl_int128)value : (qetl_int128)value;
    return any;
}

struct real {
    char digits[REAL_DIGITS + 24]; /* without point and zeros in front, and with the exponent */
    int32_t n;
    int64_t exponent;
    bool any, more; /* more: digits were left out that are not all zeros */
};

static bool mantissa_take(struct qetl_text *text, struct real *r)
{
    bool point = false;
    for (; text->size; text->data++, text->size--) {
        uint8_t digit = (uint8_t)(*text->data - '0');
        if (*text->data == '.' && !point) {
            point = true;
            continue;
        }
        if (digit > 9)
            break;
        r->any = true;
        bool kept = r->n < REAL_DIGITS && (digit || r->n);
        if (kept)
            r->digits[r->n++] = *text->data;
        else
            r->more |= digit != 0;
        r->exponent += (r->n == REAL_DIGITS && !kept) - point;
    }
    return r->any;
}

static bool exponent_take(struct qetl_text text, struct real *r)
{
    uint64_t value = 0;
    if (!text.size)
        return true;
    if ((*text.data | 0x20) != 'e')
        return false;
    text.data++;
    text.size--;
    bool minus = sign_take(&text);
    int64_t digits = 0;
    for (; digits < text.size; digits++) {
        uint8_t digit = (uint8_t)(text.data[digits] - '0');
        if (digit > 9)
            return false;
        value = value < EXPONENT_MOST ? value * 10 + digit : value;
    }
    r->exponent += minus ? -(int64_t)value : (int64_t)value;
    return digits > 0;
}

/* strtod rounds rightly, and a number without a point means the same in every locale. */
bool qetl_parse_real(struct qetl_text text, double *out)
{
    struct real r = {.n = 0};
    bool minus = sign_take(&text);
    double value;
    if (is_word(text, "nan"))
        value = (double)NAN;
    else if (is_word(text, "inf") || is_word(text, "infinity"))
        value = (double)INFINITY;
    else if (!mantissa_take(&text, &r) || !exponent_take(text, &r))
        return false;
    else {
        if (r.more)
            r.digits[r.n - 1] |= 1; /* above the middle between two doubles stays above it */
        snprintf(r.digits + r.n, sizeof r.digits - (size_t)r.n, "%se%lld", r.n ? "" : "0",
                 (long long)r.exponent);
        value = strtod(r.digits, NULL);
        if (isinf(value))
            return false;
    }
    *out = minus ? -value : value;
    return true;
}
