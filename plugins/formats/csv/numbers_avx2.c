/* SPDX-License-Identifier: Apache-2.0 */
/* Short numbers with AVX2: as numbers_avx512.c, four rows at a time. */
#if defined(__x86_64__)
#include "numbers.h"

#include <immintrin.h>

#define NUMBERS_TARGET __attribute__((target("avx2")))

enum { LANES = 4 };

struct lanes {
    __m256i bytes;  /* the cell's, zero where there are none; the sign and the point taken away */
    __m256i digits; /* how many */
    __m256i scale;  /* how many of them behind the point */
    __m256i minus;  /* all ones: the value is negative */
    __m256i odd;    /* all ones: the row is left to the parser */
};

static inline NUMBERS_TARGET __m256i each(int64_t value)
{
    return _mm256_set1_epi64x(value);
}

static inline NUMBERS_TARGET __m256i either(__m256i a, __m256i b)
{
    return _mm256_or_si256(a, b);
}

static inline NUMBERS_TARGET __m256i greater(__m256i a, __m256i b)
{
    return _mm256_cmpgt_epi64(a, b);
}

static inline NUMBERS_TARGET __m256i lead_of(__m256i n)
{
    return _mm256_sub_epi64(each(64), _mm256_slli_epi64(n, 3));
}

/* Bits below 64 - 8 * n are zero. */
static inline NUMBERS_TARGET __m256i last_bytes(__m256i n)
{
    return _mm256_sllv_epi64(each(-1), lead_of(n));
}

static inline NUMBERS_TARGET __m256i first_byte(__m256i bytes, __m256i n)
{
    return _mm256_and_si256(_mm256_srlv_epi64(bytes, lead_of(n)), each(0xff));
}

/* The cells of four rows, where they have 1 to 8 bytes; a sign is passed over. */
static inline NUMBERS_TARGET struct lanes cells_load(const struct csv_numbers *w, int64_t row)
{
    __m128i base = _mm_loadu_si128((const __m128i *)(const void *)(w->base + row));
    __m256i places =
        _mm256_i32gather_epi64((const long long *)(const void *)(w->ends - 1), base, 4);
    __m256i end = _mm256_srli_epi64(places, 32);
    __m256i begin = _mm256_and_si256(_mm256_add_epi64(places, each(1)), each(UINT32_MAX));
    __m256i size = _mm256_sub_epi64(end, begin);
    struct lanes l = {.scale = each(0)};

    l.odd = either(either(greater(size, each(8)), greater(each(1), size)), greater(each(8), end));
    l.bytes = _mm256_mask_i64gather_epi64(each(0), (const long long *)(const void *)(w->data - 8),
                                          end, _mm256_andnot_si256(l.odd, each(-1)), 1);
    l.minus = _mm256_cmpeq_epi64(first_byte(l.bytes, size), each('-'));
    l.digits = _mm256_add_epi64(size, l.minus);
    l.bytes = _mm256_and_si256(l.bytes, last_bytes(l.digits));
    return l;
}

/* What stands before the first point moves up to what stands behind it. */
static inline NUMBERS_TARGET struct lanes point_take(struct lanes l)
{
    __m256i points = _mm256_cmpeq_epi8(l.bytes, _mm256_set1_epi8('.'));
    __m256i none = _mm256_cmpeq_epi64(points, each(0));
    __m256i lowest = _mm256_and_si256(points, _mm256_sub_epi64(each(0), points));
    __m256i before = _mm256_andnot_si256(none, _mm256_sub_epi64(lowest, each(1)));
    __m256i point = _mm256_sub_epi64(_mm256_slli_epi64(lowest, 8), lowest);
    __m256i after = _mm256_andnot_si256(either(before, point), each(-1));
    __m256i counted = _mm256_sad_epu8(_mm256_and_si256(after, _mm256_set1_epi8(1)), each(0));

    l.bytes = either(_mm256_and_si256(l.bytes, after),
                     _mm256_slli_epi64(_mm256_and_si256(l.bytes, before), 8));
    l.digits = _mm256_sub_epi64(l.digits, _mm256_andnot_si256(none, each(1)));
    l.scale = _mm256_andnot_si256(none, counted);
    /* a digit behind it, if there is one */
    l.odd = either(l.odd, _mm256_andnot_si256(none, _mm256_cmpeq_epi64(counted, each(0))));
    return l;
}

