/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of memory that are in use, one by one, by the round in which they were asked for: malloc
 * and its like, and mmap, of all libraries of the process.
 *
 * Invariant: a block is known from its allocation until it is freed, by whomever. Not known is what
 * a library that was loaded behind `ready` does. Ownership: the process'; there is no way back.
 * Threads:   ready once, before others; the rest by any.
 */
#ifndef QETL_CORE_CONFORM_BLOCKS_H
#define QETL_CORE_CONFORM_BLOCKS_H

#include "place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conform_left {
    int64_t blocks, bytes; /* of a round that are still in use */
    int64_t mapped;        /* of these, bytes of mmap */
    const void *asker;     /* of one of them; or NULL */
};

/* False: there is no memory for it. */
bool conform_blocks_ready(void);
/* What is allocated from now on is of this round; below 0: of none. in_library: an address in a
 * library whose part in it is to be noted, which takes its time; or NULL. */
void conform_blocks_round(int round, const void *in_library);
struct conform_left conform_blocks_left(int round);
/* " at bad_source.so+0x1234 (row_take, bad.c:12)": where the plugin asked for it; or "". */
void conform_left_site(const struct conform_left *, char site[CONFORM_PLACE]);

#endif
