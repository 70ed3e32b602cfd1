/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short numbers, eight rows at a time: the last eight bytes of each cell in a lane of 64 bits, so
 * that the digits stand at its end whatever their number.
 */
#if defined(__x86_64__)
#include "numbers.h"

#include <immintrin.h>

#define NUMBERS_TARGET \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,bmi,bmi2,popcnt")))

enum { LANES = 8 };

struct lanes {
    __m512i bytes;  /* the cell's, zero where there are none; the sign and the point taken away */
    __m512i digits; /* how many */
    __m512i scale;  /* how many of them behind the point */
    __mmask8 minus;
    __mmask8 plain; /* rows that have a number */
};

static inline NUMBERS_TARGET __m512i each(int64_t value)
{
    return _mm512_set1_epi64(value);
}

/* Bits below 64 - 8 * n are zero. */
static inline NUMBERS_TARGET __m512i last_bytes(__m512i n)
{
    return _mm512_sllv_epi64(each(-1), _mm512_sub_epi64(each(64), _mm512_slli_epi64(n, 3)));
}

static inline NUMBERS_TARGET __m512i first_byte(__m512i bytes, __m512i n)
{
    __m512i lead = _mm512_sub_epi64(each(64), _mm512_slli_epi64(n, 3));

    return _mm512_and_si512(_mm512_srlv_epi64(bytes, lead), each(0xff));
}

/* The cells of rows that have 1 to 8 bytes; a sign is passed over. */
static inline NUMBERS_TARGET struct lanes cells_load(const struct csv_numbers *w, int64_t row,
                                                     __mmask8 rows)
{
    __m256i base = _mm256_maskz_loadu_epi32(rows, w->base + row);
    __m512i places = _mm512_mask_i32gather_epi64(each(0), rows, base, w->ends - 1, 4);
    __m512i end = _mm512_srli_epi64(places, 32);
    __m512i begin = _mm512_and_si512(_mm512_add_epi64(places, each(1)), each(UINT32_MAX));
    __m512i size = _mm512_sub_epi64(end, begin);
    struct lanes l = {.scale = each(0)};

    l.plain = _mm512_mask_cmple_epu64_mask(rows, _mm512_sub_epi64(size, each(1)), each(7));
    l.plain = _mm512_mask_cmpge_epu64_mask(l.plain, end, each(8));
    l.bytes = _mm512_mask_i64gather_epi64(each(0), l.plain, end, w->data - 8, 1);
    l.minus = _mm512_mask_cmpeq_epi64_mask(l.plain, first_byte(l.bytes, size), each('-'));
    l.digits = _mm512_mask_sub_epi64(size, l.minus, size, each(1));
    l.bytes = _mm512_and_si512(l.bytes, last_bytes(l.digits));
    return l;
}

/* What stands before the point moves up to what stands behind it. */
static inline NUMBERS_TARGET struct lanes point_take(struct lanes l)
{
    __m512i points = _mm512_movm_epi8(_mm512_cmpeq_epi8_mask(l.bytes, _mm512_set1_epi8('.')));
    __m512i behind = _mm512_lzcnt_epi64(points); /* bits; 64: there is none */
    __m512i after = _mm512_sllv_epi64(each(-1), _mm512_sub_epi64(each(64), behind));
    __m512i point = _mm512_srlv_epi64(each((int64_t)(UINT64_C(0xff) << 56)), behind);
    __m512i before = _mm512_andnot_si512(_mm512_or_si512(after, point), l.bytes);
    __mmask8 has = _mm512_cmplt_epu64_mask(behind, each(64));
    __m512i scale = _mm512_maskz_srli_epi64(has, behind, 3);

    l.bytes = _mm512_or_si512(_mm512_and_si512(after, l.bytes), _mm512_slli_epi64(before, 8));
    l.digits = _mm512_mask_sub_epi64(l.digits, has, l.digits, each(1));
    l.scale = scale;
    l.plain &= (__mmask8)(~has | _mm512_cmpge_epu64_mask(scale, each(1)));
    return l;
}

