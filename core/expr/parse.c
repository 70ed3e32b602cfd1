/* SPDX-License-Identifier: Apache-2.0 */
/* Precedence climbing, with PostgreSQL's levels: OR, AND, NOT, IS, comparison, IN and BETWEEN and
 * LIKE, all other operators, + -, * / %, ^, AT TIME ZONE, sign, ::. */
#include "parse.h"

#include <qetl/sdk.h>
#include <string.h>

bool qetl_expr_parse_enter(struct expr_parser *p)
{
    if (++p->depth <= EXPR_NEST_MAX)
        return true;
    qetl_expr_mistake(p->lexer.source, p->token.span, "compute parts of it in a step before",
                      "the expression nests too deeply");
    return false;
}

static struct expr_ast *binary_new(struct expr_parser *p, const char *name, struct expr_span at,
                                   struct expr_ast *left, struct expr_ast *right)
{
    struct expr_ast *args[2] = {left, right};

    return qetl_expr_parse_call(p, name, at, 2, args);
}

static const char *match_symbol(const struct expr_parser *p, const char *const *names)
{
    for (; *names; names++)
        if (qetl_expr_token_is(&p->token, *names))
            return *names;
    return NULL;
}

static struct expr_ast *parse_sum(struct expr_parser *p);

/* Of ~ and @ the operand reaches as far as + and - do. */
static struct expr_ast *parse_sign(struct expr_parser *p)
{
    static const char *const symbols[] = {"-", "+", "~", "@", NULL};
    struct expr_span span = p->token.span;
    const char *name = match_symbol(p, symbols);
    struct expr_ast *node;
    bool sign;

    if (!name)
        return qetl_expr_parse_postfix(p);
    if (!qetl_expr_parse_enter(p))
        return NULL;
    qetl_expr_advance(p);
    sign = *name == '-' || *name == '+';
    node = sign ? parse_sign(p) : parse_sum(p);
    if (sign)
        name = *name == '-' ? "negate" : "plus";
    p->depth--;
    return node ? qetl_expr_parse_call(p, name, span, 1, &node) : NULL;
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

/* x AT TIME ZONE z is timezone(z, x). */
static struct expr_ast *parse_zone(struct expr_parser *p)
{
    struct expr_ast *node = parse_sign(p);

    while (node && qetl_expr_token_is(&p->token, "at") && qetl_expr_token_is(&p->next, "time")) {
        struct expr_ast *zone;
        qetl_expr_advance(p);
        qetl_expr_advance(p);
        zone = qetl_expr_expect(p, "zone") ? parse_sign(p) : NULL;
        node = binary_new(p, "timezone", node->span, zone, node);
        if (node)
            node->function = true;
    }
    return node;
}

static struct expr_ast *parse_power(struct expr_parser *p)
{
    static const char *const names[] = {"^", NULL};

    return parse_chain(p, names, parse_zone);
}

static struct expr_ast *parse_product(struct expr_parser *p)
{
    static const char *const names[] = {"*", "/", "%", NULL};

    return parse_chain(p, names, parse_power);
}

static struct expr_ast *parse_sum(struct expr_parser *p)
{
    static const char *const names[] = {"+", "-", NULL};

    return parse_chain(p, names, parse_product);
}

struct expr_ast *qetl_expr_parse_other(struct expr_parser *p)
{
    static const char *const names[] = {"||",  "~", "~*", "!~", "!~*", "->", "->>", "#>",
                                        "#>>", "&", "|",  "#",  "<<",  ">>", NULL};

    return parse_chain(p, names, parse_sum);
}

static struct expr_ast *negate_if(struct expr_parser *p, bool negated, struct expr_ast *node)
{
    return node && negated ? qetl_expr_parse_call(p, "not", node->span, 1, &node) : node;
}

static struct expr_ast *parse_in(struct expr_parser *p, struct expr_ast *left)
{
    struct expr_ast_list list = {0};
    struct expr_ast *node;

    if (!qetl_expr_expect(p, "(") || !qetl_expr_list_add(p, &list, left) ||
        !qetl_expr_parse_list(p, &list))
        return NULL;
    node = qetl_expr_parse_call(p, "in", left->span, list.count, list.items);
    if (node)
        node->span.end = p->last_end;
    return node;
}

static struct expr_ast *parse_between(struct expr_parser *p, struct expr_ast *left)
{
    bool symmetric = qetl_expr_accept(p, "symmetric");
    struct expr_ast *args[3] = {left, qetl_expr_parse_other(p), NULL};
    struct expr_ast *either[2];

