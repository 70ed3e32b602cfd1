/* SPDX-License-Identifier: Apache-2.0 */
/* Shortest decimals: each is held against printf and strtod; the table of powers is computed again.
 */
#include "../sdk/src/real.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

static const char *real_text(double value)
{
    static char text[QETL_SDK_REAL_MAX + 1];
    *qetl_sdk_real_write(value, text) = 0;
    return text;
}

static const char *float_text(float value)
{
    static char text[QETL_SDK_REAL_MAX + 1];
    *qetl_sdk_float_write(value, text) = 0;
    return text;
}

/* The digits of a number, without sign, point, exponent and zeros at either end. */
static void digits_of(const char *text, char *digits)
{
    char *at = digits;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (at > digits || *text != '0'))
            *at++ = *text;
    while (at > digits && at[-1] == '0')
        at--;
    *at = 0;
}

/* printf is exact and rounds to nearest: its first precision that comes back has the fewest digits,
 * unless an even nearer number of as few digits lies in the interval, which ours may only better.
 */
static void check_real(double value)
{
    char shortest[40], ours[40], theirs[40];
    const char *text = real_text(value);
    double back = strtod(text, NULL);
    cr_assert(back == value && signbit(back) == signbit(value), "%a became %s", value, text);
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(shortest, sizeof shortest, "%.*e", precision - 1, value);
        if (strtod(shortest, NULL) == value)
            break;
    }
    digits_of(text, ours);
    digits_of(shortest, theirs);
    cr_assert(strlen(ours) <= strlen(theirs), "%a: %s is longer than %s", value, text, shortest);
    if (strlen(ours) == strlen(theirs))
        cr_assert_str_eq(ours, theirs, "%a: %s is not the nearest, %s is", value, text, shortest);
}

static void check_float(float value)
{
    char shortest[40], ours[40], theirs[40];
    const char *text = float_text(value);
    cr_assert(strtof(text, NULL) == value, "%a became %s", (double)value, text);
    for (int precision = 1; precision <= 9; precision++) {
        snprintf(shortest, sizeof shortest, "%.*e", precision - 1, (double)value);
        if (strtof(shortest, NULL) == value)
            break;
    }
    digits_of(text, ours);
    digits_of(shortest, theirs);
    cr_assert(strlen(ours) <= strlen(theirs), "%a: %s is longer than %s", (double)value, text,
              shortest);
    if (strlen(ours) == strlen(theirs))
        cr_assert_str_eq(ours, theirs);
}

Test(sdk_real, spelling)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {100, "100"},
                 {0.3, "0.3"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {123456789012345, "123456789012345"},
                 {1e14, "100000000000000"},
                 {1e15, "1e+15"},
                 {1234567890123456, "1.234567890123456e+15"},
                 {1e22, "1e+22"},
                 {1e23, "1e+23"},
                 {9007199254740993.0, "9.007199254740992e+15"},
                 {5e-324, "5e-324"},
                 {1e100, "1e+100"},
                 {DBL_MAX, "1.7976931348623157e+308"},
                 {DBL_MIN, "2.2250738585072014e-308"},
                 {INFINITY, "Infinity"},
                 {-INFINITY, "-Infinity"},
                 {NAN, "NaN"},
                 {-NAN, "NaN"},
                 {2.0 / 3, "0.6666666666666666"},
                 {9.5, "9.5"},
                 {1234.5678, "1234.5678"},
                 {2e-44, "2e-44"},
                 {9.007199254740991e15, "9.007199254740991e+15"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(real_text(cases[i].value), cases[i].text);
    cr_expect_str_eq(float_text(0.1f), "0.1");
    cr_expect_str_eq(float_text(16777216.0f), "16777216");
    cr_expect_str_eq(float_text(FLT_MAX), "3.4028235e+38");
    cr_expect_str_eq(float_text(FLT_TRUE_MIN), "1e-45");
    cr_expect_str_eq(float_text(-INFINITY), "-Infinity");
}

Test(sdk_real, powers_of_two_and_ten_and_neighbours)
{
    for (int e = -1074; e <= 1023; e++) {
        double value = ldexp(1, e);
        check_real(value);
        check_real(nextafter(value, 0));
        check_real(-nextafter(value, INFINITY));
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        double value = strtod(text, NULL);
        check_real(value);
        check_real(nextafter(value, 0));
        check_real(nextafter(value, INFINITY));
    }
}

Test(sdk_real, random_bits)
{
    uint64_t state = 3;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = random_next(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_real(value);
    }
}

Test(sdk_real, random_numbers_as_people_write_them)
{
    uint64_t state = 5;
    for (int i = 0; i < 100000; i++) {
        double value = (double)random_below(&state, 10000000000);
        check_real(value);
        check_real(value / 100);
        check_real(value / 1e6 * 1.19);
        check_real(value * 1048576);
    }
}

Test(sdk_real, random_floats)
{
    uint64_t state = 9;
    for (int e = -149; e <= 127; e++)
        check_float(ldexpf(1, e));
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)random_next(&state);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_float(value);
    }
}

/* A number of many words, least first: enough for 10^324 * 2^128. */
enum { WORDS = 48 };

static void words_multiply(uint32_t *words, uint32_t by)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)words[i] * by;
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static bool words_divide(uint32_t *words, uint32_t by)
{
    uint64_t rest = 0;
    for (int i = WORDS - 1; i >= 0; i--) {
        rest = rest << 32 | words[i];
        words[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    return rest != 0;
}

/* The leading 128 bits, and whether anything is behind them. */
static unsigned __int128 words_lead(const uint32_t *words, bool *more)
{
    int top = WORDS * 32 - 1;
    unsigned __int128 lead = 0;
    while (!(words[top / 32] >> top % 32 & 1))
        top--;
    for (int i = top; i > top - 128; i--)
        lead = lead << 1 | (i >= 0 ? words[i / 32] >> i % 32 & 1 : 0);
    for (int i = top - 128; i >= 0; i--)
        *more = *more || (words[i / 32] >> i % 32 & 1);
    return lead;
}

Test(sdk_real, table_of_powers)
{
    for (int e = QETL_SDK_POWER_MIN; e <= QETL_SDK_POWER_MAX; e++) {
        uint32_t words[WORDS] = {0};
        bool more = false;
        words[e < 0 ? WORDS - 2 : 0] = 1;
        for (int i = 0; i < abs(e); i++)
            if (e > 0)
                words_multiply(words, 10);
            else
                more |= words_divide(words, 10);
        unsigned __int128 lead = words_lead(words, &more) + more;
        struct qetl_sdk_u128 entry = qetl_sdk_powers[e - QETL_SDK_POWER_MIN];
        cr_assert(entry.high == (uint64_t)(lead >> 64) && entry.low == (uint64_t)lead, "10^%d", e);
    }
}
