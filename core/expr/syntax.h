/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of an expression, or of a type's name, without knowing any column.
 *
 * Invariant: what is refused here, qetl.expr/1 refuses whatever the columns are.
 * Ownership: the caller frees message.
 * Threads:   none of its own.
 */
#ifndef QETL_EXPR_SYNTAX_H
#define QETL_EXPR_SYNTAX_H

#include <stddef.h>

struct qetl_expr_fault {
    char *message;     /* NULL: no memory */
    char *mend;        /* or NULL */
    size_t begin, end; /* bytes of the text */
};

/* 0, or -1 with what is wrong. */
int qetl_expr_syntax(const char *text, struct qetl_expr_fault *fault);
/* The tree as JSON, as qetl.expr/1 answers it; NULL if text is no expression. The caller frees. */
char *qetl_expr_syntax_tree(const char *text);
/* Nonzero if CAST knows the type. */
int qetl_expr_knows_type(const char *sql);
void qetl_expr_fault_free(struct qetl_expr_fault *fault);

#endif
