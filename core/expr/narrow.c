/* SPDX-License-Identifier: Apache-2.0 */
#include "narrow.h"

#include "narrow_avx2.h"
#include "narrow_avx512.h"
#include "op.h"

#include <qetl/sdk.h>

#if defined(__x86_64__)
static int level_find(void)
{
    if (qetl_cpu_allows(QETL_CPU_AVX512) && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("popcnt"))
        return QETL_CPU_AVX512;
    if (qetl_cpu_allows(QETL_CPU_AVX2) && __builtin_cpu_supports("avx2"))
        return QETL_CPU_AVX2;
    return QETL_CPU_PORTABLE;
}

int qetl_expr_cpu(void)
{
    static int found; /* level + 1 */
    int known = __atomic_load_n(&found, __ATOMIC_RELAXED);

    if (!known) {
        known = level_find() + 1;
        __atomic_store_n(&found, known, __ATOMIC_RELAXED);
    }
    return known - 1;
}

static int64_t vector_multiply(int64_t *restrict r, const int64_t *restrict a,
                               const int64_t *restrict b, int64_t n, bool *bad)
{
    return qetl_expr_cpu() == QETL_CPU_AVX512 ? qetl_expr_avx512_multiply(r, a, b, n, bad)
                                              : qetl_expr_avx2_multiply(r, a, b, n, bad);
}

static int64_t vector_load(int64_t *restrict r, const void *decimals, int64_t n, int64_t *bad)
{
    if (qetl_expr_cpu() == QETL_CPU_PORTABLE)
        return 0;
    return qetl_expr_cpu() == QETL_CPU_AVX512 ? qetl_expr_avx512_load(r, decimals, n, bad)
                                              : qetl_expr_avx2_load(r, decimals, n, bad);
}

/* Whole words of a comparison. */
#define VECTOR_COMPARE(name)                                                                 \
    static int64_t vector_##name(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n) \
    {                                                                                        \
        return qetl_expr_cpu() == QETL_CPU_AVX512 ? qetl_expr_avx512_##name(r, a, b, n) : 0; \
    }
#else
int qetl_expr_cpu(void)
{
    return QETL_CPU_PORTABLE;
}

static int64_t vector_multiply(int64_t *restrict r, const int64_t *restrict a,
                               const int64_t *restrict b, int64_t n, bool *bad)
{
    (void)r, (void)a, (void)b, (void)n;
    *bad = true;
    return 0;
}

static int64_t vector_load(int64_t *restrict r, const void *decimals, int64_t n, int64_t *bad)
{
    (void)r, (void)decimals, (void)n, (void)bad;
    return 0;
}

#define VECTOR_COMPARE(name)                                                                 \
    static int64_t vector_##name(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n) \
    {                                                                                        \
        (void)r, (void)a, (void)b, (void)n;                                                  \
        return 0;                                                                            \
    }
#endif

VECTOR_COMPARE(less)
VECTOR_COMPARE(less_equal)
VECTOR_COMPARE(equal)

/* All bits that matter in a number's magnitude. */
static inline uint64_t size_of(int64_t value)
{
    return (uint64_t)(value ^ (value >> 63));
}

static inline int bits_of(uint64_t size)
{
    return size ? 64 - __builtin_clzll(size) : 0;
}

EXPR_CLONES static void multiply_loop(int64_t *restrict r, const int64_t *restrict a,
                                      const int64_t *restrict b, int64_t n, uint64_t *sizes)
{
    uint64_t left = 0, right = 0;

    EXPR_LOOP(i, n, {
        r[i] = (int64_t)((uint64_t)a[i] * (uint64_t)b[i]);
        left |= size_of(a[i]);
        right |= size_of(b[i]);
    });
    sizes[0] = left;
    sizes[1] = right;
}

/* Factors of 32 bits, which most are. False: there are larger ones, or no vectors. */
static bool multiply_small(int64_t *restrict r, const int64_t *restrict a,
                           const int64_t *restrict b, int64_t n)
{
    bool bad;
    int64_t i;

    if (qetl_expr_cpu() == QETL_CPU_PORTABLE)
        return false;
    i = vector_multiply(r, a, b, n, &bad);
    for (; i < n && !bad; i++)
        bad = __builtin_mul_overflow(a[i], b[i], &r[i]);
    return !bad;
}

bool qetl_expr_multiply_narrow(int64_t *restrict r, const int64_t *restrict a,
                               const int64_t *restrict b, int64_t n)
{
    uint64_t sizes[2];

    if (multiply_small(r, a, b, n))
        return true;
    multiply_loop(r, a, b, n, sizes);
    if (bits_of(sizes[0]) + bits_of(sizes[1]) <= 62)
        return true;
    for (int64_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(a[i], b[i], &r[i]))
            return false;
    return true;
}

EXPR_CLONES bool qetl_expr_add_narrow(int64_t *restrict r, const int64_t *restrict a,
                                      const int64_t *restrict b, int64_t n, bool minus)
{
    int64_t bad = 0;

    if (minus)
        EXPR_LOOP(i, n, {
            r[i] = (int64_t)((uint64_t)a[i] - (uint64_t)b[i]);
            bad |= (a[i] ^ b[i]) & (a[i] ^ r[i]);
        });
    else
        EXPR_LOOP(i, n, {
            r[i] = (int64_t)((uint64_t)a[i] + (uint64_t)b[i]);
            bad |= (a[i] ^ r[i]) & (b[i] ^ r[i]);
        });
    return bad >= 0;
}

bool qetl_expr_load_narrow(int64_t *restrict r, const void *decimals, int64_t n)
{
    const int64_t *restrict words = decimals;
    int64_t bad = 0, i = vector_load(r, decimals, n, &bad);

    for (; i < n; i++) {
        r[i] = words[2 * i];
        bad |= words[2 * i + 1] ^ (words[2 * i] >> 63);
    }
    return bad == 0;
}

#define COMPARE(name, symbol)                                                                  \
    EXPR_CLONES static void loop_##name(uint64_t *r, const int64_t *a, const int64_t *b,       \
                                        int64_t from, int64_t n)                               \
    {                                                                                          \
        uint8_t bytes[64] = {0};                                                               \
        int64_t i = from;                                                                      \
        for (; i + 64 <= n; i += 64) {                                                         \
            for (int k = 0; k < 64; k++)                                                       \
                bytes[k] = a[i + k] symbol b[i + k];                                           \
            r[i >> 6] = expr_bits_pack(bytes);                                                 \
        }                                                                                      \
        if (i == n)                                                                            \
            return;                                                                            \
        for (int k = 0; k < 64; k++)                                                           \
            bytes[k] = i + k < n && a[i + k] symbol b[i + k];                                  \
        r[i >> 6] = expr_bits_pack(bytes);                                                     \
    }                                                                                          \
    void qetl_expr_##name##_narrow(uint64_t *r, const int64_t *a, const int64_t *b, int64_t n) \
    {                                                                                          \
        loop_##name(r, a, b, vector_##name(r, a, b, n), n);                                    \
    }

COMPARE(less, <)
COMPARE(less_equal, <=)
COMPARE(equal, ==)
