/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON where it lies: checked once, then looked into without a tree.
 *
 * Invariant: all but check take text that check has accepted, or a part that these answered.
 * Ownership: answers are parts of the text; what must be unescaped goes to the caller's space.
 * Threads:   any.
 */
#ifndef QETL_EXPR_JSON_SCAN_H
#define QETL_EXPR_JSON_SCAN_H

#include "type.h"

#include <string.h>

enum { EXPR_JSON_DEPTH_MAX = 1000 };

enum expr_json_kind {
    EXPR_JSON_NONE,
    EXPR_JSON_NULL,
    EXPR_JSON_BOOLEAN,
    EXPR_JSON_NUMBER,
    EXPR_JSON_STRING,
    EXPR_JSON_ARRAY,
    EXPR_JSON_OBJECT
};

/* One value by RFC 8259, blanks around it allowed. strict: neither \u0000 nor half of a pair. */
bool qetl_expr_json_check(struct expr_text text, bool strict);

/* Without the blanks around it. */
struct expr_text qetl_expr_json_trim(struct expr_text text);
enum expr_json_kind qetl_expr_json_kind(struct expr_text value);
/* The member of an object (the last of that name), the element of an array (from the end where
 * negative). False: there is none, or the value is of another kind. */
bool qetl_expr_json_member(struct expr_text value, struct expr_text key, struct expr_text *out);
bool qetl_expr_json_element(struct expr_text value, int64_t index, struct expr_text *out);
int64_t qetl_expr_json_length(struct expr_text array);

/* Goes through an array or object: one element, or one member, a call. */
struct expr_json_walk {
    const char *at, *end;
    bool members;
};
struct expr_json_walk qetl_expr_json_open(struct expr_text value);
/* key (may be NULL) is the string with its quotes. */
bool qetl_expr_json_next(struct expr_json_walk *walk, struct expr_text *key,
                         struct expr_text *value);

/* What stands between the quotes; escaped: it must be unescaped to be read. */
struct expr_text qetl_expr_json_inside(struct expr_text string, bool *escaped);
/* Writes at most inside.size bytes, and answers how many. */
int64_t qetl_expr_json_unescape(struct expr_text inside, char *out);
/* A string (with its quotes) and plain text: by bytes; <0, 0, >0. */
int qetl_expr_json_string_order(struct expr_text string, struct expr_text plain);
bool qetl_expr_json_string_is(struct expr_text string, struct expr_text plain);

/* ---- json_write.c ---- */

/* The most that writing a text as a JSON string takes, and writing it. */
static inline int64_t expr_json_quoted_max(int64_t size)
{
    return 6 * size + 2;
}
int64_t qetl_expr_json_quote(struct expr_text text, char *out);

#endif
