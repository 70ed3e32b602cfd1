/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: all ways agree with a decoder written from the definition, at every place and length. */
#include "../sdk/src/text.h"
#include "sdk_random.h"

#include <criterion/criterion.h>

/* By definition: decode, then ask whether the code point is one and its form the shortest. */
static bool valid_by_definition(const uint8_t *data, int64_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (int64_t at = 0; at < size;) {
        uint8_t lead = data[at];
        int n = lead < 0x80       ? 1
                : lead >> 5 == 6  ? 2
                : lead >> 4 == 14 ? 3
                : lead >> 3 == 30 ? 4
                                  : 0;
        if (!n || at + n > size)
            return false;
        uint32_t point = n == 1 ? lead : lead & (0x7fu >> n);
        for (int i = 1; i < n; i++) {
            if (data[at + i] >> 6 != 2)
                return false;
            point = point << 6 | (data[at + i] & 0x3f);
        }
        if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
            return false;
        at += n;
    }
    return true;
}

/* An exact copy on the heap, so that a sanitizer sees a look beyond either end. */
static void check_all(const uint8_t *data, int64_t size)
{
    uint8_t *copy = malloc((size_t)size + 1);
    memcpy(copy + 1, data, (size_t)size);
    bool expected = valid_by_definition(data, size);
    cr_assert_eq(qetl_sdk_utf8_valid_portable(copy + 1, size), expected, "portable, size %ld",
                 (long)size);
    cr_assert_eq(qetl_utf8_valid(copy + 1, size), expected, "dispatched, size %ld", (long)size);
    if (qetl_sdk_has_avx2())
        cr_assert_eq(qetl_sdk_utf8_valid_avx2(copy + 1, size), expected, "avx2, size %ld",
                     (long)size);
    free(copy);
}

static const char *const pieces[] = {
    "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80",
    "\xec\xbf\xbf", "\xed\x80\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
    "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf",
    "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf",
    /* wrong: stray and missing continuations */
    "\xc0", "\xe0", "\xf0", "\x80", "\xbf", "\xc2", "\xdf", "\xe0\xa0", "\xe1\x80", "\xf0\x90\x80",
    "\xf4\x8f\xbf", "\xe1", "\xf1", "\xf1\x80", "\xc2\x80\x80", "\xe1\x80\x80\x80",
    "\xf1\x80\x80\x80\x80",
    /* overlong, surrogates, too large */
    "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
    "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf7\xbf\xbf\xbf",
    "\xf8\x88\x80\x80\x80", "\xff", "\xfe", "\xff\xff\xff\xff", "\xf8\x80",
    "\xfc\x84\x80\x80\x80\x80"};

enum { N_PIECES = sizeof pieces / sizeof pieces[0], LONGEST = 300 };

Test(sdk_text, empty)
{
    cr_assert(qetl_utf8_valid("", 0));
    check_all((const uint8_t *)"", 0);
}

Test(sdk_text, every_piece_at_every_place)
{
    uint8_t data[LONGEST];
    for (int piece = 0; piece < N_PIECES; piece++) {
        size_t n = strlen(pieces[piece]);
        for (size_t size = n; size <= 200; size += size < 70 ? 1 : 13)
            for (size_t at = 0; at + n <= size; at++) {
                memset(data, 'x', size);
                memcpy(data + at, pieces[piece], n);
                check_all(data, (int64_t)size);
            }
    }
}

Test(sdk_text, every_piece_among_long_characters)
{
    uint8_t data[LONGEST];
    for (int piece = 0; piece < N_PIECES; piece++)
        for (int filler = 2; filler < 18; filler++)
            for (int before = 0; before < 34; before++) {
                size_t size = 0, n = strlen(pieces[filler]);
                memset(data, 'x', sizeof data);
                size += (size_t)before % 5;
                for (int i = 0; i < before; i++, size += n)
                    memcpy(data + size, pieces[filler], n);
                memcpy(data + size, pieces[piece], strlen(pieces[piece]));
                size += strlen(pieces[piece]);
                check_all(data, (int64_t)size);
                check_all(data, (int64_t)size + 1);
                memcpy(data + size, pieces[filler], n);
                check_all(data, (int64_t)(size + n));
            }
}

Test(sdk_text, every_pair_and_triple_of_bytes)
{
    uint8_t data[40];
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++)
            for (int place = 0; place < 36; place += 31) {
                memset(data, 'x', sizeof data);
                data[place] = (uint8_t)a;
                data[place + 1] = (uint8_t)b;
                check_all(data, place + 2);
                check_all(data, place + 3);
                data[place + 2] = 0x80;
                check_all(data, place + 3);
                data[place + 3] = 0xbf;
                check_all(data, place + 4);
                check_all(data, sizeof data);
            }
}

Test(sdk_text, valid_text_cut_at_every_length)
{
    uint8_t data[LONGEST];
    uint64_t state = 7;
    for (int round = 0; round < 200; round++) {
        size_t size = 0;
        while (size + 4 < sizeof data) {
            const char *piece = pieces[random_below(&state, 18)];
            memcpy(data + size, piece, strlen(piece));
            size += strlen(piece);
        }
        for (size_t cut = 0; cut <= size; cut++)
            check_all(data, (int64_t)cut);
    }
}

Test(sdk_text, random_pieces_and_bytes)
{
    uint8_t data[LONGEST];
    uint64_t state = 11;
    for (int round = 0; round < 200000; round++) {
        int64_t size = random_below(&state, LONGEST - 8), at = 0;
        int wrong_in = (int)random_below(&state, 60) + 1;
        while (at < size) {
            bool wrong = !random_below(&state, wrong_in);
            const char *piece = pieces[random_below(&state, wrong ? N_PIECES : 18)];
            memcpy(data + at, piece, strlen(piece));
            at += (int64_t)strlen(piece);
        }
        if (round % 3 == 0)
            data[random_below(&state, size + 1)] = (uint8_t)random_next(&state);
        check_all(data, size);
    }
}

/* ASCII in long runs takes its own way; what is unfinished before such a run must be seen. */
Test(sdk_text, unfinished_before_a_long_run_of_ascii)
{
    uint8_t data[400];
    for (int piece = 0; piece < N_PIECES; piece++)
        for (int at = 0; at < 70; at++) {
            memset(data, 'x', sizeof data);
            memcpy(data + at, pieces[piece], strlen(pieces[piece]));
            check_all(data, sizeof data);
            check_all(data, at + (int)strlen(pieces[piece]) + 128);
        }
}
