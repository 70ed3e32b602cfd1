/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers for property tests (splitmix64): the same in every run, so that a failure repeats.
 *
 * Invariant: a seed gives one sequence everywhere.
 * Ownership: the state is the caller's number.
 * Threads:   none.
 */
#ifndef QETL_SDK_RANDOM_H
#define QETL_SDK_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

static inline int64_t random_below(uint64_t *state, int64_t limit)
{
    return (int64_t)(random_next(state) % (uint64_t)limit);
}

#endif
