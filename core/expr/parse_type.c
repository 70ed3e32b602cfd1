/* SPDX-License-Identifier: Apache-2.0 */
#include "parse_type.h"

#include <qetl/sdk.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TYPE_WORDS_MAX = 96 };

void qetl_expr_advance(struct expr_parser *p)
{
    p->last_end = p->token.span.end;
    p->token = p->next;
    if (p->next.kind == EXPR_TOKEN_ERROR)
        return;
    p->next = qetl_expr_lex(&p->lexer);
}

bool qetl_expr_accept(struct expr_parser *p, const char *word)
{
    if (!qetl_expr_token_is(&p->token, word))
        return false;
    qetl_expr_advance(p);
    return true;
}

static const char *kind_name(const struct expr_parser *p)
{
    switch (p->token.kind) {
    case EXPR_TOKEN_END:
        return "the end";
    case EXPR_TOKEN_NUMBER:
        return "a number";
    case EXPR_TOKEN_STRING:
        return "a text";
    case EXPR_TOKEN_QUOTED:
        return "a name";
    default:
        return NULL;
    }
}

void *qetl_expr_unexpected(struct expr_parser *p, const char *wanted)
{
    const char *name = kind_name(p);
    const char *mend = NULL;

    if (p->token.kind == EXPR_TOKEN_WORD)
        mend = "a column whose name is a keyword or holds other characters than letters, digits "
               "and _ is written in double quotes";
    if (name)
        return qetl_expr_mistake(p->lexer.source, p->token.span, mend, "expected %s, found %s",
                                 wanted, name);
    return qetl_expr_mistake(p->lexer.source, p->token.span, mend, "expected %s, found %.*s",
                             wanted, (int)(p->token.span.end - p->token.span.begin),
                             p->lexer.source->text + p->token.span.begin);
}

bool qetl_expr_expect(struct expr_parser *p, const char *word)
{
    char wanted[24];

    if (qetl_expr_accept(p, word))
        return true;
    snprintf(wanted, sizeof wanted, "%s", word);
    for (char *c = wanted; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    qetl_expr_unexpected(p, wanted);
    return false;
}

/* Appends the token at hand to the type's words and goes on. */
static void words_take(struct expr_parser *p, char *words, bool space)
{
    size_t used = strlen(words);

    snprintf(words + used, TYPE_WORDS_MAX - used, "%s%.*s", space && used ? " " : "",
             (int)p->token.content.size, p->token.content.data);
    qetl_expr_advance(p);
}

static bool words_parenthesis(struct expr_parser *p, char *words)
{
    if (!qetl_expr_token_is(&p->token, "("))
        return true;
    words_take(p, words, false);
    do {
        if (p->token.kind != EXPR_TOKEN_NUMBER) {
            qetl_expr_unexpected(p, "a number");
            return false;
        }
        words_take(p, words, false);
        if (!qetl_expr_token_is(&p->token, ","))
            break;
        words_take(p, words, false);
    } while (true);
    if (!qetl_expr_token_is(&p->token, ")")) {
        qetl_expr_unexpected(p, ")");
        return false;
    }
    words_take(p, words, false);
    return true;
}

/* "with time zone" and "without time zone". */
static bool words_zone(struct expr_parser *p, char *words)
{
    if (!qetl_expr_token_is(&p->token, "with") && !qetl_expr_token_is(&p->token, "without"))
        return true;
    words_take(p, words, true);
    if (qetl_expr_token_is(&p->token, "time") && qetl_expr_token_is(&p->next, "zone")) {
        words_take(p, words, true);
        words_take(p, words, true);
        return true;
    }
    qetl_expr_unexpected(p, "TIME ZONE");
    return false;
}

static bool words_collect(struct expr_parser *p, char *words)
{
    bool timed =
        qetl_expr_token_is(&p->token, "timestamp") || qetl_expr_token_is(&p->token, "time");

    if (p->token.kind != EXPR_TOKEN_WORD) {
        qetl_expr_unexpected(p, "a type");
        return false;
    }
    words_take(p, words, true);
    if (qetl_expr_token_is(&p->token, "precision") || qetl_expr_token_is(&p->token, "varying"))
        words_take(p, words, true);
    if (!words_parenthesis(p, words) || (timed && !words_zone(p, words)))
        return false;
    if (qetl_expr_token_is(&p->token, "unsigned"))
        words_take(p, words, true);
    return true;
}

bool qetl_expr_parse_type(struct expr_parser *p, struct expr_ast *node)
{
    char words[TYPE_WORDS_MAX] = "", format[QETL_TYPE_FORMAT_MAX];
    struct expr_span span = p->token.span;

    node->any_scale =
        (qetl_expr_token_is(&p->token, "decimal") || qetl_expr_token_is(&p->token, "numeric")) &&
        !qetl_expr_token_is(&p->next, "(");
    if (!words_collect(p, words))
        return false;
    span.end = p->last_end;
    if (node->any_scale)
        node->type = expr_type_decimal(EXPR_DECIMAL_DIGITS, 0);
    else if (!strcasecmp(words, "json") || !strcasecmp(words, "jsonb"))
        node->type = expr_type_of(words[4] ? EXPR_JSONB : EXPR_JSON);
    else if (!qetl_type_parse(words, format))
        node->type = qetl_expr_type_parse(format);
    if (node->type.id != EXPR_UNKNOWN && node->type.id != EXPR_OPAQUE) {
        node->type.zone = NULL;
        return true;
    }
    qetl_expr_mistake(
        p->lexer.source, span,
        "known are boolean, smallint, integer, bigint (and … unsigned), real, double, "
        "decimal(p,s), text, date, time, timestamp, timestamp with time zone, interval, json",
        "%s is not a type that expressions compute with", words);
    return false;
}
