/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums without rounding: of doubles in a fixed-point number that spans all of their exponents, of
 * integers and decimals in 192 bits. Rounded once, at the end: so a sum does not depend on the
 * order in which its terms come, nor on how many workers added them up.
 *
 * Invariant: real_sum's value is the sum of limb[i] * 2^(32 i - 1074) and what `special` notes.
 * Ownership: plain data; may be copied.
 * Threads:   one at a time.
 */
#ifndef QETL_AGGREGATE_EXACT_SUM_H
#define QETL_AGGREGATE_EXACT_SUM_H

#include <qetl/sdk.h>

enum { REAL_SUM_LIMBS = 68, REAL_SUM_ADDS_MOST = 1024 };

struct real_sum {
    int64_t limb[REAL_SUM_LIMBS]; /* 32 bits of weight each, and room for carries */
    int32_t adds;                 /* since carries were last passed on */
    uint8_t infinite, negative_infinite, nan;
};

void real_sum_add(struct real_sum *sum, const double *values, int64_t n);
void real_sum_merge(struct real_sum *sum, const struct real_sum *other);
double real_sum_round(struct real_sum *sum); /* to nearest, ties to even; ±inf where beyond */

struct wide_sum { /* two's complement, the lowest limb first */
    uint64_t limb[3];
};

static inline void wide_sum_add(struct wide_sum *sum, qetl_int128 value)
{
    unsigned __int128 low = (unsigned __int128)sum->limb[0] + (uint64_t)value;
    unsigned __int128 high =
        (unsigned __int128)sum->limb[1] + (uint64_t)(value >> 64) + (uint64_t)(low >> 64);

    sum->limb[0] = (uint64_t)low;
    sum->limb[1] = (uint64_t)high;
    sum->limb[2] += (value < 0 ? UINT64_MAX : 0) + (uint64_t)(high >> 64);
}

void wide_sum_merge(struct wide_sum *sum, const struct wide_sum *other);
/* False: it has more than 38 digits. */
bool wide_sum_value(const struct wide_sum *sum, qetl_int128 *out);
/* sum * scale / count, halves away from zero. False: it has more than 38 digits. */
bool wide_sum_divide(const struct wide_sum *sum, int64_t count, int64_t scale, qetl_int128 *out);

#endif
