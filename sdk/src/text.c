/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 validation: words of ASCII, then the widest way that the machine has. */
#include "text.h"

static const uint64_t HIGH_BITS = 0x8080808080808080ULL;

static inline uint64_t word_load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Bytes at the front that are ASCII, in steps of eight. */
static int64_t ascii_skip(const uint8_t *data, int64_t size)
{
    int64_t at = 0;
    while (at + 8 <= size && !(word_load(data + at) & HIGH_BITS))
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

/* Of at least 8 bytes: words, the last of which may overlap the one before. */
static inline bool ascii_words(const uint8_t *data, int64_t size)
{
    uint64_t bits = word_load(data + size - 8);
    for (int64_t at = 0; at < size - 8; at += 8)
        bits |= word_load(data + at);
    return !(bits & HIGH_BITS);
}

static inline bool ascii_bytes(const uint8_t *data, int64_t size)
{
    uint8_t bits = 0;
    for (int64_t at = 0; at < size; at++)
        bits |= data[at];
    return !(bits & 0x80);
}

bool qetl_utf8_valid(const void *data, int64_t size)
{
    enum { WORDS_MOST = 128, VECTOR_LEAST = 16 }; /* measured: below, the wider way does not pay */
    if (size < 8 ? ascii_bytes(data, size) : size <= WORDS_MOST && ascii_words(data, size))
        return true;
    if (size < VECTOR_LEAST || !qetl_sdk_has_avx2())
        return qetl_sdk_utf8_valid_portable(data, size);
    return qetl_sdk_utf8_valid_avx2(data, size);
}
