/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary floating point, rounded as strtod rounds, whatever the locale says. Few digits and a small
 * power of ten are exact in a double, so that one operation rounds once (Clinger); all else goes to
 * strtod_l in the C locale.
 */
#include "values.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

enum { REAL_ON_STACK = 128, DOUBLE_POWER = 22, FLOAT_POWER = 10 };

struct literal {
    uint64_t digits; /* the first 19 that count */
    int64_t exponent;
    bool minus;
    bool exact; /* no digit was left out */
};

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void c_locale_make(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static const uint8_t *digits_take(const uint8_t *p, const uint8_t *end, struct literal *l,
                                  bool fraction, int *counted)
{
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (*counted < 19) {
            l->digits = l->digits * 10 + (uint8_t)(*p - '0');
            *counted += l->digits != 0;
            l->exponent -= fraction;
        } else {
            l->exact &= *p == '0';
            l->exponent += !fraction;
        }
    }
    return p;
}

static bool exponent_take(const uint8_t *p, const uint8_t *end, struct literal *l)
{
    int64_t value = 0;
    bool minus;

    if (p == end)
        return true;
    if ((*p | 0x20) != 'e' || ++p == end)
        return false;
    minus = *p == '-';
    p += minus || *p == '+';
    if (p == end)
        return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        value = value < 100000 ? value * 10 + (*p - '0') : value;
    l->exponent += minus ? -value : value;
    return p == end;
}

/* [+-] digits with a point somewhere or none, and an exponent or none. */
static bool literal_read(const uint8_t *p, int64_t size, struct literal *l)
{
    const uint8_t *end = p + size, *begin, *point;
    int counted = 0;

    *l = (struct literal){.exact = true};
    if (p < end && (*p == '-' || *p == '+'))
        l->minus = *p++ == '-';
    begin = p;
    p = digits_take(p, end, l, false, &counted);
    point = p;
    if (p < end && *p == '.')
        p = digits_take(p + 1, end, l, true, &counted);
    if (point == begin && p <= point + 1)
        return false;
    return exponent_take(p, end, l);
}

static bool word_read(const uint8_t *p, int64_t size, double *out)
{
    bool minus = size && *p == '-';
    int64_t sign = minus || (size && *p == '+');
    const char *word = (const char *)p + sign;

    size -= sign;
    if (size == 3 && !strncasecmp(word, "nan", 3) && !sign)
        *out = __builtin_nan("");
    else if ((size == 3 && !strncasecmp(word, "inf", 3)) ||
             (size == 8 && !strncasecmp(word, "infinity", 8)))
        *out = minus ? -__builtin_inf() : __builtin_inf();
    else
        return false;
    return true;
}

static enum csv_code real_slow(const uint8_t *cell, int64_t size, bool is_float, double *out)
{
    char stack[REAL_ON_STACK], *text = size < REAL_ON_STACK ? stack : malloc((size_t)size + 1);

    pthread_once(&c_locale_once, c_locale_make);
    if (!text || !c_locale) {
        if (text != stack)
            free(text);
        return CSV_BAD_VALUE;
    }
    memcpy(text, cell, (size_t)size);
    text[size] = 0;
    *out = is_float ? (double)strtof_l(text, NULL, c_locale) : strtod_l(text, NULL, c_locale);
    if (text != stack)
        free(text);
    return __builtin_isinf(*out) ? CSV_OUT_OF_RANGE : CSV_FINE;
}

static enum csv_code real_parse(const uint8_t *cell, int64_t size, bool is_float, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t most = is_float ? UINT64_C(1) << 24 : UINT64_C(1) << 53;
    int64_t reach = is_float ? FLOAT_POWER : DOUBLE_POWER;
    struct literal l;
    double value;

    if (!literal_read(cell, size, &l))
        return word_read(cell, size, out) ? CSV_FINE : CSV_BAD_VALUE;
    if (!l.exact || l.digits > most || l.exponent < -reach || l.exponent > reach)
        return real_slow(cell, size, is_float, out);
    value = (double)l.digits;
    if (is_float)
        value = l.exponent < 0 ? (double)((float)value / (float)powers[-l.exponent])
                               : (double)((float)value * (float)powers[l.exponent]);
    else
        value = l.exponent < 0 ? value / powers[-l.exponent] : value * powers[l.exponent];
    *out = l.minus ? -value : value;
    return CSV_FINE;
}

enum csv_code csv_parse_double(const uint8_t *cell, int64_t size, const struct csv_type *type,
                               void *out)
{
    double value = 0;
    enum csv_code code = real_parse(cell, size, false, &value);

    (void)type;
    memcpy(out, &value, sizeof value);
    return code;
}

enum csv_code csv_parse_float(const uint8_t *cell, int64_t size, const struct csv_type *type,
                              void *out)
{
    double value = 0;
    enum csv_code code = real_parse(cell, size, true, &value);
    float narrow = (float)value;

    (void)type;
    memcpy(out, &narrow, sizeof narrow);
    return code;
}