    if (!args[1] || !qetl_expr_expect(p, "and"))
        return NULL;
    args[2] = qetl_expr_parse_other(p);
    either[0] = qetl_expr_parse_call(p, "between", left->span, 3, args);
    if (!either[0] || !symmetric)
        return either[0];
    either[1] = qetl_expr_parse_call(p, "between", left->span, 3,
                                     (struct expr_ast *[3]){left, args[2], args[1]});
    return either[1] ? qetl_expr_parse_call(p, "or", left->span, 2, either) : NULL;
}

/* left LIKE pattern [ESCAPE text]: behind the word. */
static struct expr_ast *parse_like(struct expr_parser *p, const char *name, struct expr_ast *left)
{
    struct expr_ast *args[3] = {left, qetl_expr_parse_other(p), NULL};
    uint32_t n = 2;

    if (args[1] && qetl_expr_accept(p, "escape"))
        args[n++] = qetl_expr_parse_other(p);
    return qetl_expr_parse_call(p, name, left->span, n, args);
}

static bool is_range(const struct expr_token *token)
{
    static const char *const words[] = {"in", "between", "like", "ilike", "similar", NULL};

    for (size_t i = 0; words[i]; i++)
        if (qetl_expr_token_is(token, words[i]))
            return true;
    return false;
}

static struct expr_ast *parse_range(struct expr_parser *p)
{
    struct expr_ast *node = qetl_expr_parse_other(p);
    bool negated;

    if (!node)
        return NULL;
    negated = qetl_expr_token_is(&p->token, "not") && is_range(&p->next);
    if (negated)
        qetl_expr_advance(p);
    if (qetl_expr_accept(p, "in"))
        return negate_if(p, negated, parse_in(p, node));
    if (qetl_expr_accept(p, "between"))
        return negate_if(p, negated, parse_between(p, node));
    if (qetl_expr_accept(p, "like"))
        return negate_if(p, negated, parse_like(p, "like", node));
    if (qetl_expr_accept(p, "ilike"))
        return negate_if(p, negated, parse_like(p, "ilike", node));
    if (qetl_expr_token_is(&p->token, "similar"))
        return qetl_expr_mistake(p->lexer.source, p->token.span,
                                 "write a regular expression: name ~ '^(A|B)'",
                                 "SIMILAR TO is not known here");
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
        node = qetl_expr_parse_call(p, calls[i], span, 1, &node);
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
            node = qetl_expr_parse_call(p, "is null", span, 1, &node);
        else if (qetl_expr_accept(p, "notnull"))
            node = negate_if(p, true, qetl_expr_parse_call(p, "is null", span, 1, &node));
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
    if (!qetl_expr_parse_enter(p))
        return NULL;
    node = parse_not(p);
    p->depth--;
    return node ? qetl_expr_parse_call(p, "not", span, 1, &node) : NULL;
}

/* AND and OR: as many operands as there are, in one node. */
static struct expr_ast *parse_logic(struct expr_parser *p, const char *name,
                                    struct expr_ast *(*operand)(struct expr_parser *))
{
    struct expr_ast *first = operand(p);
    struct expr_ast_list list = {0};

    if (!first || !qetl_expr_token_is(&p->token, name))
        return first;
    if (!qetl_expr_list_add(p, &list, first))
        return NULL;
    while (qetl_expr_accept(p, name))
        if (!qetl_expr_list_add(p, &list, operand(p)))
            return NULL;
    return qetl_expr_parse_call(p, name, first->span, list.count, list.items);
}

static struct expr_ast *parse_and(struct expr_parser *p)
{
    return parse_logic(p, "and", parse_not);
}

struct expr_ast *qetl_expr_parse_or(struct expr_parser *p)
{
    struct expr_ast *node;

    if (!qetl_expr_parse_enter(p))
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
    tree = qetl_expr_parse_or(&parser);
    if (tree && parser.token.kind != EXPR_TOKEN_END)
        return qetl_expr_unexpected(&parser, "an operator or the end");
    return tree;
}
