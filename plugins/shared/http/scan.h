/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where values stand in a JSON text, in one pass: what has to be known of a response.
 *
 * Invariant: a text whose brackets and quotes are not closed is never taken for a whole one.
 * Whether commas and numbers are right is the format's affair. Ownership: what is found points into
 * the text. Threads:   any.
 */
#ifndef HTTP_SCAN_H
#define HTTP_SCAN_H

#include <stdbool.h>
#include <stdint.h>

enum scan_kind {
    SCAN_ABSENT,
    SCAN_NULL,
    SCAN_TRUE,
    SCAN_FALSE,
    SCAN_NUMBER,
    SCAN_TEXT,
    SCAN_LIST,
    SCAN_OBJECT
};

enum { SCAN_TARGETS = 6, SCAN_DEPTH = 1024 };

struct scan_target {
    const char *pointer; /* RFC 6901; NULL: nothing is looked for */
    enum scan_kind kind;
    const char *at;
    int64_t size;
    int64_t count; /* elements of a list; the last one: */
    const char *last;
    int64_t last_size;
};

struct scan_result {
    int64_t documents; /* that stand one behind the other: one, or lines of NDJSON */
    int64_t broken_at; /* where the text stops making sense, if it does … */
    bool cut;          /* … as it ends there */
};

/* false: the text is not whole. Targets are looked for in the first document; the last of members
 * with one name counts. */
bool scan_json(const char *data, int64_t size, struct scan_target *targets, int n,
               struct scan_result *);
/* How many bytes at the beginning are a mark of the encoding (BOM). */
int64_t scan_mark(const char *data, int64_t size);
/* Whether it can be a JSON pointer. */
bool scan_pointer_good(const char *pointer);
/* Names of the first document's members that are lists, as pointers: "/data, /items"; "": none. */
void scan_lists(const char *data, int64_t size, char *out, int64_t capacity);
/* The text's content, to be freed; of a number its digits, of others their spelling. NULL: no
 * memory. */
char *scan_text(const struct scan_target *);

#endif
