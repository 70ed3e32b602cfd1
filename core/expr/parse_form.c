/* SPDX-License-Identifier: Apache-2.0 */
/* SQL's calls with words inside, made plain calls: EXTRACT(x FROM y) is extract('x', y). And CASE.
 */
#include "parse.h"

#include <string.h>

static struct expr_ast *form_call(struct expr_parser *p, const char *name, struct expr_span span,
                                  const struct expr_ast_list *list)
{
    struct expr_ast *node;

    span.end = p->last_end;
    node = qetl_expr_parse_call(p, name, span, list->count, list->items);
    if (node)
        node->function = true;
    return node;
}

/* One expression more. */
static bool form_add(struct expr_parser *p, struct expr_ast_list *list)
{
    return qetl_expr_list_add(p, list, qetl_expr_parse_or(p));
}

/* EXTRACT(field FROM value); the field is a word or a text. */
static struct expr_ast *form_extract(struct expr_parser *p, struct expr_span span)
{
    struct expr_ast_list list = {0};

    if (p->token.kind != EXPR_TOKEN_WORD && p->token.kind != EXPR_TOKEN_STRING &&
        p->token.kind != EXPR_TOKEN_QUOTED)
        return qetl_expr_unexpected(p, "a field such as year or hour");
    if (!qetl_expr_list_add(p, &list, qetl_expr_parse_literal(p, EXPR_AST_STRING)) ||
        !qetl_expr_expect(p, "from") || !form_add(p, &list) || !qetl_expr_expect(p, ")"))
        return NULL;
    return form_call(p, "extract", span, &list);
}

/* Behind the first argument, commas instead of words: a plain call. */
static struct expr_ast *form_plain(struct expr_parser *p, const char *name, struct expr_span span,
                                   struct expr_ast_list *list)
{
    if (qetl_expr_accept(p, ",") ? !qetl_expr_parse_list(p, list) : !qetl_expr_expect(p, ")"))
        return NULL;
    return form_call(p, name, span, list);
}

/* SUBSTRING(text [FROM start] [FOR length]), in either order, or SUBSTRING(text FROM pattern). */
static struct expr_ast *form_substring(struct expr_parser *p, struct expr_span span)
{
    struct expr_ast_list list = {0};
    struct expr_ast *from = NULL, *length = NULL;

    if (!form_add(p, &list))
        return NULL;
    if (!qetl_expr_token_is(&p->token, "from") && !qetl_expr_token_is(&p->token, "for"))
        return form_plain(p, "substring", span, &list);
    for (int k = 0; k < 2; k++) {
        if (!from && qetl_expr_accept(p, "from"))
            from = qetl_expr_parse_or(p);
        else if (!length && qetl_expr_accept(p, "for"))
            length = qetl_expr_parse_or(p);
    }
    if (p->lexer.source->status)
        return NULL;
    if (!from) {
        from = qetl_expr_parse_node(p, EXPR_AST_NUMBER, span);
        if (from)
            from->text = (struct expr_text){"1", 1};
    }
    if (!qetl_expr_list_add(p, &list, from) || (length && !qetl_expr_list_add(p, &list, length)) ||
        !qetl_expr_expect(p, ")"))
        return NULL;
    return form_call(p, "substring", span, &list);
}

/* POSITION(part IN text) is strpos(text, part). */
static struct expr_ast *form_position(struct expr_parser *p, struct expr_span span)
{
    struct expr_ast *part = qetl_expr_parse_other(p);
    struct expr_ast_list list = {0};

    if (!part || !qetl_expr_expect(p, "in") ||
        !qetl_expr_list_add(p, &list, qetl_expr_parse_other(p)) ||
        !qetl_expr_list_add(p, &list, part) || !qetl_expr_expect(p, ")"))
        return NULL;
    return form_call(p, "strpos", span, &list);
}

/* TRIM([BOTH | LEADING | TRAILING] [characters] [FROM] text [, characters]). */
static struct expr_ast *form_trim(struct expr_parser *p, struct expr_span span)
{
    struct expr_ast_list list = {0};
    struct expr_ast *first = NULL;
    const char *name = "btrim";

    if (qetl_expr_accept(p, "leading"))
        name = "ltrim";
    else if (qetl_expr_accept(p, "trailing"))
        name = "rtrim";
    else
        qetl_expr_accept(p, "both");
    if (!qetl_expr_accept(p, "from")) {
        first = qetl_expr_parse_or(p);
        if (!first)
            return NULL;
        if (!qetl_expr_accept(p, "from"))
            return qetl_expr_list_add(p, &list, first) ? form_plain(p, name, span, &list) : NULL;
    }
    if (!form_add(p, &list) || (first && !qetl_expr_list_add(p, &list, first)))
        return NULL;
    return qetl_expr_expect(p, ")") ? form_call(p, name, span, &list) : NULL;
}

/* OVERLAY(text PLACING part FROM start [FOR length]). */
static struct expr_ast *form_overlay(struct expr_parser *p, struct expr_span span)
{
    struct expr_ast_list list = {0};

    if (!form_add(p, &list))
        return NULL;
    if (!qetl_expr_token_is(&p->token, "placing"))
        return form_plain(p, "overlay", span, &list);
    if (!qetl_expr_expect(p, "placing") || !form_add(p, &list) || !qetl_expr_expect(p, "from") ||
        !form_add(p, &list) || (qetl_expr_accept(p, "for") && !form_add(p, &list)) ||
        !qetl_expr_expect(p, ")"))
        return NULL;
    return form_call(p, "overlay", span, &list);
}

struct form {
    const char *name;
    struct expr_ast *(*parse)(struct expr_parser *p, struct expr_span span);
};

static const struct form forms[] = {
    {"extract", form_extract},   {"substring", form_substring}, {"trim", form_trim},
    {"position", form_position}, {"overlay", form_overlay},
};

static const struct form *form_find(const struct expr_parser *p)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (qetl_expr_token_is(&p->token, forms[i].name))
            return &forms[i];
    return NULL;
}

bool qetl_expr_is_form(const struct expr_parser *p)
{
    return form_find(p) != NULL;
}

struct expr_ast *qetl_expr_parse_form(struct expr_parser *p)
{
    const struct form *form = form_find(p);
    struct expr_span span = p->token.span;

    qetl_expr_advance(p);
    qetl_expr_advance(p);
    return form->parse(p, span);
}

/* Searched: condition, value, …, [value of ELSE]. Simple: the compared value before all that. */
struct expr_ast *qetl_expr_parse_case(struct expr_parser *p)
{
    struct expr_ast_list list = {0};
    struct expr_span span = p->token.span;
    struct expr_ast *node;
    bool simple;

    qetl_expr_advance(p);
    simple = !qetl_expr_token_is(&p->token, "when");
    if (simple && !form_add(p, &list))
        return NULL;
    if (!qetl_expr_token_is(&p->token, "when"))
        return qetl_expr_unexpected(p, "WHEN");
    while (qetl_expr_accept(p, "when"))
        if (!form_add(p, &list) || !qetl_expr_expect(p, "then") || !form_add(p, &list))
            return NULL;
    if (qetl_expr_accept(p, "else") && !form_add(p, &list))
        return NULL;
    if (!qetl_expr_expect(p, "end"))
        return NULL;
    span.end = p->last_end;
    node = qetl_expr_parse_call(p, simple ? "case of" : "case", span, list.count, list.items);
    if (node)
        node->span = span;
    return node;
}
