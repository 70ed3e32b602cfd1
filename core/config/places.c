/* SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include "pointer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct qetl_places {
    struct qetl_place_entry *entries;
    uint32_t count, capacity;
    char *keys; /* terminated, one behind the other */
    size_t keys_size, keys_capacity;
    uint32_t *slots; /* open addressing: entry numbers, QETL_PLACE_NONE where free */
    uint32_t n_slots, n_used;
};

struct qetl_places *qetl_places_new(void)
{
    return calloc(1, sizeof(struct qetl_places));
}

void qetl_places_free(struct qetl_places *places)
{
    if (!places)
        return;
    free(places->entries);
    free(places->keys);
    free(places->slots);
    free(places);
}

struct qetl_place_entry *qetl_places_at(const struct qetl_places *places, uint32_t number)
{
    assert(number < places->count);
    return &places->entries[number];
}

uint32_t qetl_places_count(const struct qetl_places *places)
{
    return places->count;
}

/* FNV-1a over the parent's number and the key, or the index of a list's element. */
static uint32_t child_hash(uint32_t parent, const char *key, uint32_t index)
{
    uint64_t hash = 14695981039346656037ULL ^ parent;
    hash = (hash ^ index) * 1099511628211ULL;
    for (; key && *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211ULL;
    return (uint32_t)(hash ^ hash >> 32);
}

static const char *entry_key(const struct qetl_places *places, const struct qetl_place_entry *entry)
{
    return entry->key_at == SIZE_MAX ? NULL : places->keys + entry->key_at;
}

static int entry_is(const struct qetl_places *places, uint32_t number, uint32_t parent,
                    const char *key, uint32_t index)
{
    const struct qetl_place_entry *entry = &places->entries[number];
    const char *own = entry_key(places, entry);
    if (entry->parent != parent || !own != !key)
        return 0;
    return key ? strcmp(own, key) == 0 : entry->index == index;
}

/* The slot that holds the child, or the free one where it would go. */
static uint32_t child_slot(const struct qetl_places *places, uint32_t parent, const char *key,
                           uint32_t index)
{
    uint32_t mask = places->n_slots - 1;
    uint32_t at = child_hash(parent, key, key ? 0 : index) & mask;
    while (places->slots[at] != QETL_PLACE_NONE &&
           !entry_is(places, places->slots[at], parent, key, index))
        at = (at + 1) & mask;
    return at;
}

static uint32_t child_find(const struct qetl_places *places, uint32_t parent, const char *key,
                           uint32_t index)
{
    if (places->n_slots == 0)
        return QETL_PLACE_NONE;
    return places->slots[child_slot(places, parent, key, index)];
}

static void slots_insert(struct qetl_places *places, uint32_t number)
{
    const struct qetl_place_entry *entry = &places->entries[number];
    uint32_t at = child_slot(places, entry->parent, entry_key(places, entry), entry->index);
    if (places->slots[at] != QETL_PLACE_NONE)
        return;
    places->slots[at] = number;
    places->n_used++;
}

static int slots_reserve(struct qetl_places *places)
{
    if (places->n_slots > 0 && places->n_used + 1 <= places->n_slots / 2)
        return 0;
    uint32_t n_slots = places->n_slots ? places->n_slots * 2 : 64;
    uint32_t *slots = malloc(n_slots * sizeof *slots);
    if (!slots)
        return -1;
    memset(slots, 0xff, n_slots * sizeof *slots);
    free(places->slots);
    places->slots = slots;
    places->n_slots = n_slots;
    places->n_used = 0;
    for (uint32_t i = 1; i < places->count; i++)
        slots_insert(places, i);
    return 0;
}

static size_t key_store(struct qetl_places *places, const char *key)
{
    size_t size = strlen(key) + 1;
    if (places->keys_capacity - places->keys_size < size) {
        size_t capacity = places->keys_capacity * 2 + size + 256;
        char *keys = realloc(places->keys, capacity);
        if (!keys)
            return SIZE_MAX;
        places->keys = keys;
        places->keys_capacity = capacity;
    }
    size_t at = places->keys_size;
    memcpy(places->keys + at, key, size);
    places->keys_size += size;
    return at;
}

static uint32_t entry_make(struct qetl_places *places)
{
    if (places->count >= QETL_PLACES_MAX)
        return QETL_PLACE_NONE;
    if (places->count == places->capacity) {
        uint32_t capacity = places->capacity ? places->capacity * 2 : 64;
        struct qetl_place_entry *entries = reallocarray(places->entries, capacity, sizeof *entries);
        if (!entries)
            return QETL_PLACE_NONE;
        places->entries = entries;
        places->capacity = capacity;
    }
    places->entries[places->count] = (struct qetl_place_entry){.key_at = SIZE_MAX,
                                                               .parent = QETL_PLACE_NONE,
                                                               .first_child = QETL_PLACE_NONE,
                                                               .last_child = QETL_PLACE_NONE,
                                                               .next = QETL_PLACE_NONE};
    return places->count++;
}

uint32_t qetl_places_root(struct qetl_places *places, const char *file)
{
    assert(places->count == 0);
    uint32_t number = entry_make(places);
    if (number != QETL_PLACE_NONE)
        places->entries[number].file = file;
    return number;
}

static void child_link(struct qetl_places *places, uint32_t parent, uint32_t number)
{
    struct qetl_place_entry *over = &places->entries[parent];
    struct qetl_place_entry *entry = &places->entries[number];
    entry->parent = parent;
    entry->file = over->file;
    entry->index = over->n_children++;
    if (over->last_child == QETL_PLACE_NONE)
        over->first_child = number;
    else
        places->entries[over->last_child].next = number;
    over->last_child = number;
    slots_insert(places, number);
}

uint32_t qetl_places_element(struct qetl_places *places, uint32_t parent)
{
    assert(parent < places->count);
    if (slots_reserve(places))
        return QETL_PLACE_NONE;
    uint32_t number = entry_make(places);
    if (number != QETL_PLACE_NONE)
        child_link(places, parent, number);
    return number;
}

uint32_t qetl_places_member(struct qetl_places *places, uint32_t parent, const char *key,
                            struct qetl_mark mark)
{
    assert(parent < places->count);
    size_t key_at = key_store(places, key);
    if (key_at == SIZE_MAX || slots_reserve(places))
        return QETL_PLACE_NONE;
    uint32_t number = entry_make(places);
    if (number == QETL_PLACE_NONE)
        return number;
    places->entries[number].key_at = key_at;
    places->entries[number].key = mark;
    child_link(places, parent, number);
    return number;
}

/* Depth is bounded by the document's. A key is copied first: the store may move under it. */
static uint32_t entry_copy(struct qetl_places *places, uint32_t from, uint32_t parent)
{
    struct qetl_place_entry origin = places->entries[from];
    const char *key = entry_key(places, &origin);
    uint32_t number;
    if (key) {
        char *own = strdup(key);
        number = own ? qetl_places_member(places, parent, own, origin.key) : QETL_PLACE_NONE;
        free(own);
    } else {
        number = qetl_places_element(places, parent);
    }
    if (number == QETL_PLACE_NONE)
        return number;
    places->entries[number].file = origin.file;
    places->entries[number].value = origin.value;
    return qetl_places_copy(places, from, number) ? QETL_PLACE_NONE : number;
}

int qetl_places_copy(struct qetl_places *places, uint32_t from, uint32_t to)
{
    uint32_t child = places->entries[from].first_child;
    for (; child != QETL_PLACE_NONE; child = places->entries[child].next)
        if (entry_copy(places, child, to) == QETL_PLACE_NONE)
            return -1;
    return 0;
}

static void *copy_of(const void *from, size_t size)
{
    void *copy = malloc(size ? size : 1);
    if (copy && size)
        memcpy(copy, from, size);
    return copy;
}

struct qetl_places *qetl_places_clone(const struct qetl_places *places)
{
    struct qetl_places *clone = qetl_places_new();
    if (!clone)
        return NULL;
    *clone = *places;
    clone->entries = copy_of(places->entries, places->capacity * sizeof *places->entries);
    clone->keys = copy_of(places->keys, places->keys_capacity);
    clone->slots = copy_of(places->slots, places->n_slots * sizeof *places->slots);
    if (clone->entries && clone->keys && clone->slots)
        return clone;
    qetl_places_free(clone);
    return NULL;
}

void qetl_places_move(struct qetl_places *places, uint32_t number, const char *file,
                      struct qetl_mark mark)
{
    struct qetl_place_entry *entry = qetl_places_at(places, number);
    entry->file = file;
    entry->value = entry->key = mark;
    for (uint32_t child = entry->first_child; child != QETL_PLACE_NONE;
         child = places->entries[child].next)
        qetl_places_move(places, child, file, mark);
}

uint32_t qetl_places_find_member(const struct qetl_places *places, uint32_t parent, const char *key)
{
    return child_find(places, parent, key, 0);
}

uint32_t qetl_places_find_element(const struct qetl_places *places, uint32_t parent, size_t index)
{
    return index < QETL_PLACES_MAX ? child_find(places, parent, NULL, (uint32_t)index)
                                   : QETL_PLACE_NONE;
}

static uint32_t token_find(const struct qetl_places *places, uint32_t parent, const char *token)
{
    uint32_t number = child_find(places, parent, token, 0);
    char *end;
    unsigned long index = strtoul(token, &end, 10);
    if (number == QETL_PLACE_NONE && *token && !*end && index < QETL_PLACES_MAX)
        number = child_find(places, parent, NULL, (uint32_t)index);
    return number;
}

uint32_t qetl_places_find(const struct qetl_places *places, const char *pointer)
{
    uint32_t at = places->count ? 0 : QETL_PLACE_NONE;
    while (at != QETL_PLACE_NONE && *pointer == '/') {
        pointer++;
        size_t size = strcspn(pointer, "/");
        char *token = qetl_pointer_token(pointer, size);
        uint32_t child = token ? token_find(places, at, token) : QETL_PLACE_NONE;
        free(token);
        if (child == QETL_PLACE_NONE)
            break;
        at = child;
        pointer += size;
    }
    return at;
}