/* Nothing but digits, and no zero in front of others. */
static inline NUMBERS_TARGET __mmask8 digits_check(struct lanes l, __m512i values)
{
    const __m512i high = _mm512_set1_epi8((char)0x80);
    __m512i beyond = _mm512_or_si512(values, _mm512_add_epi8(values, _mm512_set1_epi8((char)0x76)));
    __m512i whole = _mm512_sub_epi64(l.digits, l.scale);
    __mmask8 zero = _mm512_cmpeq_epi64_mask(first_byte(values, l.digits), each(0));
    __mmask8 more = _mm512_cmpgt_epu64_mask(whole, each(1));

    return (__mmask8)(_mm512_cmpge_epi64_mask(whole, each(1)) & ~(zero & more) &
                      ~_mm512_test_epi64_mask(beyond, high));
}

/* Eight digits in each lane, the last in the highest byte. */
static inline NUMBERS_TARGET __m512i digits_join(__m512i values)
{
    const __m512i tens = _mm512_set1_epi16(0x010a), hundreds = _mm512_set1_epi32(0x00010064);
    __m512i pairs = _mm512_maddubs_epi16(values, tens);
    __m512i fours = _mm512_madd_epi16(pairs, hundreds);

    return _mm512_add_epi64(_mm512_mul_epu32(fours, each(10000)), _mm512_srli_epi64(fours, 32));
}

/* The rows that fit; what the others have in out means nothing. */
static inline NUMBERS_TARGET __mmask8 eight_numbers(const struct csv_numbers *w, int64_t row,
                                                    __mmask8 rows, bool decimal, __m512i *out)
{
    const __m512i powers = _mm512_set_epi64(10000000, 1000000, 100000, 10000, 1000, 100, 10, 1);
    struct lanes l = cells_load(w, row, rows);
    __m512i values, missing;

    if (decimal)
        l = point_take(l);
    values =
        _mm512_and_si512(_mm512_xor_si512(l.bytes, _mm512_set1_epi8('0')), last_bytes(l.digits));
    l.plain &= digits_check(l, values);
    values = digits_join(values);
    if (decimal) {
        missing = _mm512_sub_epi64(each(w->type->scale), l.scale);
        l.plain = _mm512_mask_cmple_epu64_mask(l.plain, missing, each(7));
        l.plain = _mm512_mask_cmple_epi64_mask(l.plain, _mm512_sub_epi64(l.digits, l.scale),
                                               each(w->type->precision - w->type->scale));
        values = _mm512_mullo_epi64(values, _mm512_permutexvar_epi64(missing, powers));
    }
    *out = _mm512_mask_sub_epi64(values, l.minus, each(0), values);
    return l.plain;
}

static inline NUMBERS_TARGET void values_store(const struct csv_numbers *w, int64_t row,
                                               __mmask8 rows, __m512i values, uint8_t width)
{
    const __m512i low = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
    const __m512i high = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    uint8_t *out = w->out + row * width;
    uint32_t words = _pdep_u32(rows, 0x5555) * 3;
    __m512i signs = _mm512_srai_epi64(values, 63);

    if (width == 16) {
        _mm512_mask_storeu_epi64(out, (__mmask8)words,
                                 _mm512_permutex2var_epi64(values, low, signs));
        _mm512_mask_storeu_epi64(out + 64, (__mmask8)(words >> 8),
                                 _mm512_permutex2var_epi64(values, high, signs));
    } else if (width == 8) {
        _mm512_mask_storeu_epi64(out, rows, values);
    } else {
        _mm512_mask_cvtepi64_storeu_epi32(out, rows, values);
    }
}

static inline NUMBERS_TARGET __attribute__((always_inline)) uint64_t
numbers_read(const struct csv_numbers *w, int64_t row, int64_t n, bool decimal)
{
    uint64_t read = 0;

    for (int64_t i = 0; i < n; i += LANES) {
        __mmask8 rows = n - i < LANES ? (__mmask8)((1U << (n - i)) - 1) : 0xff;
        __m512i values;
        __mmask8 plain = eight_numbers(w, row + i, rows, decimal, &values);

        if (w->out)
            values_store(w, row + i, rows, values, w->type->width);
        read |= (uint64_t)plain << i;
    }
    return read;
}

NUMBERS_TARGET uint64_t csv_numbers_avx512(const struct csv_numbers *w, int64_t row, int64_t n)
{
    return w->type->kind == CSV_DECIMAL ? numbers_read(w, row, n, true)
                                        : numbers_read(w, row, n, false);
}

#endif
