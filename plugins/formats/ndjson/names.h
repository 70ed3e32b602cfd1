/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of names, numbered in order of arrival.
 *
 * Invariant: the hash is seeded per set, so that no input can choose names that collide.
 * Ownership: names are copied, and live until reset.
 * Threads:   one set, one thread.
 */
#ifndef NDJSON_NAMES_H
#define NDJSON_NAMES_H

#include <stdint.h>

struct ndjson_name {
    char *data; /* terminated */
    int64_t size;
    uint64_t hash;
};

struct ndjson_names {
    struct ndjson_name *names;
    int64_t n, capacity;
    int32_t *slots; /* index + 1; 0: free */
    uint64_t mask;  /* slots - 1, or 0 without slots */
    uint64_t seed;
};

/* Index, or -1. */
int64_t ndjson_names_find(const struct ndjson_names *set, const uint8_t *data, int64_t size);
/* Index of the name, which is new or not; -1: out of memory. */
int64_t ndjson_names_add(struct ndjson_names *set, const uint8_t *data, int64_t size);
void ndjson_names_reset(struct ndjson_names *set);

#endif
