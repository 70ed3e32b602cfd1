/* SPDX-License-Identifier: Apache-2.0 */
/* Strips with AVX-512: a text of up to 64 bytes is one masked load and one comparison, however long
 * its content is. */
#if defined(__x86_64__)

#include "kernel.h"

#include "strip.h"

#include <immintrin.h>
#include <qetl/sdk.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,bmi,bmi2,lzcnt")))

enum { WIDE = 64 };

static void gather(struct binary_strip in, int32_t width, void *out)
{
    binary_kernel_portable.gather(in, width, out);
}

static TARGET bool ascii(struct binary_strip in, int64_t width)
{
    __mmask64 mask = _bzhi_u64(~UINT64_C(0), (uint32_t)width);
    __m512i high = _mm512_setzero_si512();

    if (width > WIDE)
        return binary_kernel_portable.ascii(in, width);
    for (int64_t i = 0; i < in.n; i++)
        high = _mm512_or_si512(high, _mm512_maskz_loadu_epi8(mask, in.from + i * in.stride));
    return !_mm512_movepi8_mask(high);
}

/* Of a text within its view the bytes 4 to 15 are content; of another 4 to 7 are, and 12 to 15 say
 * where the whole lies. */
static TARGET void views(struct binary_strip in, int64_t width, int32_t offset, uint64_t *out)
{
    __mmask64 mask = _bzhi_u64(~UINT64_C(0), (uint32_t)width);

    if (width > WIDE) {
        binary_kernel_portable.views(in, width, offset, out);
        return;
    }
    for (int64_t i = 0; i < in.n; i++) {
        __m512i v = _mm512_maskz_loadu_epi8(mask, in.from + i * in.stride);
        uint32_t size = 64 - (uint32_t)_lzcnt_u64(_mm512_test_epi8_mask(v, v));
        __m128i text = _mm_bslli_si128(_mm512_castsi512_si128(v), 4);
        __m128i head = _mm_insert_epi32(text, (int32_t)size, 0);
        __m128i far_away = _mm_insert_epi32(head, offset + (int32_t)(i * in.stride), 3);
        __mmask8 inlined = size <= BINARY_VIEW_INLINE ? 0xf : 0x3;

        far_away = _mm_mask_mov_epi32(_mm_maskz_mov_epi32(0xb, far_away), inlined, head);
        _mm_storeu_si128((__m128i *)(out + 2 * i), far_away);
    }
}

static bool usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX512) && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("bmi2");
}

const struct binary_kernel binary_kernel_avx512 = {"avx512", usable, gather, ascii, views};

#endif
