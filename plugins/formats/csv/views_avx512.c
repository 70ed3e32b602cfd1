/* SPDX-License-Identifier: Apache-2.0 */
/* Views made with masked loads: a cell goes from the chunk to its view by one of them. */
#if defined(__x86_64__)
#define VIEW_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2,popcnt")))

#include "view_walk.h"

#include <immintrin.h>

/* The bytes go behind the four of the size; of a long cell, its place covers all but four of them.
 */
static inline VIEW_TARGET __attribute__((always_inline)) void
view_write(uint64_t *view, const uint8_t *data, uint32_t size, int32_t buffer, uint32_t offset)
{
    /* bzhi looks at the lowest eight bits of a size */
    __mmask16 bytes = (__mmask16)(_bzhi_u32(0xfff, size < 12 ? size : 12) << 4);
    __m128i v = _mm_maskz_loadu_epi8(bytes, data - 4);
    __m128i place = _mm_set_epi32((int32_t)offset, buffer, 0, (int32_t)size);
    __mmask8 lanes = size > 12 ? 0xd : 0x1;

    _mm_storeu_si128((__m128i *)(void *)view, _mm_mask_mov_epi32(v, lanes, place));
}

#include "views.h"

int64_t csv_views_avx512(struct csv_view_walk *w)
{
    return views_fill(w);
}

#endif
