/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax tree: what was written, before it has types.
 *
 * Invariant: no node is deeper than EXPR_DEPTH_MAX; AND and OR are flat lists.
 * Ownership: nodes live in the compilation's arena.
 * Threads:   immutable once parsed.
 */
#ifndef QETL_EXPR_AST_H
#define QETL_EXPR_AST_H

#include "diag.h"
#include "value/type.h"

enum {
    EXPR_NEST_MAX = 200,   /* parentheses and signs in one another */
    EXPR_DEPTH_MAX = 1000, /* a + b + c + … */
    EXPR_TEXT_MAX = 1 << 20
};

enum expr_ast_kind {
    EXPR_AST_COLUMN, /* text: its name */
    EXPR_AST_NUMBER, /* text: as written */
    EXPR_AST_STRING,
    EXPR_AST_BOOLEAN, /* truth */
    EXPR_AST_NULL,
    EXPR_AST_CAST, /* args[0], type */
    EXPR_AST_CALL  /* name: an operator or function */
};

struct expr_ast {
    enum expr_ast_kind kind;
    struct expr_span span;
    struct expr_text text;
    bool truth;
    bool function;  /* written as name(…) */
    bool any_scale; /* CAST(… AS decimal) without precision */
    uint32_t depth;
    struct expr_type type;
    const char *name;
    uint32_t n_args;
    struct expr_ast **args;
};

/* The tree of source->text, or NULL: the mistake has been reported. */
struct expr_ast *qetl_expr_parse(struct expr_source *source);

/* The tree as JSON, terminated, in the arena; NULL without memory. */
const char *qetl_expr_tree_json(struct expr_source *source, const struct expr_ast *tree);

#endif
