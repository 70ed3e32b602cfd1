/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the parser share: operators (parse), what binds tightest (parse_primary), and
 * SQL's calls with words inside (parse_form).
 *
 * Invariant: every function answers NULL after a mistake, which then has been reported.
 * Ownership: as ast.h.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_PARSE_H
#define QETL_EXPR_PARSE_H

#include "ast.h"
#include "lex.h"
#include "parse_type.h"

/* A growing list of nodes. */
struct expr_ast_list {
    struct expr_ast **items;
    uint32_t count, capacity;
};

/* One nesting more; false: reported. Who enters decrements depth when done. */
bool qetl_expr_parse_enter(struct expr_parser *p);
struct expr_ast *qetl_expr_parse_node(struct expr_parser *p, enum expr_ast_kind kind,
                                      struct expr_span span);
/* A call over n arguments; NULL if one of them is, or if it nests too deeply. */
struct expr_ast *qetl_expr_parse_call(struct expr_parser *p, const char *name,
                                      struct expr_span span, uint32_t n,
                                      struct expr_ast *const *args);
/* The token at hand as a literal or column. */
struct expr_ast *qetl_expr_parse_literal(struct expr_parser *p, enum expr_ast_kind kind);
/* node NULL: false. */
bool qetl_expr_list_add(struct expr_parser *p, struct expr_ast_list *list, struct expr_ast *node);
/* Behind "(": expressions up to ")". */
bool qetl_expr_parse_list(struct expr_parser *p, struct expr_ast_list *list);

/* Levels of binding: anything; what stands beside =, IN, LIKE; what stands beside a sign. */
struct expr_ast *qetl_expr_parse_or(struct expr_parser *p);
struct expr_ast *qetl_expr_parse_other(struct expr_parser *p);
struct expr_ast *qetl_expr_parse_postfix(struct expr_parser *p);

/* CASE …; at the word. */
struct expr_ast *qetl_expr_parse_case(struct expr_parser *p);
/* Whether the word at hand, which stands before "(", has words inside its call. */
bool qetl_expr_is_form(const struct expr_parser *p);
/* Such a call, at its name. */
struct expr_ast *qetl_expr_parse_form(struct expr_parser *p);

#endif
