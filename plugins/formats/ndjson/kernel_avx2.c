/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of machines with AVX2: 32 bytes at a time. */
#if defined(__x86_64__)
#define WALK_TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))

#include "bytes.h"
#include "quote.h"

#include <immintrin.h>
#include <qetl/sdk.h>

static inline WALK_TARGET __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline WALK_TARGET uint32_t stops_of(__m256i bytes)
{
    __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    __m256i slash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), control));
}

static inline WALK_TARGET uint32_t unlike(const uint8_t *p, const uint8_t *run)
{
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load(p), load(run)));
}

static inline WALK_TARGET bool stands(const uint8_t *p, const uint8_t *run, int32_t size)
{
    if (size <= 32)
        return !_bzhi_u32(unlike(p, run), (uint32_t)size);
    return !unlike(p, run) && !_bzhi_u32(unlike(p + 32, run + 32), (uint32_t)size - 32);
}

static inline WALK_TARGET const uint8_t *stop_from(const uint8_t *p, const uint8_t *end)
{
    do {
        uint32_t stops = stops_of(load(p));
        if (stops)
            return p + _tzcnt_u32(stops);
        p += 32;
    } while (p < end);
    return p;
}

static inline WALK_TARGET uint64_t nondigits(const uint8_t *p)
{
    __m256i value = _mm256_sub_epi8(load(p), _mm256_set1_epi8('0'));
    __m256i digit = _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value);
    return ~(uint64_t)(uint32_t)_mm256_movemask_epi8(digit);
}

#include "walk.h"

static bool usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX2) && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static WALK_TARGET int64_t lines(const uint8_t *data, int64_t size, bool *ascii)
{
    __m256i high = _mm256_setzero_si256();
    int64_t n = 0, i = 0;
    bool rest_ascii;
    for (; i + 32 <= size; i += 32) {
        __m256i bytes = load(data + i);
        __m256i feed = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n'));
        n += __builtin_popcount((uint32_t)_mm256_movemask_epi8(feed));
        high = _mm256_or_si256(high, bytes);
    }
    n += ndjson_kernel_portable.lines(data + i, size - i, &rest_ascii);
    *ascii = rest_ascii && !_mm256_movemask_epi8(high);
    return n;
}

static WALK_TARGET uint8_t *quote(uint8_t *out, const uint8_t *data, int64_t size,
                                  const uint8_t *limit)
{
    const uint8_t *p = data, *end = data + size;
    while (p < end && limit - p >= 32) {
        __m256i bytes = load(p);
        uint32_t stops = stops_of(bytes);
        _mm256_storeu_si256((__m256i *)(void *)out, bytes);
        int64_t plain = stops ? _tzcnt_u32(stops) : 32;
        if (plain >= end - p)
            return out + (end - p);
        p += plain;
        out += plain;
        if (stops)
            out = ndjson_quote_byte(out, *p++);
    }
    return ndjson_quote_tail(out, p, end);
}

#define nondigits_in ndjson_nondigits_in
#include "rows.h"

const struct ndjson_kernel ndjson_kernel_avx2 = {"avx2", usable, walk_chunk,
                                                 lines,  quote,  rows_put};
#endif
