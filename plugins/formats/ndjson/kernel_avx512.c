/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of machines with AVX-512 for bytes: 64 at a time. */
#if defined(__x86_64__)
#define WALK_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt")))

#include "bytes.h"
#include "quote.h"

#include <immintrin.h>
#include <qetl/sdk.h>

static inline WALK_TARGET __m512i load(const uint8_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline WALK_TARGET uint64_t stops_of(__m512i bytes)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) |
           _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')) |
           _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20));
}

static inline WALK_TARGET bool stands(const uint8_t *p, const uint8_t *run, int32_t size)
{
    uint64_t unlike = _mm512_cmpneq_epi8_mask(load(p), load(run));
    return !_bzhi_u64(unlike, (uint32_t)size);
}

static inline WALK_TARGET const uint8_t *stop_from(const uint8_t *p, const uint8_t *end)
{
    do {
        uint64_t stops = stops_of(load(p));
        if (stops)
            return p + _tzcnt_u64(stops);
        p += 64;
    } while (p < end);
    return p;
}

static inline WALK_TARGET uint64_t nondigits(const uint8_t *p)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i value = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
    return ~(uint64_t)_mm256_cmple_epu8_mask(value, _mm256_set1_epi8(9));
}

#include "walk.h"

static bool usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX512) && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           ndjson_kernel_avx2.usable();
}

static WALK_TARGET int64_t lines(const uint8_t *data, int64_t size, bool *ascii)
{
    __m512i high = _mm512_setzero_si512();
    int64_t n = 0, i = 0;
    bool rest_ascii;
    for (; i + 64 <= size; i += 64) {
        __m512i bytes = load(data + i);
        n += __builtin_popcountll(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')));
        high = _mm512_or_si512(high, bytes);
    }
    n += ndjson_kernel_portable.lines(data + i, size - i, &rest_ascii);
    *ascii = rest_ascii && !_mm512_movepi8_mask(high);
    return n;
}

static inline WALK_TARGET uint32_t stops_of_32(__m256i bytes)
{
    return _mm256_cmpeq_epi8_mask(bytes, _mm256_set1_epi8('"')) |
           _mm256_cmpeq_epi8_mask(bytes, _mm256_set1_epi8('\\')) |
           _mm256_cmplt_epu8_mask(bytes, _mm256_set1_epi8(0x20));
}

/* Masked loads do not touch what they do not take, so that the limit does not matter. */
static inline WALK_TARGET __attribute__((always_inline)) uint8_t *
quote(uint8_t *out, const uint8_t *data, int64_t size, const uint8_t *limit)
{
    const uint8_t *p = data, *end = data + size;
    (void)limit;
    while (p < end) {
        int64_t left = end - p < 32 ? end - p : 32;
        uint32_t all = _bzhi_u32(~(uint32_t)0, (uint32_t)left);
        __m256i bytes = _mm256_maskz_loadu_epi8(all, p);
        uint32_t stops = stops_of_32(bytes) & all;
        _mm256_storeu_si256((__m256i *)(void *)out, bytes);
        int64_t plain = stops ? (int64_t)_tzcnt_u32(stops) : left;
        p += plain;
        out += plain;
        if (stops)
            out = ndjson_quote_byte(out, *p++);
    }
    return out;
}

static inline WALK_TARGET uint32_t nondigits_in(const uint8_t *data, int64_t size)
{
    if (size > 32)
        return ~(uint32_t)0;
    uint32_t all = _bzhi_u32(~(uint32_t)0, (uint32_t)size);
    __m256i bytes = _mm256_maskz_loadu_epi8(all, data);
    __m256i value = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
    return all & ~_mm256_cmple_epu8_mask(value, _mm256_set1_epi8(9));
}

#include "rows.h"

const struct ndjson_kernel ndjson_kernel_avx512 = {"avx512", usable, walk_chunk,
                                                   lines,    quote,  rows_put};
#endif
