/* SPDX-License-Identifier: Apache-2.0 */
#include "units.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int64_t bytes;
} units[] = {
    {"", 1},
    {"B", 1},
    {"K", INT64_C(1) << 10},
    {"KiB", INT64_C(1) << 10},
    {"M", INT64_C(1) << 20},
    {"MiB", INT64_C(1) << 20},
    {"G", INT64_C(1) << 30},
    {"GiB", INT64_C(1) << 30},
    {"T", INT64_C(1) << 40},
    {"TiB", INT64_C(1) << 40},
    {"kB", INT64_C(1000)},
    {"MB", INT64_C(1000000)},
    {"GB", INT64_C(1000000000)},
    {"TB", INT64_C(1000000000000)},
};

int qetl_units_bytes(const char *text, int64_t *bytes)
{
    int64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *at - '0', &number))
            return -1;
    if (at == text)
        return -1;
    at += strspn(at, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(at, units[i].name) == 0)
            return __builtin_mul_overflow(number, units[i].bytes, bytes) ? -1 : 0;
    return -1;
}

static const struct {
    const char *name;
    int64_t ns;
} times[] = {
    {"d", INT64_C(86400) * 1000000000},
    {"h", INT64_C(3600) * 1000000000},
    {"m", INT64_C(60) * 1000000000},
    {"s", 1000000000},
    {"ms", 1000000},
    {"us", 1000},
    {"ns", 1},
};

enum { N_TIMES = sizeof times / sizeof *times };

static bool digits_read(const char **at, int64_t *number)
{
    const char *first = *at;
    for (*number = 0; **at >= '0' && **at <= '9'; ++*at)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, **at - '0', number))
            return false;
    return *at > first;
}

/* The unit at hand, if it is smaller than the last one. */
static int unit_find(const char *at, int last)
{
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    for (int i = last + 1; i < N_TIMES; i++)
        if (strlen(times[i].name) == length && memcmp(at, times[i].name, length) == 0)
            return i;
    return -1;
}

/* The digits behind a point, of a unit of so many nanoseconds. */
static bool decimals_add(const char *at, int64_t unit_ns, int64_t *sum)
{
    for (; *at >= '0' && *at <= '9'; at++) {
        if (unit_ns % 10 && *at != '0')
            return false;
        unit_ns /= 10;
        if (__builtin_add_overflow(*sum, unit_ns * (*at - '0'), sum))
            return false;
    }
    return true;
}

/* A number and its unit; `last`: nothing may follow. */
static bool part_add(const char **at, int *unit, bool *last, int64_t *sum)
{
    int64_t number;
    if (!digits_read(at, &number))
        return false;
    const char *decimals = **at == '.' ? *at + 1 : NULL;
    *last = decimals;
    if (decimals)
        *at = decimals + strspn(decimals, "0123456789");
    *unit = *at == decimals ? -1 : unit_find(*at, *unit);
    if (*unit < 0 || __builtin_mul_overflow(number, times[*unit].ns, &number) ||
        __builtin_add_overflow(*sum, number, sum))
        return false;
    *at += strlen(times[*unit].name);
    return !decimals || decimals_add(decimals, times[*unit].ns, sum);
}

int qetl_units_ns(const char *text, int64_t *ns)
{
    bool last = false, good = true;
    int unit = -1;
    *ns = 0;
    if (strcmp(text, "0") == 0)
        return 0;
    do
        good = !last && part_add(&text, &unit, &last, ns);
    while (good && *text);
    return good ? 0 : -1;
}
