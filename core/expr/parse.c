/* SPDX-License-Identifier: Apache-2.0 */
/* Precedence climbing, with PostgreSQL's levels: OR, AND, NOT, IS, comparison, IN and BETWEEN, ||,
 * + -,
 * * / %, sign, ::. */
#include "ast.h"
#include "lex.h"
#include "parse_type.h"

#include <qetl/sdk.h>
#include <string.h>

static struct expr_ast *parse_or(struct expr_parser *p);
static struct expr_ast *parse_concat(struct expr_parser *p);

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

static bool depth_enter(struct expr_parser *p)
{
    if (++p->depth <= EXPR_NEST_MAX)
        return true;
    qetl_expr_mistake(p->lexer.source, p->token.span, "compute parts of it in a step before",
                      "the expression nests too deeply");
    return false;
}

static struct expr_ast *node_new(struct expr_parser *p, enum expr_ast_kind kind,
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
static struct expr_ast *call_new(struct expr_parser *p, const char *name, struct expr_span span,
                                 uint32_t n, struct expr_ast *const *args)
{
    struct expr_ast *node = node_new(p, EXPR_AST_CALL, span);

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

static struct expr_ast *binary_new(struct expr_parser *p, const char *name, struct expr_span at,
                                   struct expr_ast *left, struct expr_ast *right)
{
    struct expr_ast *args[2] = {left, right};

    return call_new(p, name, at, 2, args);
}

static struct expr_ast *cast_new(struct expr_parser *p, struct expr_span span, struct expr_ast *arg)
{
    struct expr_ast *node = call_new(p, "cast", span, 1, &arg);

    if (!node)
        return NULL;
    node->kind = EXPR_AST_CAST;
    return qetl_expr_parse_type(p, node) ? node : NULL;
}

static struct expr_ast *parse_literal(struct expr_parser *p, enum expr_ast_kind kind)
{
    struct expr_ast *node = node_new(p, kind, p->token.span);

    if (!node)
        return NULL;
    node->text = p->token.content;
    node->truth = qetl_expr_token_is(&p->token, "true");
    qetl_expr_advance(p);
    return node;
}

/* A growing list of nodes. */
struct node_list {
    struct expr_ast **items;
    uint32_t count, capacity;
};

static bool list_add(struct expr_parser *p, struct node_list *list, struct expr_ast *node)
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
static bool parse_list(struct expr_parser *p, struct node_list *list)
{
    do {
        if (!list_add(p, list, parse_or(p)))
            return false;
    } while (qetl_expr_accept(p, ","));
    return qetl_expr_expect(p, ")");
}

static struct expr_ast *parse_function(struct expr_parser *p)
{
    struct expr_span span = p->token.span;
    struct node_list list = {0};
    struct expr_ast *node;
    char *name = qetl_expr_arena_text(p->lexer.source->arena, p->token.content.data,
                                      (size_t)p->token.content.size);

    if (!name)
        return qetl_expr_no_memory(p->lexer.source);
    for (char *c = name; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    qetl_expr_advance(p);
    qetl_expr_advance(p);
    if (!qetl_expr_accept(p, ")") && !parse_list(p, &list))
        return NULL;
    span.end = p->last_end;
    node = call_new(p, name, span, list.count, list.items);
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
    node = parse_or(p);
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
    struct expr_ast *node = node_new(p, EXPR_AST_CAST, p->token.span);

    if (!node || !qetl_expr_parse_type(p, node))
        return NULL;
    if (p->token.kind != EXPR_TOKEN_STRING)
        return qetl_expr_unexpected(p, "a quoted value");
    node->n_args = 1;
    node->args = qetl_expr_new(p->lexer.source, sizeof *node->args);
    if (!node->args)
        return NULL;
    node->args[0] = parse_literal(p, EXPR_AST_STRING);
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
    node = parse_or(p);
    return node && qetl_expr_expect(p, ")") ? node : NULL;
}

static struct expr_ast *parse_word(struct expr_parser *p)
{
    if (qetl_expr_token_is(&p->token, "null"))
        return parse_literal(p, EXPR_AST_NULL);
    if (qetl_expr_token_is(&p->token, "true") || qetl_expr_token_is(&p->token, "false"))
        return parse_literal(p, EXPR_AST_BOOLEAN);
    if (qetl_expr_token_is(&p->token, "cast"))
        return parse_cast(p);
    if (is_reserved(&p->token))
        return qetl_expr_unexpected(p, "a column, a value or an opening parenthesis");
    if (is_typed_literal(p))
        return parse_typed_literal(p);
    if (qetl_expr_token_is(&p->next, "("))
        return parse_function(p);
    return parse_literal(p, EXPR_AST_COLUMN);
}

static struct expr_ast *parse_primary(struct expr_parser *p)
{
    switch (p->token.kind) {
    case EXPR_TOKEN_NUMBER:
        return parse_literal(p, EXPR_AST_NUMBER);
    case EXPR_TOKEN_STRING:
        return parse_literal(p, EXPR_AST_STRING);
    case EXPR_TOKEN_QUOTED:
        return parse_literal(p, EXPR_AST_COLUMN);
    case EXPR_TOKEN_WORD:
        return parse_word(p);
    default:
        if (qetl_expr_token_is(&p->token, "("))
            return parse_parenthesis(p);
        return qetl_expr_unexpected(p, "a column, a value or an opening parenthesis");
    }
}

static struct expr_ast *parse_postfix(struct expr_parser *p)
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

static struct expr_ast *parse_sign(struct expr_parser *p)
{
    struct expr_span span = p->token.span;
    const char *name = qetl_expr_token_is(&p->token, "-") ? "negate" : "plus";
    struct expr_ast *node;

    if (!qetl_expr_token_is(&p->token, "-") && !qetl_expr_token_is(&p->token, "+"))
        return parse_postfix(p);
    if (!depth_enter(p))
        return NULL;
    qetl_expr_advance(p);
    node = parse_sign(p);
    p->depth--;
    return node ? call_new(p, name, span, 1, &node) : NULL;
}

static const char *match_symbol(const struct expr_parser *p, const char *const *names)
{
    for (; *names; names++)
        if (qetl_expr_token_is(&p->token, *names))
            return *names;
    return NULL;
}

/* Left-associative operators of one level. */
static struct expr_ast *parse_chain(struct expr_parser *p, const char *const *names,
                                    struct expr_ast *(*operand)(struct expr_parser *))
{
    struct expr_ast *node = operand(p);
    const char *name;

    while (node && (name = match_symbol(p, names))) {
        struct expr_span at = p->token.span;
        qetl_expr_advance(p);
        node = binary_new(p, name, at, node, operand(p));
    }
    return node;
}

static struct expr_ast *parse_product(struct expr_parser *p)
{
    static const char *const names[] = {"*", "/", "%", NULL};

    return parse_chain(p, names, parse_sign);
}

static struct expr_ast *parse_sum(struct expr_parser *p)
{
    static const char *const names[] = {"+", "-", NULL};

    return parse_chain(p, names, parse_product);
}

static struct expr_ast *parse_concat(struct expr_parser *p)
{
    static const char *const names[] = {"||", NULL};

    return parse_chain(p, names, parse_sum);
}

static struct expr_ast *negate_if(struct expr_parser *p, bool negated, struct expr_ast *node)
{
    return node && negated ? call_new(p, "not", node->span, 1, &node) : node;
}

static struct expr_ast *parse_in(struct expr_parser *p, struct expr_ast *left)
{
    struct node_list list = {0};
    struct expr_ast *node;

    if (!qetl_expr_expect(p, "(") || !list_add(p, &list, left) || !parse_list(p, &list))
        return NULL;
    node = call_new(p, "in", left->span, list.count, list.items);
    if (node)
        node->span.end = p->last_end;
    return node;
}

static struct expr_ast *parse_between(struct expr_parser *p, struct expr_ast *left)
{
    struct expr_ast *args[3] = {left, parse_concat(p), NULL};

    if (!args[1] || !qetl_expr_expect(p, "and"))
        return NULL;
    args[2] = parse_concat(p);
    return call_new(p, "between", left->span, 3, args);
}

static struct expr_ast *parse_range(struct expr_parser *p)
{
    struct expr_ast *node = parse_concat(p);
    bool negated;

    if (!node)
        return NULL;
    negated = qetl_expr_token_is(&p->token, "not") &&
              (qetl_expr_token_is(&p->next, "in") || qetl_expr_token_is(&p->next, "between"));
    if (negated)
        qetl_expr_advance(p);
    if (qetl_expr_accept(p, "in"))
        return negate_if(p, negated, parse_in(p, node));
    if (qetl_expr_accept(p, "between"))
        return negate_if(p, negated, parse_between(p, node));
    return node;
}

static struct expr_ast *parse_comparison(struct expr_parser *p)
{
    static const char *const names[] = {"=", "<>", "!=", "<=", ">=", "<", ">", NULL};
    struct expr_ast *node = parse_range(p);
    const char *name = match_symbol(p, names);
    struct expr_span at = p->token.span;

    if (!node || !name)
        return node;
    qetl_expr_advance(p);
    node = binary_new(p, strcmp(name, "!=") ? name : "<>", at, node, parse_range(p));
    if (node && match_symbol(p, names))
        return qetl_expr_mistake(p->lexer.source, p->token.span,
                                 "join two comparisons with AND, or use BETWEEN",
                                 "comparisons cannot be chained");
    return node;
}

static struct expr_ast *parse_is_test(struct expr_parser *p, struct expr_ast *node)
{
    static const char *const names[] = {"null", "true", "false", "unknown", NULL};
    static const char *const calls[] = {"is null", "is true", "is false", "is null"};
    bool negated = qetl_expr_accept(p, "not");

    for (size_t i = 0; names[i]; i++) {
        struct expr_span span = expr_span_join(node->span, p->token.span);
        if (!qetl_expr_accept(p, names[i]))
            continue;
        node = call_new(p, calls[i], span, 1, &node);
        return negate_if(p, negated, node);
    }
    if (qetl_expr_accept(p, "distinct")) {
        if (!qetl_expr_expect(p, "from"))
            return NULL;
        node = binary_new(p, "is distinct from", node->span, node, parse_range(p));
        return negate_if(p, negated, node);
    }
    return qetl_expr_unexpected(p, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
}

static struct expr_ast *parse_is(struct expr_parser *p)
{
    struct expr_ast *node = parse_comparison(p);

    while (node) {
        struct expr_span span = expr_span_join(node->span, p->token.span);
        if (qetl_expr_accept(p, "is"))
            node = parse_is_test(p, node);
        else if (qetl_expr_accept(p, "isnull"))
            node = call_new(p, "is null", span, 1, &node);
        else if (qetl_expr_accept(p, "notnull"))
            node = negate_if(p, true, call_new(p, "is null", span, 1, &node));
        else
            break;
    }
    return node;
}

static struct expr_ast *parse_not(struct expr_parser *p)
{
    struct expr_span span = p->token.span;
    struct expr_ast *node;

    if (!qetl_expr_accept(p, "not"))
        return parse_is(p);
    if (!depth_enter(p))
        return NULL;
    node = parse_not(p);
    p->depth--;
    return node ? call_new(p, "not", span, 1, &node) : NULL;
}

/* AND and OR: as many operands as there are, in one node. */
static struct expr_ast *parse_logic(struct expr_parser *p, const char *name,
                                    struct expr_ast *(*operand)(struct expr_parser *))
{
    struct expr_ast *first = operand(p);
    struct node_list list = {0};

    if (!first || !qetl_expr_token_is(&p->token, name))
        return first;
    if (!list_add(p, &list, first))
        return NULL;
    while (qetl_expr_accept(p, name))
        if (!list_add(p, &list, operand(p)))
            return NULL;
    return call_new(p, name, first->span, list.count, list.items);
}

static struct expr_ast *parse_and(struct expr_parser *p)
{
    return parse_logic(p, "and", parse_not);
}

static struct expr_ast *parse_or(struct expr_parser *p)
{
    struct expr_ast *node;

    if (!depth_enter(p))
        return NULL;
    node = parse_logic(p, "or", parse_and);
    p->depth--;
    return node;
}

struct expr_ast *qetl_expr_parse(struct expr_source *source)
{
    struct expr_parser parser = {.lexer = {.source = source}};
    struct expr_span whole = {0, (uint32_t)(source->size < 1 ? 0 : 1)};
    struct expr_ast *tree;

    if (source->size > EXPR_TEXT_MAX)
        return qetl_expr_mistake(source, whole, NULL, "the expression is longer than %d bytes",
                                 EXPR_TEXT_MAX);
    if (!qetl_utf8_valid(source->text, (int64_t)source->size))
        return qetl_expr_mistake(source, (struct expr_span){0, 0}, NULL,
                                 "the expression is not valid UTF-8");
    qetl_expr_advance(&parser);
    qetl_expr_advance(&parser);
    if (parser.token.kind == EXPR_TOKEN_END)
        return qetl_expr_mistake(source, parser.token.span, NULL, "the expression is empty");
    tree = parse_or(&parser);
    if (tree && parser.token.kind != EXPR_TOKEN_END)
        return qetl_expr_unexpected(&parser, "an operator or the end");
    return tree;
}
