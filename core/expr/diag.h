/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compilation knows of its text, and how it reports a mistake and its place in it.
 *
 * Invariant: only the first mistake is reported; status then stays what it was.
 * Ownership: text, option and schema are the caller's until compile returns; the arena is the
 * expression's. Threads:   one at a time.
 */
#ifndef QETL_EXPR_DIAG_H
#define QETL_EXPR_DIAG_H

#include "value/arena.h"

#include <qetl/plugin.h>
#include <stdbool.h>

struct expr_zone;

struct expr_span {
    uint32_t begin, end; /* bytes of the text */
};

struct expr_source {
    struct qetl_ctx *ctx;
    const struct qetl_host *host;
    const char *text;
    size_t size;
    const char *option;
    const struct ArrowSchema *schema;
    struct expr_arena *arena;
    const struct expr_zone *zone; /* of the session */
    int64_t now_us;               /* when the run began, since 1970 in UTC */
    int64_t constant_bytes;       /* of texts that were computed from constants */
    int32_t status;               /* the first failure, or 0 */
};

/* Reports CONFIG; mend may be NULL. Answers NULL, for callers that return a node. */
void *qetl_expr_mistake(struct expr_source *source, struct expr_span at, const char *mend,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
void *qetl_expr_no_memory(struct expr_source *source);
/* Arena memory, zeroed; a failure is reported. */
void *qetl_expr_new(struct expr_source *source, size_t size);
/* Characters (not bytes) before a byte of the text, from 1. */
size_t qetl_expr_character(const char *text, size_t offset);

static inline struct expr_span expr_span_join(struct expr_span a, struct expr_span b)
{
    return (struct expr_span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

#endif
