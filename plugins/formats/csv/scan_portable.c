/* SPDX-License-Identifier: Apache-2.0 */
/* The structural scan on any machine: eight bytes in a 64-bit word. */
#include "kernels.h"

#include <endian.h>
#include <string.h>

#define WALK_TARGET

struct masks {
    uint64_t quote, delimiter, line, high;
};

static inline uint64_t word_at(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

/* One bit per byte from the top bits of a word's bytes. */
static inline uint64_t top_bits(uint64_t word)
{
    return ((word >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t word_equals(uint64_t word, uint8_t byte)
{
    uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t diff = word ^ (UINT64_C(0x0101010101010101) * byte);

    return top_bits(~(((diff & low) + low) | diff));
}

static inline struct masks masks_of(const uint8_t *p, struct csv_marks marks)
{
    struct masks m = {0, 0, 0, 0};

    for (int i = 0; i < 8; i++) {
        uint64_t word = word_at(p + 8 * i);

        m.quote |= word_equals(word, marks.quote) << (8 * i);
        m.delimiter |= word_equals(word, marks.delimiter) << (8 * i);
        m.line |= word_equals(word, '\n') << (8 * i);
        m.high |= top_bits(word) << (8 * i);
    }
    return m;
}

static inline uint64_t byte_mask(const uint8_t *p, uint8_t byte)
{
    uint64_t mask = 0;

    for (int i = 0; i < 8; i++)
        mask |= word_equals(word_at(p + 8 * i), byte) << (8 * i);
    return mask;
}

static inline uint64_t inside_of(uint64_t quotes)
{
    for (int shift = 1; shift < 64; shift *= 2)
        quotes ^= quotes << shift;
    return quotes;
}

static inline uint64_t ones_of(uint64_t bits)
{
    return (uint64_t)__builtin_popcountll(bits);
}

static inline void flatten(uint32_t *out, uint32_t at, uint64_t bits)
{
    for (; bits; bits &= bits - 1)
        *out++ = at + (uint32_t)__builtin_ctzll(bits);
}

#include "walk.h"

static bool portable_usable(void)
{
    return true;
}

const struct csv_kernel csv_kernel_portable = {"portable", portable_usable,    walk_last_end,
                                               walk_index, csv_views_portable, NULL};
