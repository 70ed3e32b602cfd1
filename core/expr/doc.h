/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reference says of functions: docs/reference/expressions.md is made of it, and a test
 * runs every example.
 *
 * Invariant: whatever can be called by name is here, and the other way round, but for operators.
 * Ownership: static.
 * Threads:   any.
 */
#ifndef QETL_EXPR_DOC_H
#define QETL_EXPR_DOC_H

#include <stddef.h>

struct expr_doc {
    const char *name;      /* as it is called; of syntax such as CASE: what stands in the heading */
    const char *signature; /* lpad(text, length [, fill]) → text */
    const char *says;      /* one line */
    const char *example;   /* of constants alone */
    const char *result; /* its value: text in quotes, NULL, anything else as CAST AS text has it */
};

struct expr_doc_group {
    const char *title;
    const struct expr_doc *docs;
    size_t count;
};

/* In the order of the page. */
extern const struct expr_doc_group qetl_expr_doc_operator, qetl_expr_doc_choice, qetl_expr_doc_text,
    qetl_expr_doc_number, qetl_expr_doc_patterns, qetl_expr_doc_codes, qetl_expr_doc_time,
    qetl_expr_doc_json;

/* The group at `index`; NULL behind the last. */
const struct expr_doc_group *qetl_expr_doc_group(size_t index);
/* NULL: nothing of that name can be called. */
const struct expr_doc *qetl_expr_doc_find(const char *name);

#endif
