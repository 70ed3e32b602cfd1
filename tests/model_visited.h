/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: at most half of the table is used, so every search ends.
 * Ownership: one table for the program, its memory its own.
 * Threads: none.
 *
 * The states seen so far, told apart by 64 bits of hash.
 */
#ifndef QETL_MODEL_VISITED_H
#define QETL_MODEL_VISITED_H

#include <stdlib.h>
#include <string.h>

#include "model.h"

static uint64_t *visited, visited_mask, visited_used;

static uint64_t state_hash(const unsigned char *state, size_t size)
{
    uint64_t hash = size;
    for (; size; state += 8, size -= size < 8 ? size : 8) {
        uint64_t word = 0;
        memcpy(&word, state, size < 8 ? size : 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash ? hash : 1;
}

static void visited_grow(void)
{
    uint64_t *old = visited, old_mask = visited_mask;
    visited_mask = old ? old_mask * 2 + 1 : (UINT64_C(1) << 20) - 1;
    visited = calloc(visited_mask + 1, sizeof *visited);
    if (!visited)
        model_fail("no memory for more states");
    for (uint64_t i = 0; old && i <= old_mask; i++)
        if (old[i]) {
            uint64_t at = old[i] & visited_mask;
            while (visited[at])
                at = (at + 1) & visited_mask;
            visited[at] = old[i];
        }
    free(old);
}

static bool visited_add(uint64_t hash)
{
    if (!visited || visited_used * 2 > visited_mask)
        visited_grow();
    uint64_t at = hash & visited_mask;
    while (visited[at] && visited[at] != hash)
        at = (at + 1) & visited_mask;
    if (visited[at])
        return false;
    visited[at] = hash;
    visited_used++;
    return true;
}

static void visited_clear(void)
{
    free(visited);
    visited = NULL;
    visited_mask = visited_used = 0;
}

#endif
