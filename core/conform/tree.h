/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in a folder: its files, by their names.
 *
 * Invariant: sorted by name; folders count by what is in them. Ownership: the owner frees.
 * Threads:   one at a time for each tree.
 */
#ifndef QETL_CORE_CONFORM_TREE_H
#define QETL_CORE_CONFORM_TREE_H

#include "text.h"

struct conform_leaf {
    char *name; /* from the folder on */
    struct conform_text data;
};

struct conform_tree {
    struct conform_leaf *leaves;
    size_t n;
};

void conform_tree_take(struct conform_tree *, const char *folder);
void conform_tree_free(struct conform_tree *);
/* NULL: there is none of that name. */
const struct conform_leaf *conform_tree_find(const struct conform_tree *, const char *name);
/* The name of the first file that is there in one of them alone, or with other bytes; else NULL. */
const char *conform_tree_differs(const struct conform_tree *, const struct conform_tree *);

/* How much of two runs' files is compared: names of which what may be a number is hidden, their
 * endings alone, and not even what they hold. */
enum { CONFORM_TREE_NAMES, CONFORM_TREE_ENDINGS, CONFORM_TREE_SIZES, CONFORM_TREE_NOTHING };
void conform_tree_print(const struct conform_tree *, int level, struct conform_text *);

#endif
