/* SPDX-License-Identifier: Apache-2.0 */
#include "../core/expr/narrow.h"
#include "../core/time/moment.h"
#include "../core/value/number.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static struct expr_text text_of(const char *text)
{
    return (struct expr_text){text, (int64_t)strlen(text)};
}

static const char *decimal_text(expr_int128 value, int32_t scale)
{
    static char out[EXPR_NUMBER_TEXT_MAX + 1];

    out[qetl_expr_print_decimal(value, scale, out)] = '\0';
    return out;
}

static void expect_decimal(const char *text, int32_t scale, const char *wanted)
{
    expr_int128 value;

    cr_assert_eq(qetl_expr_parse_decimal(text_of(text), scale, &value), EXPR_PARSED, "%s", text);
    cr_assert_str_eq(decimal_text(value, scale), wanted, "%s", text);
}

Test(expr_number, decimals_are_read_and_rounded)
{
    expr_int128 value;

    expect_decimal("1.005", 2, "1.01");
    expect_decimal("-1.005", 2, "-1.01");
    expect_decimal(" .5 ", 0, "1");
    expect_decimal("0.49999", 0, "0");
    expect_decimal("12e3", 1, "12000.0");
    expect_decimal("12e-5", 4, "0.0001");
    expect_decimal("5.", 2, "5.00");
    expect_decimal("99999999999999999999999999999999999999", 0,
                   "99999999999999999999999999999999999999");
    expect_decimal("0.00000000000000000000000000000000000000000000001", 3, "0.000");
    cr_assert_eq(
        qetl_expr_parse_decimal(text_of("99999999999999999999999999999999999999.5"), 0, &value),
        EXPR_PARSED_RANGE);
    cr_assert_eq(qetl_expr_parse_decimal(text_of("1e99999999999"), 0, &value), EXPR_PARSED_RANGE);
    cr_assert_eq(qetl_expr_parse_decimal(text_of("."), 0, &value), EXPR_PARSED_BAD);
    cr_assert_eq(qetl_expr_parse_decimal(text_of("1e"), 0, &value), EXPR_PARSED_BAD);
    cr_assert_eq(qetl_expr_parse_decimal(text_of("1 2"), 0, &value), EXPR_PARSED_BAD);
}

Test(expr_number, integers_stop_at_their_ends)
{
    int64_t value;

    cr_assert_eq(qetl_expr_parse_integer(text_of("-9223372036854775808"), &value), EXPR_PARSED);
    cr_assert_eq(value, INT64_MIN);
    cr_assert_eq(qetl_expr_parse_integer(text_of("9223372036854775808"), &value),
                 EXPR_PARSED_RANGE);
    cr_assert_eq(qetl_expr_parse_integer(text_of(" +7 "), &value), EXPR_PARSED);
    cr_assert_eq(value, 7);
    cr_assert_eq(qetl_expr_parse_integer(text_of("1.0"), &value), EXPR_PARSED_BAD);
    cr_assert_eq(qetl_expr_parse_integer(text_of(""), &value), EXPR_PARSED_BAD);
}

Test(expr_number, division_is_exact_to_the_last_digit)
{
    expr_int128 top = qetl_expr_pow10[38] - 1, value;

    cr_assert(qetl_expr_decimal_divide(10, 3, 16, &value));
    cr_assert_str_eq(decimal_text(value, 16), "3.3333333333333333");
    cr_assert(qetl_expr_decimal_divide(-20, 3, 16, &value));
    cr_assert_str_eq(decimal_text(value, 16), "-6.6666666666666667");
    cr_assert(qetl_expr_decimal_divide(top, top, 37, &value));
    cr_assert(value == qetl_expr_pow10[37]);
    cr_assert(qetl_expr_decimal_divide(top - 1, top, 37, &value));
    cr_assert(value == qetl_expr_pow10[37]);
    cr_assert(qetl_expr_decimal_divide(1, top, 75, &value));
    cr_assert(value == qetl_expr_pow10[37]);
    cr_assert_not(qetl_expr_decimal_divide(top, 1, 1, &value));
}

Test(expr_number, reals_print_as_short_as_they_read_back)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1e15, "1e+15"},
                 {123456789012345.0, "123456789012345"},
                 {1e-5, "1e-05"},
                 {0.0001, "0.0001"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {-0.0, "-0"},
                 {100, "100"},
                 {2.5, "2.5"},
                 {NAN, "NaN"},
                 {-INFINITY, "-Infinity"}};
    char out[EXPR_NUMBER_TEXT_MAX];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        out[qetl_expr_print_real(cases[i].value, false, out)] = '\0';
        cr_assert_str_eq(out, cases[i].text);
    }
    out[qetl_expr_print_real((double)0.1f, true, out)] = '\0';
    cr_assert_str_eq(out, "0.1");
}

