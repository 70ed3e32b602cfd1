/* SPDX-License-Identifier: Apache-2.0 */
/* Strips with AVX2: a text of up to 32 bytes is one load, wherever it ends. */
#if defined(__x86_64__)

#include "kernel.h"

#include "strip.h"

#include <immintrin.h>
#include <qetl/sdk.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt")))

enum { WIDE = 32 };

static void gather(struct binary_strip in, int32_t width, void *out)
{
    binary_kernel_portable.gather(in, width, out);
}

/* All bits in the first `width` bytes. */
static TARGET __m256i mask_of(int64_t width)
{
    uint8_t bytes[WIDE] = {0};

    memset(bytes, 0xff, (size_t)width);
    return _mm256_loadu_si256((const __m256i *)bytes);
}

static TARGET bool ascii(struct binary_strip in, int64_t width)
{
    __m256i high = _mm256_setzero_si256();

    if (width > WIDE)
        return binary_kernel_portable.ascii(in, width);
    for (int64_t i = 0; i < in.n; i++)
        high =
            _mm256_or_si256(high, _mm256_loadu_si256((const __m256i *)(in.from + i * in.stride)));
    return !_mm256_movemask_epi8(_mm256_and_si256(high, mask_of(width)));
}

static TARGET void views(struct binary_strip in, int64_t width, int32_t offset, uint64_t *out)
{
    const __m256i zero = _mm256_setzero_si256();

    if (width > WIDE) {
        binary_kernel_portable.views(in, width, offset, out);
        return;
    }
    for (int64_t i = 0; i < in.n; i++) {
        const uint8_t *at = in.from + i * in.stride;
        __m256i v = _mm256_loadu_si256((const __m256i *)at);
        uint32_t filled = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, zero));
        uint32_t size = 32 - _lzcnt_u32(_bzhi_u32(filled, (uint32_t)width));

        binary_view_put(at, size, offset + (int32_t)(i * in.stride), out + 2 * i);
    }
}

static bool usable(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX2) && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("bmi2");
}

const struct binary_kernel binary_kernel_avx2 = {"avx2", usable, gather, ascii, views};

#endif
