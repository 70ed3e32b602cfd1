/* SPDX-License-Identifier: Apache-2.0 */
/* Values from texts: what is read, what is none, and that what was rendered is read as it was. */
#include <qetl/parse.h>

#include "sdk_random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct qetl_text text_of(const char *text)
{
    return (struct qetl_text){text, (int64_t)strlen(text)};
}

#define IS(type, parse, text, wanted)                                         \
    do {                                                                      \
        type got_ = 0;                                                        \
        cr_assert(parse, "\"%s\" is none", text);                             \
        cr_assert(got_ == (wanted), "\"%s\" is %lld", text, (long long)got_); \
    } while (0)
#define NONE(type, parse, text)                                   \
    do {                                                          \
        type got_ = 42;                                           \
        cr_assert(!(parse), "\"%s\" is one", text);               \
        cr_assert(got_ == 42, "\"%s\" has left something", text); \
    } while (0)
#define INT(text, wanted) IS(int64_t, qetl_parse_int(text_of(text), &got_), text, wanted)
#define NO_INT(text) NONE(int64_t, qetl_parse_int(text_of(text), &got_), text)
#define DECIMAL(text, scale, wanted) \
    IS(qetl_int128, qetl_parse_decimal(text_of(text), scale, &got_), text, wanted)
#define NO_DECIMAL(text, scale) \
    NONE(qetl_int128, qetl_parse_decimal(text_of(text), scale, &got_), text)
#define DATE(text, wanted) IS(int64_t, qetl_parse_date(text_of(text), &got_), text, wanted)
#define NO_DATE(text) NONE(int64_t, qetl_parse_date(text_of(text), &got_), text)
#define STAMP(text, digits, wanted) \
    IS(int64_t, qetl_parse_timestamp(text_of(text), digits, &got_), text, wanted)
#define NO_STAMP(text, digits) \
    NONE(int64_t, qetl_parse_timestamp(text_of(text), digits, &got_), text)

Test(sdk_parse, integers)
{
    INT("0", 0);
    INT("-9223372036854775808", INT64_MIN);
    INT("+9223372036854775807", INT64_MAX);
    INT("007", 7);
    NO_INT("9223372036854775808");
    NO_INT("-9223372036854775809");
    NO_INT("");
    NO_INT("-");
    NO_INT("+-1");
    NO_INT(" 1");
    NO_INT("1 ");
    NO_INT("1.0");
    uint64_t large = 0;
    cr_assert(qetl_parse_uint(text_of("18446744073709551615"), &large) && large == UINT64_MAX);
    cr_assert(!qetl_parse_uint(text_of("18446744073709551616"), &large));
    cr_assert(!qetl_parse_uint(text_of("-0"), &large));
}

