/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of narrow.c and select.c for AVX-512, which makes masks and packs lanes by itself. */
#include "narrow_avx512.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,popcnt")))

TARGET int64_t qetl_expr_avx512_load(int64_t *restrict r, const void *decimals, int64_t n,
                                     int64_t *bad)
{
    const __m512i *rows = decimals;
    __m512i lows = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    __m512i highs = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    __m512i doubt = _mm512_setzero_si512();
    int64_t i = 0;

    for (; i + 8 <= n; i += 8, rows += 2) {
        __m512i first = _mm512_loadu_si512(rows), second = _mm512_loadu_si512(rows + 1);
        __m512i low = _mm512_permutex2var_epi64(first, lows, second);
        __m512i high = _mm512_permutex2var_epi64(first, highs, second);
        doubt = _mm512_or_si512(doubt, _mm512_xor_si512(high, _mm512_srai_epi64(low, 63)));
        _mm512_storeu_si512(r + i, low);
    }
    *bad = _mm512_test_epi64_mask(doubt, doubt) != 0;
    return i;
}

TARGET int64_t qetl_expr_avx512_multiply(int64_t *restrict r, const int64_t *restrict a,
                                         const int64_t *restrict b, int64_t n, bool *bad)
{
    /* As for AVX2: between -2^31 and 2^31 - 1 nothing is in the high half once 2^31 is added. */
    __m512i doubt = _mm512_setzero_si512(), shift = _mm512_set1_epi64(1LL << 31);
    __m512i high = _mm512_set1_epi64((int64_t)0xffffffff00000000ULL);
    int64_t i = 0;

    for (; i + 8 <= n; i += 8) {
        __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i);
        doubt = _mm512_or_si512(
            doubt, _mm512_or_si512(_mm512_add_epi64(x, shift), _mm512_add_epi64(y, shift)));
        _mm512_storeu_si512(r + i, _mm512_mul_epi32(x, y));
    }
    *bad = _mm512_test_epi64_mask(doubt, high) != 0;
    return i;
}

#define COMPARE(name, kind)                                                                  \
    TARGET int64_t qetl_expr_avx512_##name(uint64_t *r, const int64_t *a, const int64_t *b,  \
                                           int64_t n)                                        \
    {                                                                                        \
        int64_t i = 0;                                                                       \
        for (; i + 64 <= n; i += 64) {                                                       \
            uint64_t word = 0;                                                               \
            for (int k = 0; k < 64; k += 8)                                                  \
                word |= (uint64_t)_mm512_cmp_epi64_mask(_mm512_loadu_si512(a + i + k),       \
                                                        _mm512_loadu_si512(b + i + k), kind) \
                        << k;                                                                \
            r[i >> 6] = word;                                                                \
        }                                                                                    \
        return i;                                                                            \
    }

COMPARE(less, _MM_CMPINT_LT)
COMPARE(less_equal, _MM_CMPINT_LE)
COMPARE(equal, _MM_CMPINT_EQ)

TARGET int64_t qetl_expr_avx512_expand(uint64_t word, int32_t base, int32_t *selected)
{
    __m512i rows =
        _mm512_add_epi32(_mm512_set1_epi32(base),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    int64_t count = 0;

    for (int i = 0; i < 4; i++, word >>= 16) {
        __mmask16 mask = (__mmask16)word;
        _mm512_storeu_si512(selected + count, _mm512_maskz_compress_epi32(mask, rows));
        count += __builtin_popcount(mask);
        rows = _mm512_add_epi32(rows, _mm512_set1_epi32(16));
    }
    return count;
}

#endif
