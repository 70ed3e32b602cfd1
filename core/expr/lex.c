/* SPDX-License-Identifier: Apache-2.0 */
#include "lex.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool qetl_expr_token_is(const struct expr_token *token, const char *word)
{
    int64_t i;

    if (token->kind != EXPR_TOKEN_WORD && token->kind != EXPR_TOKEN_SYMBOL)
        return false;
    for (i = 0; i < token->content.size; i++)
        if (!word[i] || lower(token->content.data[i]) != lower(word[i]))
            return false;
    return word[i] == '\0';
}

static char peek(const struct expr_lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;

    return at < lexer->source->size ? lexer->source->text[at] : '\0';
}

static struct expr_token token_make(const struct expr_lexer *lexer, enum expr_token_kind kind,
                                    size_t begin)
{
    struct expr_token token = {.kind = kind};

    token.span = (struct expr_span){(uint32_t)begin, (uint32_t)lexer->at};
    token.content.data = lexer->source->text + begin;
    token.content.size = (int64_t)(lexer->at - begin);
    return token;
}

static struct expr_token token_error(struct expr_lexer *lexer, size_t begin, const char *mend,
                                     const char *what)
{
    struct expr_token token = token_make(lexer, EXPR_TOKEN_ERROR, begin);

    qetl_expr_mistake(lexer->source, token.span, mend, "%s", what);
    return token;
}

/* Block comments nest, as in PostgreSQL. False: it does not end. */
static bool comment_skip(struct expr_lexer *lexer)
{
    int depth = 0;

    do {
        if (lexer->at >= lexer->source->size)
            return false;
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->at += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->at += 2;
        } else {
            lexer->at++;
        }
    } while (depth > 0);
    return true;
}

static bool blank_skip(struct expr_lexer *lexer)
{
    for (;;) {
        if (is_space(peek(lexer, 0))) {
            lexer->at++;
        } else if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-') {
            while (lexer->at < lexer->source->size && peek(lexer, 0) != '\n')
                lexer->at++;
        } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            if (!comment_skip(lexer))
                return false;
        } else {
            return true;
        }
    }
}

/* Content between quotes, doubled ones made single. */
static struct expr_token quoted_lex(struct expr_lexer *lexer, char quote, enum expr_token_kind kind)
{
    size_t begin = lexer->at++, size = 0;
    struct expr_token token;
    char *copy;

    for (;; lexer->at++) {
        if (lexer->at >= lexer->source->size)
            return token_error(lexer, begin, "close it with the quote that opened it",
                               quote == '"' ? "this name does not end" : "this text does not end");
        if (peek(lexer, 0) == quote) {
            if (peek(lexer, 1) != quote)
                break;
            lexer->at++;
        }
    }
    lexer->at++;
    token = token_make(lexer, kind, begin);
    copy = qetl_expr_new(lexer->source, (size_t)token.content.size);
    if (!copy)
        return token_make(lexer, EXPR_TOKEN_ERROR, begin);
    for (size_t i = begin + 1; i + 1 < lexer->at; i++) {
        copy[size++] = lexer->source->text[i];
        i += lexer->source->text[i] == quote;
    }
    token.content = (struct expr_text){copy, (int64_t)size};
    return token;
}

static void digits_skip(struct expr_lexer *lexer)
{
    while (is_digit(peek(lexer, 0)))
        lexer->at++;
}

static struct expr_token number_lex(struct expr_lexer *lexer)
{
    size_t begin = lexer->at;

    digits_skip(lexer);
    if (peek(lexer, 0) == '.') {
        lexer->at++;
        digits_skip(lexer);
    }
    if (lower(peek(lexer, 0)) == 'e') {
        size_t sign = peek(lexer, 1) == '-' || peek(lexer, 1) == '+';
        if (is_digit(peek(lexer, 1 + sign))) {
            lexer->at += 1 + sign;
            digits_skip(lexer);
        }
    }
    if (is_word(peek(lexer, 0))) {
        while (is_word(peek(lexer, 0)))
            lexer->at++;
        return token_error(lexer, begin, "write names that begin with a digit in double quotes",
                           "a number goes over into a name");
    }
    return token_make(lexer, EXPR_TOKEN_NUMBER, begin);
}

static struct expr_token symbol_lex(struct expr_lexer *lexer)
{
    /* The longest first. */
    static const char *const symbols[] = {"->>", "#>>", "!~*", "<=", ">=", "<>", "!=", "||",
                                          "::",  "->",  "#>",  "!~", "~*", "<<", ">>"};
    size_t begin = lexer->at, rest = lexer->source->size - begin;

    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        size_t size = strlen(symbols[i]);
        if (size <= rest && !memcmp(lexer->source->text + begin, symbols[i], size)) {
            lexer->at += size;
            return token_make(lexer, EXPR_TOKEN_SYMBOL, begin);
        }
    }
    lexer->at++;
    if (!strchr("+-*/%=<>(),.~&|#^@", lexer->source->text[begin]))
        return token_error(lexer, begin, NULL, "this character has no meaning in an expression");
    return token_make(lexer, EXPR_TOKEN_SYMBOL, begin);
}

struct expr_token qetl_expr_lex(struct expr_lexer *lexer)
{
    size_t begin;
    char c;

    if (!blank_skip(lexer))
        return token_error(lexer, lexer->at, "close it with */", "this comment does not end");
    begin = lexer->at;
    if (begin >= lexer->source->size)
        return token_make(lexer, EXPR_TOKEN_END, begin);
    c = peek(lexer, 0);
    if (c == '\'')
        return quoted_lex(lexer, c, EXPR_TOKEN_STRING);
    if (c == '"')
        return quoted_lex(lexer, c, EXPR_TOKEN_QUOTED);
    if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
        return number_lex(lexer);
    if (!is_word_start(c))
        return symbol_lex(lexer);
    while (is_word(peek(lexer, 0)))
        lexer->at++;
    return token_make(lexer, EXPR_TOKEN_WORD, begin);
}
