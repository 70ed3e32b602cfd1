/* SPDX-License-Identifier: Apache-2.0 */
/* Four views in a register of 64 bytes. */
#include "views.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VIEWS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2")))
#include "views_plain.h"

static inline VIEWS_TARGET struct views_four four_at(const uint8_t *views)
{
    const __m512i most = _mm512_broadcast_i32x4(
        _mm_setr_epi8(12, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
    const __m512i place =
        _mm512_broadcast_i32x4(_mm_setr_epi8(-1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    __m512i all = _mm512_loadu_si512(views);
    __m512i size = _mm512_shuffle_epi8(all, _mm512_setzero_si512());
    __m512i value = _mm512_sub_epi8(all, _mm512_set1_epi8('0'));
    return (struct views_four){
        .longer = _mm512_cmpgt_epu8_mask(all, most),
        .bytes = _mm512_cmplt_epu8_mask(place, size),
        .stops = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('"')) |
                 _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\\')) |
                 _mm512_cmplt_epu8_mask(all, _mm512_set1_epi8(0x20)),
        .digits = _mm512_cmple_epu8_mask(value, _mm512_set1_epi8(9)),
        .zeros = _mm512_testn_epi8_mask(value, value),
        .points = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('.')),
    };
}

static VIEWS_TARGET uint64_t texts(const uint8_t *views, int64_t n)
{
    return views_texts(views, n);
}

static VIEWS_TARGET uint64_t numbers(const uint8_t *views, int64_t n, int32_t whole,
                                     int32_t fraction)
{
    return views_numbers(views, n, whole, fraction);
}

static bool usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX512) && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

const struct qetl_sdk_views qetl_sdk_views_avx512 = {"avx512", usable, texts, numbers};

#else

static bool never(void)
{
    return false;
}

const struct qetl_sdk_views qetl_sdk_views_avx512 = {"avx512", never, NULL, NULL};

#endif
