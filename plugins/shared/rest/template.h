/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in which {column} stands for a row's value, {row} for all of it as JSON, {rows} for a list
 * of rows; {{ and }} are brackets.
 *
 * Invariant: a value cannot end what it stands in: it is percent-encoded in a URL, escaped within
 *            JSON, and never leads to another host or folder.
 * Ownership: owns its parts.
 * Threads:   immutable once compiled.
 */
#ifndef SHARED_REST_TEMPLATE_H
#define SHARED_REST_TEMPLATE_H

#include "rows.h"

#include <jansson.h>

enum part_kind {
    PART_LITERAL,
    PART_VALUE, /* as JSON */
    PART_TEXT,  /* within a JSON text */
    PART_URL,
    PART_ROW,
    PART_ROWS
};

struct part {
    enum part_kind kind;
    bool in_path; /* of a URL, so that it must not be empty */
    int64_t column;
    struct qetl_space literal;
};

struct template
{
    struct part *parts;
    size_t n;
    bool has_columns;
};

/* OK, or a failure that was reported, at that option. */
int32_t template_url(struct template *, struct qetl_env, const struct ArrowSchema *,
                     const char *option);
/* Appends to what is there. own: the names that stand for more than a column are known: "row",
 * "rows", or "". */
int32_t template_json(struct template *, struct qetl_env, const struct ArrowSchema *,
                      const char *option, const json_t *value, const char *own);
int32_t template_literal(struct template *, struct qetl_env, const char *text);
void template_free(struct template *);

/* OK, a failure, or E_ROW: the row has no value where one has to be, whose column is put into
 * *lacks; -1: the path would lead elsewhere. rows: what {rows} stands for. */
int32_t template_fill(const struct template *, const struct rows *, int64_t row,
                      const struct qetl_space *rows, struct qetl_space *out, int64_t *lacks);

#endif
