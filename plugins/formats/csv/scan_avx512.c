/* SPDX-License-Identifier: Apache-2.0 */
/* The structural scan with AVX-512 (BW, VBMI2) and carry-less multiplication. */
#if defined(__x86_64__)

#include "kernels.h"
#include "numbers.h"

#include <immintrin.h>
#include <qetl/sdk.h>
#include <string.h>

#define WALK_TARGET \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,pclmul,bmi,bmi2,popcnt")))

struct masks {
    uint64_t quote, delimiter, line, high;
};

static inline WALK_TARGET struct masks masks_of(const uint8_t *p, struct csv_marks marks)
{
    __m512i bytes = _mm512_loadu_si512(p);

    return (struct masks){
        .quote = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)marks.quote)),
        .delimiter = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)marks.delimiter)),
        .line = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')),
        .high = _mm512_movepi8_mask(bytes)};
}

static inline WALK_TARGET uint64_t byte_mask(const uint8_t *p, uint8_t byte)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8((char)byte));
}

static inline WALK_TARGET uint64_t inside_of(uint64_t quotes)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)quotes), _mm_set1_epi8((char)0xff), 0);

    return (uint64_t)_mm_cvtsi128_si64(product);
}

static inline WALK_TARGET uint64_t ones_of(uint64_t bits)
{
    return (uint64_t)_mm_popcnt_u64(bits);
}

/* The positions within the block are pressed together as bytes, then widened, sixteen at a time. */
static inline WALK_TARGET void flatten(uint32_t *out, uint32_t at, uint64_t bits)
{
    const __m512i counts = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
        17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i base = _mm512_set1_epi32((int)at);
    __m512i pressed = _mm512_maskz_compress_epi8(bits, counts);
    int64_t n = (int64_t)ones_of(bits);

    _mm512_storeu_si512(
        out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(pressed))));
    for (int64_t i = 16; __builtin_expect(i < n, 0); i += 16) {
        pressed = _mm512_alignr_epi32(_mm512_setzero_si512(), pressed, 4);
        _mm512_storeu_si512(
            out + i, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(pressed))));
    }
}

#include "walk.h"

static bool avx512_usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX512) && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

const struct csv_kernel csv_kernel_avx512 = {"avx512",   avx512_usable,    walk_last_end,
                                             walk_index, csv_views_avx512, csv_numbers_avx512};

#endif
