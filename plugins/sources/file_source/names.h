/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing list of names.
 *
 * Invariant: items[0 .. count) are terminated strings.
 * Ownership: the list owns its strings; a zeroed list is empty and ready.
 * Threads:   none of its own.
 */
#ifndef FILE_SOURCE_NAMES_H
#define FILE_SOURCE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names {
    char **items;
    int64_t count;
    int64_t capacity;
};

/* 0 or ENOMEM. add copies; take frees name where it fails. */
int names_add(struct names *, const char *name);
int names_take(struct names *, char *name);
/* Puts the items from `first` on into byte order and drops repetitions among them. */
void names_sort(struct names *, int64_t first);
void names_free(struct names *);

/* "folder/name", or name alone where folder is ""; NULL: no memory. */
char *names_join(const char *folder, const char *name);

#endif
