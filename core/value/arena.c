/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 8192, KEPT_MAX = 64 << 20 };

struct expr_block {
    struct expr_block *next;
    size_t capacity;
    _Alignas(16) unsigned char data[];
};

static struct expr_block *block_new(size_t size)
{
    size_t capacity = size > ARENA_BLOCK ? size : ARENA_BLOCK;
    struct expr_block *block;

    if (capacity > SIZE_MAX - sizeof *block)
        return NULL;
    block = malloc(sizeof *block + capacity);
    if (block) {
        block->next = NULL;
        block->capacity = capacity;
    }
    return block;
}

struct expr_deferred {
    struct expr_deferred *next;
    void (*release)(void *thing);
    void *thing;
};

/* The next block that has room, made when there is none. */
static struct expr_block *arena_advance(struct expr_arena *arena, size_t size)
{
    struct expr_block *current = arena->current;
    struct expr_block *next = current ? current->next : arena->first;

    while (next && next->capacity < size) {
        current = next;
        next = next->next;
    }
    if (!next) {
        next = block_new(size);
        if (!next)
            return NULL;
        if (current)
            current->next = next;
        else
            arena->first = next;
    }
    arena->current = next;
    arena->used = 0;
    return next;
}

void *qetl_expr_arena_alloc(struct expr_arena *arena, size_t size)
{
    struct expr_block *block = arena->current;
    void *piece;

    if (size > SIZE_MAX - 16)
        return NULL;
    size = (size + 15) & ~(size_t)15;
    if (arena->most && size > arena->most - arena->total)
        return NULL;
    if (!block || block->capacity - arena->used < size) {
        block = arena_advance(arena, size);
        if (!block)
            return NULL;
    }
    piece = block->data + arena->used;
    arena->used += size;
    arena->total += size;
    return piece;
}

void *qetl_expr_arena_zero(struct expr_arena *arena, size_t size)
{
    void *piece = qetl_expr_arena_alloc(arena, size);

    return piece ? memset(piece, 0, size) : NULL;
}

char *qetl_expr_arena_text(struct expr_arena *arena, const char *data, size_t size)
{
    char *copy = qetl_expr_arena_alloc(arena, size + 1);

    if (copy) {
        memcpy(copy, data, size);
        copy[size] = '\0';
    }
    return copy;
}

bool qetl_expr_arena_defer(struct expr_arena *arena, void (*release)(void *thing), void *thing)
{
    struct expr_deferred *deferred = qetl_expr_arena_alloc(arena, sizeof *deferred);

    if (!deferred) {
        release(thing);
        return false;
    }
    *deferred = (struct expr_deferred){arena->deferred, release, thing};
    arena->deferred = deferred;
    return true;
}

static size_t blocks_free(struct expr_arena *arena)
{
    size_t total = 0;

    for (struct expr_block *block = arena->first, *next; block; block = next) {
        next = block->next;
        total += block->capacity;
        free(block);
    }
    arena->first = NULL;
    return total;
}

/* Several blocks become one that holds as much, so that what comes next needs no more of them; what
 * grew beyond all measure is given back. */
void qetl_expr_arena_reset(struct expr_arena *arena)
{
    assert(!arena->deferred);
    if (arena->first && (arena->first->next || arena->first->capacity > KEPT_MAX)) {
        size_t total = blocks_free(arena);
        if (total <= KEPT_MAX)
            arena->first = block_new(total);
    }
    arena->current = NULL;
    arena->used = arena->total = 0;
}

void qetl_expr_arena_free(struct expr_arena *arena)
{
    for (struct expr_deferred *d = arena->deferred; d; d = d->next)
        d->release(d->thing);
    blocks_free(arena);
    *arena = (struct expr_arena){0};
}
