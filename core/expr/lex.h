/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to tokens.
 *
 * Invariant: a token's span lies in the text; its content is unquoted and unescaped.
 * Ownership: content points into the text or the compilation's arena.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_LEX_H
#define QETL_EXPR_LEX_H

#include "diag.h"
#include "value/type.h"

enum expr_token_kind {
    EXPR_TOKEN_END,
    EXPR_TOKEN_ERROR, /* has been reported */
    EXPR_TOKEN_WORD,
    EXPR_TOKEN_QUOTED, /* "name" */
    EXPR_TOKEN_STRING,
    EXPR_TOKEN_NUMBER,
    EXPR_TOKEN_SYMBOL
};

struct expr_token {
    enum expr_token_kind kind;
    struct expr_span span;
    struct expr_text content;
};

struct expr_lexer {
    struct expr_source *source;
    size_t at;
};

struct expr_token qetl_expr_lex(struct expr_lexer *lexer);
/* Whether a token is this keyword (any case) or this symbol. */
bool qetl_expr_token_is(const struct expr_token *token, const char *word);

#endif
