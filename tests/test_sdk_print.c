/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, against printf. */
#include "sdk_random.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is written lies within the room, and the answer behind the last digit. */
static const char *printed(uint8_t *room, const uint8_t *behind)
{
    cr_assert(behind > room && behind <= room + QETL_PRINT_ROOM);
    for (int i = QETL_PRINT_ROOM; i < QETL_PRINT_ROOM + 16; i++)
        cr_assert_eq(room[i], 0xa5, "something was written behind the room");
    room[behind - room] = 0;
    return (const char *)room;
}

static void check_integer(int64_t value)
{
    uint8_t room[QETL_PRINT_ROOM + 16];
    char wanted[32];
    memset(room, 0xa5, sizeof room);
    snprintf(wanted, sizeof wanted, "%" PRId64, value);
    cr_assert_str_eq(printed(room, qetl_print_integer(room, value)), wanted);
    memset(room, 0xa5, sizeof room);
    snprintf(wanted, sizeof wanted, "%" PRIu64, (uint64_t)value);
    cr_assert_str_eq(printed(room, qetl_print_unsigned(room, (uint64_t)value)), wanted);
}

static void check_decimal(int64_t value, int32_t scale)
{
    uint8_t room[QETL_PRINT_ROOM + 16];
    char digits[64], wanted[72];
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int n = snprintf(digits, sizeof digits, "%0*" PRIu64, scale + 1, magnitude);
    snprintf(wanted, sizeof wanted, "%s%.*s%s%s", value < 0 ? "-" : "", n - scale, digits,
             scale ? "." : "", digits + n - scale);
    memset(room, 0xa5, sizeof room);
    cr_assert_str_eq(printed(room, qetl_print_decimal(room, value, scale)), wanted);
}

static void check(int64_t value)
{
    check_integer(value);
    for (int32_t scale = 0; scale <= 38; scale++)
        check_decimal(value, scale);
}

Test(sdk_print, every_length_and_its_borders)
{
    check(0);
    check(INT64_MIN);
    check(INT64_MAX);
    check(-1);
    for (uint64_t power = 1; power <= UINT64_C(1000000000000000000); power *= 10)
        for (int64_t around = -2; around <= 2; around++) {
            check((int64_t)power + around);
            check(-(int64_t)power + around);
        }
}

Test(sdk_print, every_number_of_four_digits_in_every_place)
{
    for (int64_t value = 0; value < 10000; value++) {
        check_integer(value);
        check_integer(value * 10000);
        check_integer(value * 100000000 + 1);
        check_integer(value * 1000000000000 + 99999999);
    }
}

Test(sdk_print, numbers_by_chance)
{
    uint64_t random = 5;
    for (int round = 0; round < 20000; round++) {
        int64_t value = (int64_t)(random_next(&random) >> random_below(&random, 64));
        check_integer(value);
        check_decimal(random_below(&random, 2) ? value : -value,
                      (int32_t)random_below(&random, 39));
    }
}
