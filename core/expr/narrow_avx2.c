/* SPDX-License-Identifier: Apache-2.0 */
/* The two loops of narrow.c that the compiler does not vectorise well, by hand for AVX2. */
#include "narrow_avx2.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) int64_t
qetl_expr_avx2_load(int64_t *restrict r, const void *decimals, int64_t n, int64_t *bad)
{
    const __m256i *rows = decimals;
    __m256i doubt = _mm256_setzero_si256(), zero = _mm256_setzero_si256();
    int64_t words[4], i = 0;

    for (; i + 4 <= n; i += 4, rows += 2) {
        __m256i first = _mm256_loadu_si256(rows), second = _mm256_loadu_si256(rows + 1);
        __m256i low = _mm256_unpacklo_epi64(first, second);
        __m256i high = _mm256_unpackhi_epi64(first, second);
        doubt = _mm256_or_si256(doubt, _mm256_xor_si256(high, _mm256_cmpgt_epi64(zero, low)));
        _mm256_storeu_si256((__m256i *)(void *)(r + i), _mm256_permute4x64_epi64(low, 0xd8));
    }
    _mm256_storeu_si256((__m256i *)(void *)words, doubt);
    *bad = words[0] | words[1] | words[2] | words[3];
    return i;
}

__attribute__((target("avx2"))) int64_t qetl_expr_avx2_multiply(int64_t *restrict r,
                                                                const int64_t *restrict a,
                                                                const int64_t *restrict b,
                                                                int64_t n, bool *bad)
{
    /* A number between -2^31 and 2^31 - 1 has nothing in its high half once 2^31 is added. */
    __m256i doubt = _mm256_setzero_si256(), shift = _mm256_set1_epi64x(1LL << 31);
    __m256i high = _mm256_set1_epi64x((int64_t)0xffffffff00000000ULL);
    int64_t i = 0;

    for (; i + 4 <= n; i += 4) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(a + i));
        __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(b + i));
        doubt = _mm256_or_si256(
            doubt, _mm256_or_si256(_mm256_add_epi64(x, shift), _mm256_add_epi64(y, shift)));
        _mm256_storeu_si256((__m256i *)(void *)(r + i), _mm256_mul_epi32(x, y));
    }
    *bad = !_mm256_testz_si256(doubt, high);
    return i;
}

#endif
