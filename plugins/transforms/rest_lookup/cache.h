/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was looked up by URL, in no more places than are allowed.
 *
 * Invariant: what rows of the batch at hand wait for is never dropped; of the rest, what was used
 *            longest ago goes first.
 * Ownership: owns its entries; those that are held belong to the batch until they are let go.
 * Threads:   one at a time.
 */
#ifndef REST_LOOKUP_CACHE_H
#define REST_LOOKUP_CACHE_H

#include "found.h"

struct http_exchange;

enum entry_state { ENTRY_NEW, ENTRY_ASKED, ENTRY_DONE };
struct entry {
    char *url;
    uint64_t hash;
    enum entry_state state;
    struct http_exchange *exchange;
    struct found found;
    int64_t done_ns;
    int64_t holders;
    struct entry *chain;         /* of its bucket */
    struct entry *older, *newer; /* of those that nobody holds */
};

struct cache {
    const struct found_columns *columns;
    int64_t most, life_ns; /* life_ns 0: as long as the run */
    struct entry **buckets;
    int64_t n_buckets, n_idle;
    struct entry *oldest, *newest;
};

/* false: no memory. */
bool cache_init(struct cache *, const struct found_columns *, int64_t most, int64_t life_ms);
void cache_free(struct cache *); /* nobody holds any more */
/* One more holder. NULL: no memory. */
struct entry *cache_hold(struct cache *, const char *url, int64_t now_ns);
void cache_let_go(struct cache *, struct entry *);

#endif