Test(sdk_parse, booleans)
{
    static const char *const yes[] = {"true", "TRUE", "t", "T", "1"};
    static const char *const no[] = {"false", "False", "f", "0"};
    static const char *const none[] = {"", "yes", "tru", "truee", "2", "10", "\x54\x12"};
    bool got;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        cr_assert(qetl_parse_bool(text_of(yes[i]), &got) && got, "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        cr_assert(qetl_parse_bool(text_of(no[i]), &got) && !got, "%s", no[i]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert(!qetl_parse_bool(text_of(none[i]), &got), "%s", none[i]);
}

Test(sdk_parse, decimals)
{
    qetl_int128 most = 1;
    for (int i = 0; i < 38; i++)
        most *= 10;
    DECIMAL("12.5", 2, 1250);
    DECIMAL("-.5", 1, -5);
    DECIMAL("5.", 0, 5);
    DECIMAL("1.5000", 1, 15);
    DECIMAL("99999999999999999999999999999999999999", 0, most - 1);
    DECIMAL("-0.00000000000000000000000000000000000001", 38, -1);
    NO_DECIMAL("100000000000000000000000000000000000000", 0);
    NO_DECIMAL("1", 38);
    NO_DECIMAL("1.25", 1);
    NO_DECIMAL("1e2", 2);
    NO_DECIMAL("1,5", 2);
    NO_DECIMAL("1.2.3", 3);
    NO_DECIMAL("400000000000000000000000000000000000000",
               0); /* more than 128 bits, and less of them */
    NO_DECIMAL("40000000000000000000000000000000000000", 1);
    NO_DECIMAL("4000000000000000000000000000000000000.01", 2);
    NO_DECIMAL(".", 2);
    NO_DECIMAL("", 2);
}

Test(sdk_parse, dates)
{
    DATE("1970-01-01", 0);
    DATE("1969-12-31", -1);
    DATE("2000-02-29", 11016);
    DATE("0001-01-01", -719162);
    DATE("9999-12-31", 2932896);
    NO_DATE("2100-02-29");
    NO_DATE("2024-02-30");
    NO_DATE("2024-13-01");
    NO_DATE("2024-00-01");
    NO_DATE("0000-01-01");
    NO_DATE("2024-1-1");
    NO_DATE("24-01-01");
    NO_DATE("2024-01-01T");
    NO_DATE("10000-01-01");
    NO_DATE("");
}

Test(sdk_parse, times)
{
    int64_t got = 42;
    cr_assert(qetl_parse_time(text_of("23:59"), 0, &got) && got == 86340);
    cr_assert(qetl_parse_time(text_of("00:00:01.5"), 6, &got) && got == 1500000);
    cr_assert(qetl_parse_time(text_of("00:00:01.500000"), 3, &got) && got == 1500);
    got = 42;
    static const char *const none[] = {"24:00",     "1:00",          "00:60",  "00:00:60",
                                       "00:00:01.", "00:00:01.0001", "00:00Z", ""};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert(!qetl_parse_time(text_of(none[i]), 3, &got) && got == 42, "%s", none[i]);
}

Test(sdk_parse, timestamps)
{
    STAMP("1970-01-01", 6, 0);
    STAMP("2024-02-29T12:34:56Z", 0, 1709210096);
    STAMP("2024-02-29 12:34:56.789", 3, 1709210096789);
    STAMP("2024-02-29t12:34:56+02:00", 0, 1709202896);
    STAMP("2024-02-29T12:34-0230", 0, 1709219040);
    STAMP("2024-02-29T12:34+02", 0, 1709202840);
    STAMP("1969-12-31T23:59:59.999999999z", 9, -1);
    STAMP("2262-04-11T23:47:16.854775807Z", 9, INT64_MAX);
    NO_STAMP("2262-04-11T23:47:17Z", 9);
    NO_STAMP("1677-09-21T00:12:43Z", 9);
    NO_STAMP("2024-02-29T", 0);
    NO_STAMP("2024-02-29X12:00", 0);
    NO_STAMP("2024-02-29T12:00+24", 0);
    NO_STAMP("2024-02-29T12:00+02:", 0);
    NO_STAMP("2024-02-29T12:00+02:00x", 0);
    NO_STAMP("2024-02-29T12:00:00.5", 0);
    NO_STAMP("2024-02-29 ", 0);
}

static double real_of(const char *text)
{
    double got = 42;
    cr_assert(qetl_parse_real(text_of(text), &got), "\"%s\" is none", text);
    return got;
}

Test(sdk_parse, reals)
{
    static const char *const none[] = {"",     "-",  ".",     "e5",     "1e",   "1e+",
                                       "0x10", "1 ", "1e400", "-1e400", "nanx", "1.2.3"};
    double got = 42;
    cr_assert(real_of("1.5") == 1.5 && real_of("-.5e1") == -5 && real_of("1e-400") == 0);
    cr_assert(real_of("000.000125") == 0.000125 && real_of("5.") == 5 && real_of("+7E+2") == 700);
    cr_assert(signbit(real_of("-0")) && isnan(real_of("NaN")));
    cr_assert(real_of("-Infinity") == -(double)INFINITY && real_of("inf") > 1e308);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert(!qetl_parse_real(text_of(none[i]), &got) && got == 42, "%s", none[i]);
    /* The middle between 1 and the next double, and a little more, behind more digits than are
     * kept. */
    char text[2000] = "1.00000000000000011102230246251565404236316680908203125";
    cr_assert(real_of(text) == 1);
    size_t size = strlen(text);
    memset(text + size, '0', 1200);
    memcpy(text + size + 1200, "1", 2);
    cr_assert(real_of(text) == 1.0000000000000002);
    memset(text, '1', 1000);
    memcpy(text + 1000, "e-999", 6);
    cr_assert(real_of(text) == 1.1111111111111112);
}

/* As strtod reads them, in the locale of C. */
Test(sdk_parse, reals_are_the_nearest)
{
    uint64_t random = 7;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_next(&random);
        double wanted, got = 0;
        char text[64];
        memcpy(&wanted, &bits, sizeof wanted);
        if (!isfinite(wanted))
            continue;
        snprintf(text, sizeof text, i % 2 ? "%.17g" : "%.9e", wanted);
        wanted = strtod(text, NULL);
        cr_assert(qetl_parse_real(text_of(text), &got) && got == wanted, "%s", text);
    }
}
