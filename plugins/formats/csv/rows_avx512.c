/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with AVX-512: a cell of up to 32 bytes is one masked load, four comparisons and one store,
 * wherever it stands and however long it is. */
#if defined(__x86_64__)

#include "encoder.h"

#include <immintrin.h>
#include <qetl/sdk.h>

#define ROWS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))

static inline ROWS_TARGET bool cell_is_odd(const struct csv_hot *hot, int64_t row, uint32_t size,
                                           uint64_t odd_sizes, bool null_spelled);

static inline ROWS_TARGET uint32_t specials(const struct csv_special *s, __m256i v)
{
    return _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8((char)s->delimiter[0])) |
           _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8((char)s->mark)) |
           _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8('\n')) |
           _mm256_cmpeq_epi8_mask(v, _mm256_set1_epi8('\r'));
}

static inline ROWS_TARGET bool cell_fast(const struct csv_encoder *e, const struct csv_hot *hot,
                                         int64_t row, uint8_t **at)
{
    const uint64_t *view = hot->views + 2 * row;
    uint32_t size = (uint32_t)view[0];
    /* Before its place is looked at: under a NULL may stand anything. */
    if (__builtin_expect(
            size > CSV_FAST_CELL || cell_is_odd(hot, row, size, e->odd_sizes, e->null.size), 0))
        return false;
    bool near = size <= CSV_INLINE;
    uint64_t place = near ? 0 : view[1];
    const uint8_t *far_data = hot->data[(uint32_t)place] + (place >> 32);
    const uint8_t *data = near ? (const uint8_t *)view + 4 : far_data;
    __m256i v = _mm256_maskz_loadu_epi8(_bzhi_u32(~0u, size), data);

    if (__builtin_expect(
            (hot->first && (view[0] >> 32 & 0xffffff) == 0xbfbbef) || specials(&e->special, v), 0))
        return false;
    _mm256_storeu_si256((__m256i *)*at, v);
    *at += size;
    return true;
}

#include "rows.h"

static bool avx512_usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX512) && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

const struct csv_rows_kernel csv_rows_avx512 = {"avx512", avx512_usable, rows_write};

#endif
