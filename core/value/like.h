/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIKE patterns, taken apart into what stands between their %.
 *
 * Invariant: parts of one pattern lie in the order of the pattern; letters and marks of a part have
 * its size.
 * Ownership: a pattern lies in the arena it was made in.
 * Threads:   immutable once made.
 */
#ifndef QETL_EXPR_LIKE_H
#define QETL_EXPR_LIKE_H

#include "arena.h"
#include "type.h"

/* Between two %: bytes, some of which stand for any character. */
struct expr_like_part {
    const char *data;
    const bool *any; /* by byte; NULL: none */
    int64_t size, letters;
};

struct expr_like {
    bool open_begin, open_end; /* % stands there */
    uint32_t n_parts;
    struct expr_like_part *parts;
};

enum expr_like_made { EXPR_LIKE_MADE, EXPR_LIKE_BAD_END, EXPR_LIKE_NO_MEMORY };

/* escape: one character, or nothing. */
enum expr_like_made qetl_expr_like_make(struct expr_arena *arena, struct expr_text pattern,
                                        struct expr_text escape, struct expr_like *out);
bool qetl_expr_like_matches(const struct expr_like *like, struct expr_text text);

#endif
