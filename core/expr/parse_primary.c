/* SPDX-License-Identifier: Apache-2.0 */
/* What binds tightest: literals, names, calls, casts, parentheses. */
#include "parse.h"

#include <string.h>

static bool is_reserved(const struct expr_token *token)
{
    static const char *const words[] = {
        "and",     "or",      "not",  "null", "true",   "false",   "in",       "is",
        "between", "cast",    "case", "when", "then",   "else",    "end",      "like",
        "ilike",   "similar", "as",   "from", "isnull", "notnull", "distinct",
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (qetl_expr_token_is(token, words[i]))
            return true;
    return false;
}

struct expr_ast *qetl_expr_parse_node(struct expr_parser *p, enum expr_ast_kind kind,
                                      struct expr_span span)
{
    struct expr_ast *node = qetl_expr_new(p->lexer.source, sizeof *node);

    if (node) {
        node->kind = kind;
        node->span = span;
        node->depth = 1;
    }
    return node;
}

/* A call over n arguments; NULL if one of them is, or if it nests too deeply. */
struct expr_ast *qetl_expr_parse_call(struct expr_parser *p, const char *name,
                                      struct expr_span span, uint32_t n,
                                      struct expr_ast *const *args)
{
    struct expr_ast *node = qetl_expr_parse_node(p, EXPR_AST_CALL, span);

    if (!node)
        return NULL;
    node->name = name;
    node->n_args = n;
    node->args = qetl_expr_new(p->lexer.source, (n ? n : 1) * sizeof *node->args);
    if (!node->args)
        return NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (!args[i])
            return NULL;
        node->args[i] = args[i];
        node->span = expr_span_join(node->span, args[i]->span);
        if (node->depth <= args[i]->depth)
            node->depth = args[i]->depth + 1;
    }
    if (node->depth > EXPR_DEPTH_MAX)
        return qetl_expr_mistake(p->lexer.source, span, "compute parts of it in a step before",
                                 "the expression nests too deeply");
    return node;
}

static struct expr_ast *cast_new(struct expr_parser *p, struct expr_span span, struct expr_ast *arg)
{
    struct expr_ast *node = qetl_expr_parse_call(p, "cast", span, 1, &arg);

    if (!node)
        return NULL;
    node->kind = EXPR_AST_CAST;
    return qetl_expr_parse_type(p, node) ? node : NULL;
}

struct expr_ast *qetl_expr_parse_literal(struct expr_parser *p, enum expr_ast_kind kind)
{
    struct expr_ast *node = qetl_expr_parse_node(p, kind, p->token.span);

    if (!node)
        return NULL;
    node->text = p->token.content;
    node->truth = qetl_expr_token_is(&p->token, "true");
    qetl_expr_advance(p);
    return node;
}

bool qetl_expr_list_add(struct expr_parser *p, struct expr_ast_list *list, struct expr_ast *node)
{
    if (!node)
        return false;
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 8;
        struct expr_ast **items = qetl_expr_new(p->lexer.source, capacity * sizeof *items);
        if (!items)
            return false;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = node;
    return true;
}

/* Behind "(": expressions up to ")". */
bool qetl_expr_parse_list(struct expr_parser *p, struct expr_ast_list *list)
{
    do {
        if (!qetl_expr_list_add(p, list, qetl_expr_parse_or(p)))
            return false;
    } while (qetl_expr_accept(p, ","));
    return qetl_expr_expect(p, ")");
}

static struct expr_ast *parse_function(struct expr_parser *p)
{
    struct expr_span span = p->token.span;
    struct expr_ast_list list = {0};
    struct expr_ast *node;
    char *name = qetl_expr_arena_text(p->lexer.source->arena, p->token.content.data,
                                      (size_t)p->token.content.size);

    if (!name)
        return qetl_expr_no_memory(p->lexer.source);
    for (char *c = name; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    qetl_expr_advance(p);
    qetl_expr_advance(p);
    if (!qetl_expr_accept(p, ")") && !qetl_expr_parse_list(p, &list))
        return NULL;
    span.end = p->last_end;
    node = qetl_expr_parse_call(p, name, span, list.count, list.items);
    if (node)
        node->function = true;
    return node;
}

static struct expr_ast *parse_cast(struct expr_parser *p)
{
    struct expr_span span = p->token.span;
    struct expr_ast *node;

