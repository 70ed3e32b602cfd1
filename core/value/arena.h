/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bump allocator: many small pieces, freed at once.
 *
 * Invariant: pieces never move.
 * Ownership: the arena owns its pieces; reset keeps memory in moderation, free gives it back. What
 * was deferred happens at free, the last first. Threads:   one at a time.
 */
#ifndef QETL_EXPR_ARENA_H
#define QETL_EXPR_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct expr_block;
struct expr_deferred;

struct expr_arena {
    struct expr_block *first, *current;
    size_t used;  /* of the current block */
    size_t total; /* of all, since the last reset */
    size_t most;  /* that total may reach; 0: what the machine has */
    struct expr_deferred *deferred;
};

/* Aligned to 16 bytes, contents undefined; NULL without memory. */
void *qetl_expr_arena_alloc(struct expr_arena *arena, size_t size);
/* The same, zeroed. */
void *qetl_expr_arena_zero(struct expr_arena *arena, size_t size);
/* A terminated copy. */
char *qetl_expr_arena_text(struct expr_arena *arena, const char *data, size_t size);
/* release(thing) when the arena is freed; false: no memory, and thing was released at once. Not for
 * arenas that are reset. */
bool qetl_expr_arena_defer(struct expr_arena *arena, void (*release)(void *thing), void *thing);
/* Whether `size` more bytes are allowed. */
static inline bool expr_arena_allows(const struct expr_arena *arena, size_t size)
{
    return !arena->most || (size < arena->most && size + 15 < arena->most - arena->total);
}
/* The pieces are void; later ones take their place without asking the system. */
void qetl_expr_arena_reset(struct expr_arena *arena);
void qetl_expr_arena_free(struct expr_arena *arena);

#endif
