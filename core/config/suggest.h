/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the nearest word in spelling to one that is not known.
 *
 * Invariant: the best word is at most a third of the word's length away (one letter at least).
 * Ownership: borrows all words.
 * Threads:   plain data.
 */
#ifndef QETL_CORE_SUGGEST_H
#define QETL_CORE_SUGGEST_H

#include <stddef.h>

struct qetl_suggest {
    const char *word;
    const char *best; /* NULL: nothing near was offered */
    size_t distance;
};

void qetl_suggest_init(struct qetl_suggest *suggest, const char *word);
void qetl_suggest_offer(struct qetl_suggest *suggest, const char *candidate);

/* Letters to insert, remove, change or swap with a neighbour; upper and lower case are one. Words
 * of more than 64 bytes are endlessly far. */
size_t qetl_suggest_distance(const char *a, const char *b);

#endif
