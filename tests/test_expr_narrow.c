/* SPDX-License-Identifier: Apache-2.0 */
/* The loops over 64-bit numbers at each level of QETL_CPU against arithmetic of 128 bits. */
#include "../core/expr/narrow.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <qetl/sdk.h>
#include <stdlib.h>

enum { MOST = 1024 };

typedef __int128 wide;

static const int64_t edges[] = {0,
                                1,
                                -1,
                                2,
                                1LL << 31,
                                (1LL << 31) - 1,
                                -(1LL << 31),
                                -(1LL << 31) - 1,
                                3037000499,
                                3037000500,
                                1LL << 32,
                                INT64_MAX,
                                INT64_MIN,
                                INT64_MAX - 1,
                                INT64_MIN + 1};
static const int64_t lengths[] = {0, 1, 3, 4, 7, 8, 9, 63, 64, 65, 127, 200, 1023, 1024};

static uint64_t state;

static int64_t draw(void)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int64_t)(state >> 11 ^ state << 40);
}

/* `odd` of 1000 numbers are edges, the others are small. */
static void fill(int64_t *to, int64_t n, int odd)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (draw() & 1023) < odd ? edges[(uint64_t)draw() % (sizeof edges / sizeof *edges)]
                                      : draw() % 1000;
}

static void expect_bits(const uint64_t *bits, const int64_t *a, const int64_t *b, int64_t n,
                        int kind)
{
    for (int64_t i = 0; i < n; i++) {
        bool wanted = kind == 0 ? a[i] < b[i] : kind == 1 ? a[i] <= b[i] : a[i] == b[i];
        cr_assert_eq(bits[i >> 6] >> (i & 63) & 1, wanted, "kind %d, row %lld of %lld: %lld %lld",
                     kind, (long long)i, (long long)n, (long long)a[i], (long long)b[i]);
    }
}

static void check_arithmetic(const int64_t *a, const int64_t *b, int64_t n)
{
    int64_t r[MOST];
    bool fit[3] = {true, true, true}, got[3];

    for (int64_t i = 0; i < n; i++) {
        wide all[3] = {(wide)a[i] * b[i], (wide)a[i] + b[i], (wide)a[i] - b[i]};
        for (int k = 0; k < 3; k++)
            fit[k] &= all[k] == (int64_t)all[k];
    }
    for (int k = 0; k < 3; k++) {
        got[k] = k == 0 ? qetl_expr_multiply_narrow(r, a, b, n)
                        : qetl_expr_add_narrow(r, a, b, n, k == 2);
        cr_assert_eq(got[k], fit[k], "operation %d of %lld rows", k, (long long)n);
        for (int64_t i = 0; fit[k] && i < n; i++)
            cr_assert_eq(r[i],
                         k == 0   ? a[i] * b[i]
                         : k == 1 ? a[i] + b[i]
                                  : a[i] - b[i],
                         "operation %d, row %lld", k, (long long)i);
    }
}

static void check_load(const int64_t *a, int64_t n, int64_t odd_row)
{
    int64_t words[2 * MOST], r[MOST];

    for (int64_t i = 0; i < n; i++) {
        words[2 * i] = a[i];
        words[2 * i + 1] = a[i] >> 63;
    }
    if (odd_row >= 0 && odd_row < n)
        words[2 * odd_row + 1] ^= 1LL << 62;
    cr_assert_eq(qetl_expr_load_narrow(r, words, n), odd_row < 0 || odd_row >= n);
    cr_assert(odd_row >= 0 || !memcmp(r, a, (size_t)n * sizeof *r));
}

static void check_round(int64_t n, int odd)
{
    int64_t a[MOST], b[MOST];
    uint64_t bits[EXPR_WORDS];

    fill(a, n, odd);
    fill(b, n, odd);
    for (int64_t i = 0; i < n; i += 5)
        b[i] = a[i];
    check_arithmetic(a, b, n);
    check_load(a, n, -1);
    check_load(a, n, n ? (int64_t)((uint64_t)draw() % (uint64_t)n) : 0);
    qetl_expr_less_narrow(bits, a, b, n);
    expect_bits(bits, a, b, n, 0);
    qetl_expr_less_equal_narrow(bits, a, b, n);
    expect_bits(bits, a, b, n, 1);
    qetl_expr_equal_narrow(bits, a, b, n);
    expect_bits(bits, a, b, n, 2);
}

static void check_level(const char *level)
{
    static const int odds[] = {0, 1, 5, 200, 1024};

    setenv("QETL_CPU", level, 1);
    state = 1;
    for (int round = 0; round < 40; round++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (size_t o = 0; o < sizeof odds / sizeof *odds; o++)
                check_round(lengths[l], odds[o]);
}

/* Each test is a process of its own: the level is found once. */
Test(expr_narrow, portable)
{
    check_level("portable");
    cr_assert_eq(qetl_expr_cpu(), QETL_CPU_PORTABLE);
}

Test(expr_narrow, avx2)
{
    check_level("avx2");
    cr_assert_leq(qetl_expr_cpu(), QETL_CPU_AVX2);
}

Test(expr_narrow, best)
{
    check_level("avx512");
}
