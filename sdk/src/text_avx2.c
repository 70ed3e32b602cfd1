/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 validation with AVX2, by J. Keiser and D. Lemire, "Validating UTF-8 in less than one
 * instruction per byte" (2020). Each byte is looked at together with the one before it: three
 * tables of 16 entries, indexed by the former byte's two halves and by the latter's high half,
 * answer the errors that each half allows; a bit left in all three is an error. One bit, TWO_CONTS,
 * is right where a character of three or four bytes began two or three bytes earlier, and there
 * alone.
 */
#include "text.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

enum {
    TOO_SHORT = 1 << 0,  /* a lead is followed by no continuation */
    TOO_LONG = 1 << 1,   /* ASCII is followed by a continuation */
    OVERLONG_3 = 1 << 2, /* e0 80…9f */
    TOO_LARGE = 1 << 3,  /* f4 90…bf, and f5…ff 90…bf */
    SURROGATE = 1 << 4,  /* ed a0…bf */
    OVERLONG_2 = 1 << 5, /* c0, c1 */
    OVERLONG_4 = 1 << 6, /* f0 80…8f; also f5…ff 80…8f, which is too large */
    TWO_CONTS = 1 << 7,
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS /* what the former byte's low half cannot tell */
};

#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

AVX2 static inline __m256i former_high(__m256i half)
{
    const char ascii = TOO_LONG, cont = (char)TWO_CONTS;
    const __m256i table =
        TABLE(ascii, ascii, ascii, ascii, ascii, ascii, ascii, ascii, cont, cont, cont, cont,
              TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
              TOO_SHORT | TOO_LARGE | OVERLONG_4);
    return _mm256_shuffle_epi8(table, half);
}

AVX2 static inline __m256i former_low(__m256i half)
{
    const char any = (char)CARRY, large = (char)(CARRY | TOO_LARGE | OVERLONG_4);
    const __m256i table =
        TABLE((char)(CARRY | OVERLONG_2 | OVERLONG_3 | OVERLONG_4), (char)(CARRY | OVERLONG_2), any,
              any, (char)(CARRY | TOO_LARGE), large, large, large, large, large, large, large,
              large, (char)(large | SURROGATE), large, large);
    return _mm256_shuffle_epi8(table, half);
}

AVX2 static inline __m256i latter_high(__m256i half)
{
    const char cont = (char)(TOO_LONG | OVERLONG_2 | TWO_CONTS), none = TOO_SHORT;
    const __m256i table = TABLE(
        none, none, none, none, none, none, none, none, (char)(cont | OVERLONG_3 | OVERLONG_4),
        (char)(cont | OVERLONG_3 | TOO_LARGE), (char)(cont | SURROGATE | TOO_LARGE),
        (char)(cont | SURROGATE | TOO_LARGE), none, none, none, none);
    return _mm256_shuffle_epi8(table, half);
}

AVX2 static inline __m256i high_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/* Nonzero where block, which follows prior, has errors. What ends in the next block is not seen
 * yet. */
AVX2 static inline __m256i block_errors(__m256i block, __m256i prior)
{
    const __m256i joint = _mm256_permute2x128_si256(prior, block, 0x21);
    const __m256i back1 = _mm256_alignr_epi8(block, joint, 15);
    const __m256i back2 = _mm256_alignr_epi8(block, joint, 14);
    const __m256i back3 = _mm256_alignr_epi8(block, joint, 13);
    const __m256i pairs = _mm256_and_si256(
        _mm256_and_si256(former_high(high_half(back1)),
                         former_low(_mm256_and_si256(back1, _mm256_set1_epi8(15)))),
        latter_high(high_half(block)));
    const __m256i third = _mm256_subs_epu8(back2, _mm256_set1_epi8((char)(0xe0 - 0x80)));
    const __m256i fourth = _mm256_subs_epu8(back3, _mm256_set1_epi8((char)(0xf0 - 0x80)));
    const __m256i expected =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(pairs, expected);
}

/* Nonzero if a character begins in block that does not end in it. */
AVX2 static inline __m256i block_unfinished(__m256i block)
{
    const __m256i most = _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                          -1, (char)(0xf0 - 1), (char)(0xe0 - 1), (char)(0xc0 - 1));
    return _mm256_subs_epu8(block, most);
}

/* Fewer than 32 bytes with zeros behind them, read without a look beyond the end. */
AVX2 static inline __m256i block_load_rest(const uint8_t *data, int64_t size)
{
    uint8_t bytes[32] = {0};
    if (size >= 16) {
        memcpy(bytes, data, 16);
        memcpy(bytes + size - 16, data + size - 16, 16);
    } else if (size >= 8) {
        memcpy(bytes, data, 8);
        memcpy(bytes + size - 8, data + size - 8, 8);
    } else if (size >= 4) {
        memcpy(bytes, data, 4);
        memcpy(bytes + size - 4, data + size - 4, 4);
    } else {
        for (int64_t i = 0; i < size; i++)
            bytes[i] = data[i];
    }
    return _mm256_loadu_si256((const __m256i *)bytes);
}

AVX2 static inline __m256i block_load(const uint8_t *data)
{
    return _mm256_loadu_si256((const __m256i *)data);
}

/* 128 bytes of ASCII? */
AVX2 static inline bool blocks_are_ascii(const uint8_t *data)
{
    const __m256i first = _mm256_or_si256(block_load(data), block_load(data + 32));
    const __m256i second = _mm256_or_si256(block_load(data + 64), block_load(data + 96));
    return !_mm256_movemask_epi8(_mm256_or_si256(first, second));
}

AVX2 bool qetl_sdk_utf8_valid_avx2(const uint8_t *data, int64_t size)
{
    __m256i errors = _mm256_setzero_si256(), prior = _mm256_setzero_si256();
    int64_t at = 0;
    while (size - at >= 32) {
        if (size - at >= 128 && blocks_are_ascii(data + at)) {
            errors = _mm256_or_si256(errors, block_unfinished(prior));
            prior = _mm256_setzero_si256();
            at += 128;
            continue;
        }
        const __m256i block = block_load(data + at);
        errors = _mm256_or_si256(errors, block_errors(block, prior));
        prior = block;
        at += 32;
    }
    /* At least one zero follows the end, and shows what is unfinished there. */
    const __m256i rest = block_load_rest(data + at, size - at);
    errors = _mm256_or_si256(errors, block_errors(rest, prior));
    return _mm256_testz_si256(errors, errors);
}

bool qetl_sdk_has_avx2(void)
{
    return qetl_cpu_allows(QETL_CPU_AVX2) && __builtin_cpu_supports("avx2");
}

#else

bool qetl_sdk_utf8_valid_avx2(const uint8_t *data, int64_t size)
{
    return qetl_sdk_utf8_valid_portable(data, size);
}

bool qetl_sdk_has_avx2(void)
{
    return false;
}

#endif
