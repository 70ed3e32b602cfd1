/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written: strings in quotes, and the one form of jsonb.
 *
 * Invariant: members stand by the length and bytes of their keys, each key once (the last one
 * given), and numbers without exponent, so that equal jsonb is mostly equal text. Ownership:
 * everything lies in the arena. Threads:   one at a time.
 */
#ifndef QETL_EXPR_JSON_WRITE_H
#define QETL_EXPR_JSON_WRITE_H

#include "arena.h"
#include "json_scan.h"

struct expr_json_writer {
    struct expr_arena *arena;
    char *data;
    int64_t size, capacity;
    bool beyond; /* a number has an exponent that no numeric has; else false means no memory */
};

/* JSON that was checked (strictly), as jsonb writes it. False: see beyond. */
bool qetl_expr_json_canon(struct expr_json_writer *w, struct expr_text value);
bool qetl_expr_json_put(struct expr_json_writer *w, const char *data, int64_t size);
bool qetl_expr_json_put_string(struct expr_json_writer *w, struct expr_text plain);

#endif
