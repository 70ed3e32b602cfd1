/* SPDX-License-Identifier: Apache-2.0 */
/* An open-addressed table under a keyed multiply-and-fold hash. */
#include "names.h"

#include "bytes.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { SLOTS_FIRST = 64 };

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t name_hash(uint64_t seed, const uint8_t *data, int64_t size)
{
    uint64_t hash = fold(seed ^ (uint64_t)size, 0x9e3779b97f4a7c15u);
    while (size > 0) {
        uint8_t tail[8] = {0};
        memcpy(tail, data, (size_t)(size < 8 ? size : 8));
        hash = fold(hash ^ ndjson_load64(tail), seed | 1);
        data += 8;
        size -= 8;
    }
    return hash ^ hash >> 29;
}

static uint64_t seed_new(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock() << 32 ^ (uintptr_t)&seed;
    return seed | 1;
}

/* The slot of the name, or the free one where it belongs. */
static uint64_t slot_of(const struct ndjson_names *set, uint64_t hash, const uint8_t *data,
                        int64_t size)
{
    uint64_t at = hash & set->mask;
    for (; set->slots[at]; at = (at + 1) & set->mask) {
        const struct ndjson_name *name = &set->names[set->slots[at] - 1];
        if (name->hash == hash && name->size == size && !memcmp(name->data, data, (size_t)size))
            break;
    }
    return at;
}

int64_t ndjson_names_find(const struct ndjson_names *set, const uint8_t *data, int64_t size)
{
    if (!set->n)
        return -1;
    return set->slots[slot_of(set, name_hash(set->seed, data, size), data, size)] - 1;
}

static int32_t slots_grow(struct ndjson_names *set)
{
    uint64_t n = set->mask ? (set->mask + 1) * 2 : SLOTS_FIRST;
    int32_t *slots = calloc(n, sizeof *slots);
    if (!slots)
        return -1;
    free(set->slots);
    set->slots = slots;
    set->mask = n - 1;
    for (int64_t i = 0; i < set->n; i++) {
        uint64_t at = set->names[i].hash & set->mask;
        while (slots[at])
            at = (at + 1) & set->mask;
        slots[at] = (int32_t)(i + 1);
    }
    return 0;
}

static int32_t names_grow(struct ndjson_names *set)
{
    int64_t capacity = set->capacity ? set->capacity * 2 : SLOTS_FIRST / 2;
    void *grown = realloc(set->names, (size_t)capacity * sizeof *set->names);
    if (!grown)
        return -1;
    set->names = grown;
    set->capacity = capacity;
    return 0;
}

int64_t ndjson_names_add(struct ndjson_names *set, const uint8_t *data, int64_t size)
{
    if (!set->seed)
        set->seed = seed_new();
    if (set->n == set->capacity && names_grow(set))
        return -1;
    if ((uint64_t)set->n * 2 >= set->mask && slots_grow(set))
        return -1;
    uint64_t hash = name_hash(set->seed, data, size), at = slot_of(set, hash, data, size);
    if (set->slots[at])
        return set->slots[at] - 1;
    char *copy = malloc((size_t)size + 1);
    if (!copy)
        return -1;
    memcpy(copy, data, (size_t)size);
    copy[size] = 0;
    set->names[set->n] = (struct ndjson_name){copy, size, hash};
    set->slots[at] = (int32_t)++set->n;
    return set->n - 1;
}

void ndjson_names_reset(struct ndjson_names *set)
{
    for (int64_t i = 0; i < set->n; i++)
        free(set->names[i].data);
    free(set->names);
    free(set->slots);
    *set = (struct ndjson_names){0};
}