/* Anything but digits, or a zero in front of others. */
static inline NUMBERS_TARGET __m256i digits_odd(struct lanes l, __m256i values)
{
    const __m256i high = _mm256_set1_epi8((char)0x80);
    __m256i beyond = either(values, _mm256_add_epi8(values, _mm256_set1_epi8((char)0x76)));
    __m256i fine = _mm256_cmpeq_epi64(_mm256_and_si256(beyond, high), each(0));
    __m256i whole = _mm256_sub_epi64(l.digits, l.scale);
    __m256i zero = _mm256_cmpeq_epi64(first_byte(values, l.digits), each(0));

    return either(either(_mm256_andnot_si256(fine, each(-1)), greater(each(1), whole)),
                  _mm256_and_si256(zero, greater(whole, each(1))));
}

/* Eight digits in each lane, the last in the highest byte. */
static inline NUMBERS_TARGET __m256i digits_join(__m256i values)
{
    const __m256i tens = _mm256_set1_epi16(0x010a), hundreds = _mm256_set1_epi32(0x00010064);
    __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(values, tens), hundreds);

    return _mm256_add_epi64(_mm256_mul_epu32(fours, each(10000)), _mm256_srli_epi64(fours, 32));
}

/* Bits of the rows that fit; what the others have in out means nothing. */
static inline NUMBERS_TARGET uint32_t four_numbers(const struct csv_numbers *w, int64_t row,
                                                   bool decimal, __m256i *out)
{
    const __m256i powers = _mm256_setr_epi32(1, 10, 100, 1000, 10000, 100000, 1000000, 10000000);
    struct lanes l = cells_load(w, row);
    __m256i values;

    if (decimal)
        l = point_take(l);
    values =
        _mm256_and_si256(_mm256_xor_si256(l.bytes, _mm256_set1_epi8('0')), last_bytes(l.digits));
    l.odd = either(l.odd, digits_odd(l, values));
    values = digits_join(values);
    if (decimal) {
        __m256i missing = _mm256_sub_epi64(each(w->type->scale), l.scale);
        __m256i whole = _mm256_sub_epi64(l.digits, l.scale);

        l.odd = either(either(l.odd, greater(missing, each(7))), greater(each(0), missing));
        l.odd = either(l.odd, greater(whole, each(w->type->precision - w->type->scale)));
        values = _mm256_mul_epu32(values, _mm256_permutevar8x32_epi32(powers, missing));
    }
    *out = _mm256_sub_epi64(_mm256_xor_si256(values, l.minus), l.minus);
    return 0xf & ~(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(l.odd));
}

static inline NUMBERS_TARGET void values_store(uint8_t *out, __m256i values, uint8_t width)
{
    if (width == 16) {
        __m256i signs = _mm256_cmpgt_epi64(each(0), values);
        __m256i even = _mm256_unpacklo_epi64(values, signs);
        __m256i odd = _mm256_unpackhi_epi64(values, signs);

        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute2x128_si256(even, odd, 0x20));
        _mm256_storeu_si256((__m256i *)(void *)(out + 32),
                            _mm256_permute2x128_si256(even, odd, 0x31));
    } else if (width == 8) {
        _mm256_storeu_si256((__m256i *)(void *)out, values);
    } else {
        const __m256i low = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);

        _mm_storeu_si128((__m128i *)(void *)out,
                         _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(values, low)));
    }
}

/* Rows that are no whole four are left to the parser. */
static inline NUMBERS_TARGET __attribute__((always_inline)) uint64_t
numbers_read(const struct csv_numbers *w, int64_t row, int64_t n, bool decimal)
{
    uint64_t read = 0;

    for (int64_t i = 0; i + LANES <= n; i += LANES) {
        __m256i values;

        read |= (uint64_t)four_numbers(w, row + i, decimal, &values) << i;
        if (w->out)
            values_store(w->out + (row + i) * w->type->width, values, w->type->width);
    }
    return read;
}

NUMBERS_TARGET uint64_t csv_numbers_avx2(const struct csv_numbers *w, int64_t row, int64_t n)
{
    return w->type->kind == CSV_DECIMAL ? numbers_read(w, row, n, true)
                                        : numbers_read(w, row, n, false);
}

#endif
