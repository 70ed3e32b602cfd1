/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL/JSON paths: $.a."b c"[0].*[*][last][1 to 3] ? (@.x > 1 && @.y == "z").
 *
 * Invariant: lax, as by default: a member of an array is that of its elements, and what is no array
 * is one of one element. What does not fit finds nothing. Ownership: a path lies in the arena it
 * was read into, and points into its text. Threads:   immutable once read.
 */
#ifndef QETL_EXPR_JSON_PATH_H
#define QETL_EXPR_JSON_PATH_H

#include "arena.h"
#include "json_scan.h"

enum { EXPR_PATH_NEST_MAX = 50, EXPR_PATH_STEPS_MAX = 200 };

enum expr_path_form {
    EXPR_PATH_KEY,
    EXPR_PATH_ANY_KEY,
    EXPR_PATH_ELEMENTS, /* [*] and [a to b] */
    EXPR_PATH_FILTER
};

struct expr_path_test;

struct expr_path_step {
    enum expr_path_form form;
    struct expr_text key;
    int64_t from, to; /* counted from the end where *_last */
    bool from_last, to_last;
    const struct expr_path_test *test;
    struct expr_path_step *next;
};

enum expr_path_verb {
    EXPR_PATH_EQUAL,
    EXPR_PATH_UNEQUAL,
    EXPR_PATH_LESS,
    EXPR_PATH_LESS_EQUAL,
    EXPR_PATH_GREATER,
    EXPR_PATH_GREATER_EQUAL,
    EXPR_PATH_EXISTS,
    EXPR_PATH_AND,
    EXPR_PATH_OR,
    EXPR_PATH_NOT
};

struct expr_path_test {
    enum expr_path_verb verb;
    const struct expr_path_test *left, *right; /* of AND, OR, NOT */
    const struct expr_path_step *steps;        /* of comparisons and exists(): from @ or $ */
    bool from_root;
    enum expr_json_kind kind; /* of the literal */
    struct expr_text literal; /* of a string: unescaped */
};

struct expr_path {
    struct expr_path_step *steps;
    const char *problem; /* why it was not read */
};

/* False: *problem says why, or NULL for no memory. */
bool qetl_expr_path_read(struct expr_arena *arena, struct expr_text text, struct expr_path *out);

/* Calls found for each value; goes on while it answers true. */
typedef bool expr_path_found(void *arg, struct expr_text value);
void qetl_expr_path_walk(const struct expr_path *path, struct expr_text json,
                         expr_path_found *found, void *arg);

#endif
