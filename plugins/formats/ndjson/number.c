/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: exact where the type is, nearest where it is not. */
#include "number.h"

#include "bytes.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* Far beyond every type, and far from overflow. */
enum { EXPONENT_FAR = 1000000 };

static unsigned __int128 power10(int32_t exponent)
{
    static const uint64_t low[] = {1u,
                                   10u,
                                   100u,
                                   1000u,
                                   10000u,
                                   100000u,
                                   1000000u,
                                   10000000u,
                                   100000000u,
                                   1000000000u,
                                   10000000000u,
                                   100000000000u,
                                   1000000000000u,
                                   10000000000000u,
                                   100000000000000u,
                                   1000000000000000u,
                                   10000000000000000u,
                                   100000000000000000u,
                                   1000000000000000000u,
                                   10000000000000000000u};
    if (exponent < 20)
        return low[exponent];
    return (unsigned __int128)low[19] * low[exponent - 19];
}

static int32_t exponent_parse(const uint8_t *p, const uint8_t *end)
{
    int32_t value = 0;
    bool negative = *p == '-';
    for (p += *p == '-' || *p == '+'; p < end; p++)
        if (value < EXPONENT_FAR)
            value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

bool ndjson_number_parse(const uint8_t *data, int64_t size, struct ndjson_number *out)
{
    const uint8_t *p = data, *end = data + size;
    int32_t significant = 0;
    int64_t exponent = 0, zeros = 0; /* zeros: not multiplied in yet */
    bool fraction = false;
    *out = (struct ndjson_number){0, 0, *p == '-'};
    for (p += out->negative; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        exponent -= fraction;
        if (*p == '0') {
            zeros += significant > 0;
            continue;
        }
        if (significant + zeros + 1 > NDJSON_DIGITS_MAX)
            return false;
        significant += (int32_t)zeros + 1;
        out->digits = out->digits * power10((int32_t)zeros + 1) + (unsigned)(*p - '0');
        zeros = 0;
    }
    exponent += zeros;
    if (p < end)
        exponent += exponent_parse(p + 1, end);
    if (exponent > EXPONENT_FAR || exponent < -EXPONENT_FAR)
        exponent = exponent < 0 ? -EXPONENT_FAR : EXPONENT_FAR;
    out->exponent = out->digits ? (int32_t)exponent : 0;
    return true;
}

bool ndjson_number_scaled(const struct ndjson_number *number, int32_t precision, int32_t scale,
                          __int128 *out)
{
    unsigned __int128 digits = number->digits;
    int32_t shift = number->exponent + scale;
    if (!digits)
        shift = 0;
    for (; shift < 0 && digits % 10 == 0; shift++)
        digits /= 10;
    if (shift < 0 || shift > NDJSON_DIGITS_MAX)
        return false;
    unsigned __int128 limit = power10(precision);
    if (digits >= limit || (digits && digits > (limit - 1) / power10(shift)))
        return false;
    digits *= power10(shift);
    *out = number->negative ? -(__int128)digits : (__int128)digits;
    return true;
}

static locale_t plain_locale;

static void plain_locale_make(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

enum { SHORT_MAX = 128 };

/* strtod wants a terminated text, and the point to be a point. */
static bool text_to_real(const uint8_t *data, int64_t size, double *real, float *single)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char room[SHORT_MAX], *text = size < SHORT_MAX ? room : malloc((size_t)size + 1);
    pthread_once(&once, plain_locale_make);
    if (!text || !plain_locale) {
        if (text != room)
            free(text);
        return false;
    }
    memcpy(text, data, (size_t)size);
    text[size] = 0;
    bool finite;
    if (real) {
        *real = strtod_l(text, NULL, plain_locale);
        finite = isfinite(*real);
    } else {
        *single = strtof_l(text, NULL, plain_locale);
        finite = isfinite(*single);
    }
    if (text != room)
        free(text);
    return finite;
}

bool ndjson_number_real(const uint8_t *data, int64_t size, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct ndjson_number number;
    if (ndjson_number_parse(data, size, &number) && number.digits >> 53 == 0 &&
        number.exponent >= -22 && number.exponent <= 22) {
        /* Both operands are exact, so one rounding gives the nearest. */
        double real = (double)(uint64_t)number.digits;
        real =
            number.exponent < 0 ? real / powers[-number.exponent] : real * powers[number.exponent];
        *out = number.negative ? -real : real;
        return true;
    }
    return text_to_real(data, size, out, NULL);
}

bool ndjson_number_single(const uint8_t *data, int64_t size, float *out)
{
    return text_to_real(data, size, NULL, out);
}
