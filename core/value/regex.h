/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions by PCRE2, with limits: a pattern that runs wild fails the row.
 *
 * Invariant: the last pattern stays compiled; a constant one is compiled once.
 * Ownership: a regex owns what PCRE2 made; the text of the pattern is copied.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_REGEX_H
#define QETL_EXPR_REGEX_H

#include "type.h"

enum { EXPR_REGEX_MESSAGE = 200 };
enum expr_regex_status {
    EXPR_REGEX_OK,
    EXPR_REGEX_NONE,     /* it matches nowhere */
    EXPR_REGEX_BAD,      /* the pattern is wrong: see message */
    EXPR_REGEX_BAD_FLAG, /* likewise */
    EXPR_REGEX_LIMIT,    /* matching took too many steps */
    EXPR_REGEX_NO_MEMORY
};

struct expr_regex;

/* Bytes of a match, or of a group in it; from < 0: the group took no part. */
struct expr_regex_span {
    int64_t from, to;
};

struct expr_regex *qetl_expr_regex_new(void);
void qetl_expr_regex_free(void *regex);
/* Takes a pattern with PostgreSQL's flags, unless it has it already. global: g was among them;
 * NULL: it must not be. */
enum expr_regex_status qetl_expr_regex_set(struct expr_regex *regex, struct expr_text pattern,
                                           struct expr_text flags, bool *global, char *message);
/* The first match at or behind the byte `from`. */
enum expr_regex_status qetl_expr_regex_find(struct expr_regex *regex, struct expr_text text,
                                            int64_t from, struct expr_regex_span *out);
/* A group of the last match; 0: all of it. */
struct expr_regex_span qetl_expr_regex_group(const struct expr_regex *regex, uint32_t group);
/* How many groups the pattern has. */
uint32_t qetl_expr_regex_groups(const struct expr_regex *regex);

#endif
