/* SPDX-License-Identifier: Apache-2.0 */
/* Four views in two registers of 32 bytes. */
#include "views.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VIEWS_TARGET __attribute__((target("avx2,bmi,bmi2")))
#include "views_plain.h"

struct pair {
    __m256i low, high;
};

static inline VIEWS_TARGET uint64_t bits_of(struct pair p)
{
    return (uint32_t)_mm256_movemask_epi8(p.low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(p.high)
                                                       << 32;
}

/* Bytes that are not above those of the other. */
static inline VIEWS_TARGET uint64_t at_most(struct pair p, struct pair most)
{
    return bits_of((struct pair){_mm256_cmpeq_epi8(_mm256_min_epu8(p.low, most.low), p.low),
                                 _mm256_cmpeq_epi8(_mm256_min_epu8(p.high, most.high), p.high)});
}

static inline VIEWS_TARGET uint64_t are(struct pair p, char byte)
{
    __m256i all = _mm256_set1_epi8(byte);
    return bits_of((struct pair){_mm256_cmpeq_epi8(p.low, all), _mm256_cmpeq_epi8(p.high, all)});
}

static inline VIEWS_TARGET struct pair both(__m256i bytes)
{
    return (struct pair){bytes, bytes};
}

static inline VIEWS_TARGET struct views_four four_at(const uint8_t *views)
{
    const __m256i most = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(12, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
    const __m256i place = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    const __m256i first = _mm256_setzero_si256(), zero = _mm256_set1_epi8('0');
    const __m256i *from = (const __m256i *)(const void *)views;
    struct pair all = {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
    struct pair size = {_mm256_shuffle_epi8(all.low, first), _mm256_shuffle_epi8(all.high, first)};
    struct pair value = {_mm256_sub_epi8(all.low, zero), _mm256_sub_epi8(all.high, zero)};
    return (struct views_four){
        .longer = ~at_most(all, both(most)),
        .bytes = ~at_most(size, both(place)),
        .stops = are(all, '"') | are(all, '\\') | at_most(all, both(_mm256_set1_epi8(0x1f))),
        .digits = at_most(value, both(_mm256_set1_epi8(9))),
        .zeros = are(all, '0'),
        .points = are(all, '.'),
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
    return qetl_cpu_allows(QETL_CPU_AVX2) && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("bmi2");
}

const struct qetl_sdk_views qetl_sdk_views_avx2 = {"avx2", usable, texts, numbers};

#else

static bool never(void)
{
    return false;
}

const struct qetl_sdk_views qetl_sdk_views_avx2 = {"avx2", never, NULL, NULL};

#endif
