/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places of a document's values: a tree that mirrors the JSON, found by JSON pointer.
 *
 * Invariant: entry 0 is the root; a parent's number is less than its children's. At most
 *            QETL_PLACES_MAX entries, which also bounds what aliases may expand to.
 * Ownership: the tree copies keys; file strings are borrowed and must outlive it.
 * Threads:   built by one thread, then read by any.
 */
#ifndef QETL_CORE_PLACES_H
#define QETL_CORE_PLACES_H

#include <stddef.h>
#include <stdint.h>

enum { QETL_PLACES_MAX = 1000000 };
#define QETL_PLACE_NONE UINT32_MAX

struct qetl_mark { /* from 1; 0: unknown */
    int line, column;
};

struct qetl_place_entry {
    const char *file;
    struct qetl_mark value;
    struct qetl_mark key; /* of an object's member */
    size_t key_at;        /* in the tree's key store; SIZE_MAX: no member of an object */
    uint32_t parent;
    uint32_t index; /* in a list, or order among members */
    uint32_t first_child, last_child, next;
    uint32_t n_children;
};

struct qetl_places;

struct qetl_places *qetl_places_new(void);
void qetl_places_free(struct qetl_places *places);

/* Each answers the entry's number, or QETL_PLACE_NONE when there is no room or no memory. */
uint32_t qetl_places_root(struct qetl_places *places, const char *file);
/* Of two members with one key, the first is the one that is found. */
uint32_t qetl_places_member(struct qetl_places *places, uint32_t parent, const char *key,
                            struct qetl_mark mark);
uint32_t qetl_places_element(struct qetl_places *places, uint32_t parent);
/* Gives `to` copies of all below `from`. 0, or -1. */
int qetl_places_copy(struct qetl_places *places, uint32_t from, uint32_t to);

/* The same entries under the same numbers, file strings shared. NULL without memory. */
struct qetl_places *qetl_places_clone(const struct qetl_places *places);
/* The entry and all below it stand there from now on, their keys too. */
void qetl_places_move(struct qetl_places *places, uint32_t number, const char *file,
                      struct qetl_mark mark);

/* Valid until the next entry is made. */
struct qetl_place_entry *qetl_places_at(const struct qetl_places *places, uint32_t number);
uint32_t qetl_places_count(const struct qetl_places *places);
uint32_t qetl_places_find_member(const struct qetl_places *places, uint32_t parent,
                                 const char *key);
uint32_t qetl_places_find_element(const struct qetl_places *places, uint32_t parent, size_t index);
/* The entry of a JSON pointer, or its nearest known ancestor. */
uint32_t qetl_places_find(const struct qetl_places *places, const char *pointer);

#endif
