/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
    h = (h ^ h >> 29) * 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

enum { LANES = 4 };

/* Of pages, which are long, in four lanes, since none waits for another; the multiplier keeps the
 * order of words apart. */
static uint64_t digest(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t h = size * 0x9e3779b97f4a7c15u + 1, word, lanes[LANES] = {h, h + 1, h + 2, h + 3};
    for (; size >= LANES * 8; size -= LANES * 8)
        for (int i = 0; i < LANES; i++, at += 8) {
            memcpy(&word, at, 8);
            lanes[i] = mix(lanes[i] ^ word);
        }
    for (int i = 0; i < LANES; i++)
        h = mix(h ^ lanes[i]);
    for (; size >= 8; size -= 8, at += 8) {
        memcpy(&word, at, 8);
        h = mix(h ^ word);
    }
    word = 0;
    memcpy(&word, at, size);
    h = mix(h ^ word);
    return h ? h : 1;
}

static void put(struct seen *s, uint64_t h)
{
    size_t i = h & (s->room - 1);
    while (s->slots[i])
        i = (i + 1) & (s->room - 1);
    s->slots[i] = h;
    s->count++;
}

static int grow(struct seen *s)
{
    struct seen wide = {.room = s->room ? 2 * s->room : 64};
    wide.slots = calloc(wide.room, sizeof *wide.slots);
    if (!wide.slots)
        return -1;
    for (size_t i = 0; i < s->room; i++)
        if (s->slots[i])
            put(&wide, s->slots[i]);
    free(s->slots);
    *s = wide;
    return 0;
}

int seen_add(struct seen *s, const void *data, size_t size)
{
    uint64_t h = digest(data, size);
    for (size_t i = h & (s->room - 1); s->room && s->slots[i]; i = (i + 1) & (s->room - 1))
        if (s->slots[i] == h)
            return 1;
    if (s->count * 2 >= s->room && grow(s))
        return -1;
    put(s, h);
    return 0;
}

void seen_free(struct seen *s)
{
    free(s->slots);
    *s = (struct seen){0};
}