    qetl_expr_advance(p);
    if (!qetl_expr_expect(p, "("))
        return NULL;
    node = qetl_expr_parse_or(p);
    if (!node || !qetl_expr_expect(p, "as"))
        return NULL;
    node = cast_new(p, span, node);
    if (!node || !qetl_expr_expect(p, ")"))
        return NULL;
    node->span.end = p->last_end;
    return node;
}

/* DATE '2024-01-01': the type stands first, so the literal is parsed behind it. */
static struct expr_ast *parse_typed_literal(struct expr_parser *p)
{
    struct expr_ast *node = qetl_expr_parse_node(p, EXPR_AST_CAST, p->token.span);

    if (!node || !qetl_expr_parse_type(p, node))
        return NULL;
    if (p->token.kind != EXPR_TOKEN_STRING)
        return qetl_expr_unexpected(p, "a quoted value");
    node->n_args = 1;
    node->args = qetl_expr_new(p->lexer.source, sizeof *node->args);
    if (!node->args)
        return NULL;
    node->args[0] = qetl_expr_parse_literal(p, EXPR_AST_STRING);
    node->depth = 2;
    node->span.end = p->last_end;
    return node->args[0] ? node : NULL;
}

static bool is_typed_literal(const struct expr_parser *p)
{
    if (p->next.kind == EXPR_TOKEN_STRING)
        return true;
    return (qetl_expr_token_is(&p->token, "timestamp") || qetl_expr_token_is(&p->token, "time")) &&
           (qetl_expr_token_is(&p->next, "with") || qetl_expr_token_is(&p->next, "without"));
}

static struct expr_ast *parse_parenthesis(struct expr_parser *p)
{
    struct expr_ast *node;

    qetl_expr_advance(p);
    node = qetl_expr_parse_or(p);
    return node && qetl_expr_expect(p, ")") ? node : NULL;
}

/* SQL calls these without parentheses. */
static const char *const constant_words[] = {"current_date", "current_timestamp", "localtimestamp",
                                             "localtime", NULL};

static bool is_constant_word(const struct expr_token *token)
{
    for (int i = 0; constant_words[i]; i++)
        if (qetl_expr_token_is(token, constant_words[i]))
            return true;
    return false;
}

static struct expr_ast *parse_constant_word(struct expr_parser *p)
{
    struct expr_ast *node = NULL;

    for (int i = 0; constant_words[i] && !node; i++)
        if (qetl_expr_token_is(&p->token, constant_words[i]))
            node = qetl_expr_parse_call(p, constant_words[i], p->token.span, 0, NULL);
    qetl_expr_advance(p);
    if (node)
        node->function = true;
    return node;
}

static struct expr_ast *parse_word(struct expr_parser *p)
{
    if (qetl_expr_token_is(&p->token, "null"))
        return qetl_expr_parse_literal(p, EXPR_AST_NULL);
    if (qetl_expr_token_is(&p->token, "true") || qetl_expr_token_is(&p->token, "false"))
        return qetl_expr_parse_literal(p, EXPR_AST_BOOLEAN);
    if (qetl_expr_token_is(&p->token, "cast"))
        return parse_cast(p);
    if (qetl_expr_token_is(&p->token, "case"))
        return qetl_expr_parse_case(p);
    if (is_reserved(&p->token))
        return qetl_expr_unexpected(p, "a column, a value or an opening parenthesis");
    if (is_typed_literal(p))
        return parse_typed_literal(p);
    if (is_constant_word(&p->token) && !qetl_expr_token_is(&p->next, "("))
        return parse_constant_word(p);
    if (qetl_expr_token_is(&p->next, "("))
        return qetl_expr_is_form(p) ? qetl_expr_parse_form(p) : parse_function(p);
    return qetl_expr_parse_literal(p, EXPR_AST_COLUMN);
}

static struct expr_ast *parse_primary(struct expr_parser *p)
{
    switch (p->token.kind) {
    case EXPR_TOKEN_NUMBER:
        return qetl_expr_parse_literal(p, EXPR_AST_NUMBER);
    case EXPR_TOKEN_STRING:
        return qetl_expr_parse_literal(p, EXPR_AST_STRING);
    case EXPR_TOKEN_QUOTED:
        return qetl_expr_parse_literal(p, EXPR_AST_COLUMN);
    case EXPR_TOKEN_WORD:
        return parse_word(p);
    default:
        if (qetl_expr_token_is(&p->token, "("))
            return parse_parenthesis(p);
        return qetl_expr_unexpected(p, "a column, a value or an opening parenthesis");
    }
}

struct expr_ast *qetl_expr_parse_postfix(struct expr_parser *p)
{
    struct expr_ast *node = parse_primary(p);

    while (node && qetl_expr_token_is(&p->token, "::")) {
        qetl_expr_advance(p);
        node = cast_new(p, node->span, node);
        if (node)
            node->span.end = p->last_end;
    }
    return node;
}
