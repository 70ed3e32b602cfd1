/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 1024 };

static size_t home(const struct keys *keys, const uint8_t digest[KEY_DIGEST])
{
    uint64_t start;
    memcpy(&start, digest, sizeof start);
    return start & (keys->room - 1);
}

/* The key's slot, or the free one where it would be. */
static struct key *slot_of(const struct keys *keys, const uint8_t digest[KEY_DIGEST],
                           qetl_int128 cursor)
{
    size_t at = home(keys, digest);
    for (;; at = (at + 1) & (keys->room - 1)) {
        struct key *slot = &keys->slots[at];
        if (!slot->used ||
            (slot->cursor == cursor && memcmp(slot->digest, digest, KEY_DIGEST) == 0))
            return slot;
    }
}

static bool keep_all(const void *arg, const struct key *key)
{
    (void)arg;
    (void)key;
    return true;
}

static bool rebuild(struct keys *keys, size_t room, bool (*keep)(const void *, const struct key *),
                    const void *arg)
{
    struct keys fresh = {calloc(room, sizeof *fresh.slots), room, 0, keys->most};
    if (!fresh.slots)
        return false;
    for (size_t i = 0; i < keys->room; i++) {
        const struct key *key = &keys->slots[i];
        if (!key->used || !keep(arg, key))
            continue;
        *slot_of(&fresh, key->digest, key->cursor) = *key;
        fresh.count++;
    }
    free(keys->slots);
    *keys = fresh;
    return true;
}

enum keys_answer keys_add(struct keys *keys, const uint8_t digest[KEY_DIGEST], qetl_int128 cursor,
                          bool old)
{
    if ((keys->count + 1) * 2 > keys->room &&
        !rebuild(keys, keys->room ? keys->room * 2 : ROOM_LEAST, keep_all, NULL))
        return KEYS_NO_MEMORY;
    struct key *slot = slot_of(keys, digest, cursor);
    if (slot->used)
        return KEYS_SEEN;
    if (keys->count == keys->most)
        return KEYS_FULL;
    memcpy(slot->digest, digest, KEY_DIGEST);
    slot->cursor = cursor;
    slot->used = true;
    slot->old = old;
    keys->count++;
    return KEYS_NEW;
}

bool keys_has(const struct keys *keys, const uint8_t digest[KEY_DIGEST], qetl_int128 cursor)
{
    return keys->room && slot_of(keys, digest, cursor)->used;
}

bool keys_keep(struct keys *keys, bool (*keep)(const void *arg, const struct key *),
               const void *arg)
{
    size_t kept = 0, room = ROOM_LEAST;
    for (size_t i = 0; i < keys->room; i++)
        kept += keys->slots[i].used && keep(arg, &keys->slots[i]);
    while (room < 4 * kept)
        room *= 2;
    return !keys->room || rebuild(keys, room, keep, arg);
}

void keys_free(struct keys *keys)
{
    free(keys->slots);
    *keys = (struct keys){.most = keys->most};
}
