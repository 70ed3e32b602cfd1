/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"
#include "../../shared/http/client.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

bool cache_init(struct cache *c, const struct found_columns *columns, int64_t most, int64_t life_ms)
{
    *c = (struct cache){
        .columns = columns, .most = most, .life_ns = life_ms * 1000000, .n_buckets = BUCKETS};
    while (c->n_buckets < most && c->n_buckets < INT64_C(1) << 24)
        c->n_buckets *= 2;
    c->buckets = calloc((size_t)c->n_buckets, sizeof *c->buckets);
    return c->buckets;
}

static struct entry **bucket_of(const struct cache *c, uint64_t hash)
{
    return &c->buckets[(hash ^ hash >> 32) & (uint64_t)(c->n_buckets - 1)];
}

static void entry_free(struct cache *c, struct entry *e)
{
    struct entry **at = bucket_of(c, e->hash);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    http_end(e->exchange);
    found_free(&e->found, c->columns);
    free(e->url);
    free(e);
}

static void idle_remove(struct cache *c, struct entry *e)
{
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    e->older = e->newer = NULL;
    c->n_idle--;
}

static void idle_add(struct cache *c, struct entry *e)
{
    e->older = c->newest;
    e->newer = NULL;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
    c->n_idle++;
}

static void shrink(struct cache *c, int64_t most)
{
    while (c->n_idle > most) {
        struct entry *e = c->oldest;
        idle_remove(c, e);
        entry_free(c, e);
    }
}

void cache_free(struct cache *c)
{
    shrink(c, 0);
    free(c->buckets);
    *c = (struct cache){0};
}

static struct entry *entry_new(struct cache *c, const char *url, uint64_t hash)
{
    struct entry *e = calloc(1, sizeof *e), **bucket = bucket_of(c, hash);
    if (!e || !(e->url = strdup(url))) {
        free(e);
        return NULL;
    }
    e->found.url = e->url;
    e->hash = hash;
    e->chain = *bucket;
    return *bucket = e;
}

struct entry *cache_hold(struct cache *c, const char *url, int64_t now_ns)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = url; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    struct entry *e = *bucket_of(c, hash);
    while (e && (e->hash != hash || strcmp(e->url, url) != 0))
        e = e->chain;
    if (e && !e->holders) {
        idle_remove(c, e);
        if (c->life_ns && now_ns - e->done_ns > c->life_ns) {
            entry_free(c, e);
            e = NULL;
        }
    }
    if (!e)
        e = entry_new(c, url, hash);
    if (e)
        e->holders++;
    return e;
}

void cache_let_go(struct cache *c, struct entry *e)
{
    if (--e->holders)
        return;
    if (e->state != ENTRY_DONE) {
        entry_free(c, e);
        return;
    }
    idle_add(c, e);
    shrink(c, c->most);
}