Test(expr_number, every_day_of_a_cycle_is_read_as_printed)
{
    char out[EXPR_MOMENT_TEXT_MAX];

    for (int64_t day = -146097; day < 146097 * 2; day += 11) {
        int64_t back;
        int size = qetl_expr_print_moment(day, EXPR_DATE, out);
        cr_assert_eq(qetl_expr_parse_moment((struct expr_text){out, size}, EXPR_DATE, NULL, &back),
                     EXPR_PARSED);
        cr_assert_eq(back, day);
    }
}

Test(expr_number, moments_in_their_forms)
{
    static const struct {
        const char *text;
        enum expr_type_id type;
        enum expr_parsed result;
        int64_t value;
    } cases[] = {
        {"2024-02-29", EXPR_DATE, EXPR_PARSED, 19782},
        {"2023-02-29", EXPR_DATE, EXPR_PARSED_RANGE, 0},
        {"1970-01-01T00:00:01.5Z", EXPR_TIMESTAMP, EXPR_PARSED, 1500000},
        {"1970-01-01 01:00:00+01", EXPR_TIMESTAMPTZ, EXPR_PARSED, 0},
        {"1970-01-01 01:00:00+01", EXPR_TIMESTAMP, EXPR_PARSED, 3600000000},
        {"1970-01-01 00:00:00.0000005", EXPR_TIMESTAMP, EXPR_PARSED, 1},
        {"24:00:00", EXPR_TIME, EXPR_PARSED, 86400000000},
        {"24:00:01", EXPR_TIME, EXPR_PARSED_RANGE, 0},
        {"10:20", EXPR_TIME, EXPR_PARSED, 37200000000},
        {"abc", EXPR_DATE, EXPR_PARSED_BAD, 0},
        {"2024-01-01 10:00 x", EXPR_TIMESTAMP, EXPR_PARSED_BAD, 0},
        {"294277-01-01", EXPR_TIMESTAMP, EXPR_PARSED_RANGE, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 0;
        cr_assert_eq(qetl_expr_parse_moment(text_of(cases[i].text), cases[i].type, NULL, &value),
                     cases[i].result, "%s", cases[i].text);
        if (cases[i].result == EXPR_PARSED)
            cr_assert_eq(value, cases[i].value, "%s: %lld", cases[i].text, (long long)value);
    }
}

/* The vector loops against plain arithmetic, at every length and around every limit. */
Test(expr_number, narrow_loops)
{
    static const int64_t edges[] = {0,
                                    1,
                                    -1,
                                    INT32_MAX,
                                    INT32_MIN,
                                    (int64_t)INT32_MAX + 1,
                                    (int64_t)INT32_MIN - 1,
                                    INT64_MAX,
                                    INT64_MIN,
                                    3037000499,
                                    3037000500,
                                    1LL << 31,
                                    -(1LL << 32)};
    int64_t a[200], b[200], r[200];

    for (int round = 0; round < 4000; round++) {
        int64_t n = round % 200, product, most = round % 3 ? 5 : 13;
        bool fits = true;
        for (int64_t i = 0; i < n; i++) {
            a[i] = edges[rand() % most];
            b[i] = rand() % 4 ? rand() % 100 - 50 : edges[rand() % most];
            fits &= !__builtin_mul_overflow(a[i], b[i], &product);
        }
        cr_assert_eq(qetl_expr_multiply_narrow(r, a, b, n), fits);
        for (int64_t i = 0; fits && i < n; i++)
            cr_assert_eq(r[i], a[i] * b[i]);
    }
}

Test(expr_number, narrow_load)
{
    expr_int128 wide[130];
    int64_t r[130];

    for (int n = 0; n < 130; n++) {
        for (int i = 0; i < n; i++)
            wide[i] = i & 1 ? INT64_MIN + i : INT64_MAX - i;
        cr_assert(qetl_expr_load_narrow(r, wide, n));
        for (int i = 0; i < n; i++)
            cr_assert_eq(r[i], (int64_t)wide[i]);
        for (int i = 0; i < n; i++) {
            expr_int128 kept = wide[i];
            wide[i] = i & 1 ? (expr_int128)INT64_MIN - 1 : (expr_int128)INT64_MAX + 1;
            cr_assert_not(qetl_expr_load_narrow(r, wide, n));
            wide[i] = kept;
        }
    }
}
