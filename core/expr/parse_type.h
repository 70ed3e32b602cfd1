/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser's tokens, and the names of types.
 *
 * Invariant: token is the one to look at, next the one behind it; after a mistake both are END or
 * ERROR. Ownership: as ast.h. Threads:   one at a time.
 */
#ifndef QETL_EXPR_PARSE_TYPE_H
#define QETL_EXPR_PARSE_TYPE_H

#include "ast.h"
#include "lex.h"

struct expr_parser {
    struct expr_lexer lexer;
    struct expr_token token, next;
    uint32_t last_end; /* where the token before `token` ended */
    int depth;
};

void qetl_expr_advance(struct expr_parser *p);
bool qetl_expr_accept(struct expr_parser *p, const char *word);
bool qetl_expr_expect(struct expr_parser *p, const char *word);
/* Reports the token at hand; NULL. */
void *qetl_expr_unexpected(struct expr_parser *p, const char *wanted);
/* Reads a type's name into node->type and any_scale; false: reported. */
bool qetl_expr_parse_type(struct expr_parser *p, struct expr_ast *node);

#endif
