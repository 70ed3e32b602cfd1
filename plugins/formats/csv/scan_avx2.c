/* SPDX-License-Identifier: Apache-2.0 */
/* The structural scan with AVX2 and carry-less multiplication. */
#if defined(__x86_64__)

#include "kernels.h"
#include "numbers.h"

#include <immintrin.h>
#include <qetl/sdk.h>
#include <string.h>

#define WALK_TARGET __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt")))

struct masks {
    uint64_t quote, delimiter, line, high;
};

static inline WALK_TARGET uint64_t join(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

static inline WALK_TARGET uint64_t equals(__m256i low, __m256i high, uint8_t byte)
{
    __m256i wanted = _mm256_set1_epi8((char)byte);

    return join(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

static inline WALK_TARGET struct masks masks_of(const uint8_t *p, struct csv_marks marks)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(p + 32));

    return (struct masks){.quote = equals(low, high, marks.quote),
                          .delimiter = equals(low, high, marks.delimiter),
                          .line = equals(low, high, '\n'),
                          .high = join(low, high)};
}

static inline WALK_TARGET uint64_t byte_mask(const uint8_t *p, uint8_t byte)
{
    return equals(_mm256_loadu_si256((const __m256i *)p),
                  _mm256_loadu_si256((const __m256i *)(p + 32)), byte);
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

/* Writes in groups, so that the branches are few and foreseeable; the array has room behind it. */
static inline WALK_TARGET void flatten(uint32_t *out, uint32_t at, uint64_t bits)
{
    uint32_t *end = out + ones_of(bits);

    do {
        for (int i = 0; i < 8; i++) {
            out[i] = at + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
        out += 8;
    } while (out < end);
}

#include "walk.h"

static bool avx2_usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX2) && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

const struct csv_kernel csv_kernel_avx2 = {"avx2",     avx2_usable,        walk_last_end,
                                           walk_index, csv_views_portable, csv_numbers_avx2};

#endif
