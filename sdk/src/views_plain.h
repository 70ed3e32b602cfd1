/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which texts that lie in their views are plain. Four views are looked at together: sixteen bits of
 * a word for each, of which bits 4 to 15 are its bytes. The file of an instruction set defines
 * VIEWS_TARGET before it includes this one, and four_at() behind.
 *
 * Invariant: a view that is called plain is; others may be, too.
 * Ownership: nothing is owned.
 * Threads:   pure functions.
 */
#ifndef QETL_SDK_VIEWS_PLAIN_H
#define QETL_SDK_VIEWS_PLAIN_H

#include "internal.h"

#define VIEWS_LANES UINT64_C(0x0001000100010001)

/* What stands in four views; `longer`: bits of those whose text lies elsewhere. */
struct views_four {
    uint64_t longer, bytes, stops, digits, zeros, points;
};

/* Places of a number where no more may stand. */
struct views_limits {
    uint64_t whole;    /* the first place beyond the digits before a point; 0: they may be 12 */
    uint64_t fraction; /* points that may have a byte so far behind them within their view */
    int32_t beyond;
};

static inline VIEWS_TARGET struct views_four four_at(const uint8_t *views);

static inline struct views_limits limits_of(int32_t whole, int32_t fraction)
{
    struct views_limits limits = {0};
    limits.whole = whole < QETL_SDK_VIEW_INLINE ? VIEWS_LANES << (4 + whole) : 0;
    if (fraction < QETL_SDK_VIEW_INLINE - 1) {
        limits.beyond = fraction > 0 ? fraction + 1 : 0;
        limits.fraction = VIEWS_LANES * ((UINT64_C(1) << (16 - limits.beyond)) - 1);
    }
    return limits;
}

static inline VIEWS_TARGET uint64_t four_odd_text(struct views_four four)
{
    return four.longer | (four.stops & four.bytes);
}

/* Digits, one point between digits at most, no needless zero. The first byte that is no digit is
 * found by a carry through the digits; behind twelve of them it stops in the next view's bit 0. */
static inline VIEWS_TARGET uint64_t four_odd_number(struct views_four four,
                                                    struct views_limits limits)
{
    const uint64_t first = VIEWS_LANES << 4;
    uint64_t bytes = four.bytes, digits = four.digits & bytes, points = four.points & bytes;
    uint64_t end = (digits + first) & ~digits, last = bytes & ~(bytes >> 1);
    uint64_t zero = four.zeros & first, run = digits & ~(digits + first);
    uint64_t beyond = (points & limits.fraction) << limits.beyond;
    return four.longer | (bytes ^ (digits | points)) | (points ^ (end & bytes)) |
           (first & ~digits) | (last & ~digits) | ((zero << 1) & digits) | (run & limits.whole) |
           (beyond & bytes);
}

/* Bit i: lane i has no bit. */
static inline VIEWS_TARGET uint64_t four_even(uint64_t odd)
{
    odd |= odd >> 8 & VIEWS_LANES * 0xff;
    odd |= odd >> 4;
    odd |= odd >> 2;
    odd |= odd >> 1;
    return _pext_u64(~odd, VIEWS_LANES);
}

static inline VIEWS_TARGET uint64_t views_texts(const uint8_t *views, int64_t n)
{
    uint64_t plain = 0;
    for (int64_t i = 0; i + 4 <= n; i += 4) {
        uint64_t odd = four_odd_text(four_at(views + i * 16));
        plain |= (__builtin_expect(!odd, 1) ? 15 : four_even(odd)) << i;
    }
    return plain;
}

static inline VIEWS_TARGET uint64_t views_numbers(const uint8_t *views, int64_t n, int32_t whole,
                                                  int32_t fraction)
{
    struct views_limits limits = limits_of(whole, fraction);
    uint64_t plain = 0;
    for (int64_t i = 0; i + 4 <= n; i += 4) {
        uint64_t odd = four_odd_number(four_at(views + i * 16), limits);
        plain |= (__builtin_expect(!odd, 1) ? 15 : four_even(odd)) << i;
    }
    return plain;
}

#endif
