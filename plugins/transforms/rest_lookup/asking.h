/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers that the rows of one batch wait for: asked for in their order, so many at a time.
 *
 * Invariant: one URL is asked for once, however many rows name it.
 * Ownership: holds entries of the cache.
 * Threads:   one at a time.
 */
#ifndef REST_LOOKUP_ASKING_H
#define REST_LOOKUP_ASKING_H

#include "../../shared/http/client.h"
#include "cache.h"

struct lookups {
    struct qetl_env env;
    struct http_client *client;
    const struct curl_slist *headers;
    struct cache *cache;
    int64_t concurrency;

    int64_t n, capacity;
    struct entry **entries; /* one a row; NULL: the row has no URL */
    int64_t next;           /* no entry before it is NEW */
    struct entry *running[64];
    int n_running;
    struct http_fault fault; /* the first of those that may pass */
};

/* One more row of the batch. url NULL: none. NO_MEMORY, reported. */
int32_t lookups_add(struct lookups *, const char *url);
/* OK: all answers are there; IDLE: they are awaited; or a failure that was reported. */
int32_t lookups_go_on(struct lookups *);
/* The batch is done. */
void lookups_clear(struct lookups *);
void lookups_free(struct lookups *);

#endif
