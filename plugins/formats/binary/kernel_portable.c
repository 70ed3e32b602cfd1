/* SPDX-License-Identifier: Apache-2.0 */
/* Strips of values on any machine. */
#include "kernel.h"

#include "strip.h"

static void gather(struct binary_strip in, int32_t width, void *out)
{
    if (width == 2)
        for (int64_t i = 0; i < in.n; i++)
            memcpy((uint16_t *)out + i, in.from + i * in.stride, 2);
    else if (width == 4)
        for (int64_t i = 0; i < in.n; i++)
            memcpy((uint32_t *)out + i, in.from + i * in.stride, 4);
    else
        for (int64_t i = 0; i < in.n; i++)
            memcpy((uint64_t *)out + i, in.from + i * in.stride, 8);
}

static bool ascii(struct binary_strip in, int64_t width)
{
    uint64_t high = 0;

    for (int64_t i = 0; i < in.n; i++) {
        const uint8_t *at = in.from + i * in.stride;
        int64_t k = 0;

        for (; k + 8 <= width; k += 8)
            high |= binary_word(at + k);
        for (; k < width; k++)
            high |= at[k];
    }
    return !(high & UINT64_C(0x8080808080808080));
}

static void views(struct binary_strip in, int64_t width, int32_t offset, uint64_t *out)
{
    for (int64_t i = 0; i < in.n; i++) {
        const uint8_t *at = in.from + i * in.stride;

        binary_view_put(at, binary_trimmed(at, width), offset + (int32_t)(i * in.stride),
                        out + 2 * i);
    }
}

static bool usable(void)
{
    return true;
}

const struct binary_kernel binary_kernel_portable = {"portable", usable, gather, ascii, views};
