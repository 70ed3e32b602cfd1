/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cells of up to 64 rows lie in their views and can be written by copying them: text without
 * anything to escape, numbers as JSON spells them. Four views are looked at together: sixteen bits
 * of a word for each, of which bits 4 to 15 are its bytes. A kernel's file defines WALK_TARGET
 * before it includes this one, and four_at() behind.
 *
 * Invariant: a cell that is called plain is; others may be, too.
 * Ownership: nothing is owned.
 * Threads:   pure functions.
 */
#include "encoder.h"

#include <string.h>

#define PLAIN_LANES 0x0001000100010001u

/* What stands in four views: `longer`: bits of those that do not hold their text themselves. */
struct plain_four {
    uint64_t longer, bytes, stops, digits, zeros, points;
};

static inline WALK_TARGET struct plain_four four_at(const uint8_t *views);

/* Those that are to be looked at by themselves. */
static inline WALK_TARGET uint64_t four_odd_text(struct plain_four four)
{
    return four.longer | (four.stops & four.bytes);
}

/* Digits, one point between digits at most, no needless zero. The first byte that is no digit is
 * found by a carry through the digits; behind twelve of them it stops in the next view's bit 0. */
static inline WALK_TARGET uint64_t four_odd_number(struct plain_four four)
{
    const uint64_t first = PLAIN_LANES << 4;
    uint64_t bytes = four.bytes, digits = four.digits & bytes, points = four.points & bytes;
    uint64_t end = (digits + first) & ~digits, last = bytes & ~(bytes >> 1);
    uint64_t zero = four.zeros & first;
    return four.longer | (bytes ^ (digits | points)) | (points ^ (end & bytes)) |
           (first & ~digits) | (last & ~digits) | ((zero << 1) & digits);
}

static inline WALK_TARGET uint64_t four_even(uint64_t odd)
{
    odd |= odd >> 8 & PLAIN_LANES * 0xff;
    odd |= odd >> 4;
    odd |= odd >> 2;
    odd |= odd >> 1;
    return _pext_u64(~odd, PLAIN_LANES);
}

static inline WALK_TARGET uint64_t plain_valid(const uint8_t *validity, int64_t at, int64_t n)
{
    uint64_t low = 0;
    uint8_t high = 0;
    int64_t shift = at & 7, size = (shift + n + 7) >> 3;
    memcpy(&low, validity + (at >> 3), (size_t)(size < 8 ? size : 8));
    if (size > 8)
        high = validity[(at >> 3) + 8];
    return shift ? low >> shift | (uint64_t)high << (64 - shift) : low;
}

/* Bit i: cell row + i, of the n <= 64 from row on. */
static inline WALK_TARGET uint64_t plain_cells(const struct ndjson_outlet *o, int64_t row,
                                               int64_t n)
{
    uint64_t plain = 0;
    if (!o->views)
        return 0;
    const uint8_t *views = o->views + row * 16;
    for (int64_t i = 0; i + 4 <= n; i += 4) {
        struct plain_four four = four_at(views + i * 16);
        uint64_t odd = o->kind == NDJSON_OUT_TEXT ? four_odd_text(four) : four_odd_number(four);
        plain |= (__builtin_expect(!odd, 1) ? 15 : four_even(odd)) << i;
    }
    const struct qetl_column *c = &o->column;
    if (c->validity)
        plain &= plain_valid(c->validity, row + c->offset, n);
    return plain;
}
