/* SPDX-License-Identifier: Apache-2.0 */
#include "json_path.h"

struct reader {
    struct expr_arena *arena;
    const char *at, *end;
    const char *problem;
    int depth;
};

static void skip_blank(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || (*r->at >= '\t' && *r->at <= '\r')))
        r->at++;
}

static bool take(struct reader *r, const char *word)
{
    size_t size = strlen(word);

    skip_blank(r);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static void *refuse(struct reader *r, const char *problem)
{
    if (!r->problem)
        r->problem = problem;
    return NULL;
}

static bool is_name(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) ||
           (!first && ((c >= '0' && c <= '9') || c == '$'));
}

/* A key as a word or in quotes. */
static bool take_key(struct reader *r, struct expr_text *out)
{
    const char *begin;
    char *copy;

    skip_blank(r);
    begin = r->at;
    if (begin < r->end && *begin == '"') {
        for (r->at++; r->at < r->end && *r->at != '"'; r->at++)
            r->at += *r->at == '\\' && r->at + 1 < r->end;
        if (r->at == r->end)
            return false;
        r->at++;
        *out = (struct expr_text){begin, r->at - begin};
        if (!qetl_expr_json_check(*out, true))
            return false;
        copy = qetl_expr_arena_alloc(r->arena, (size_t)out->size);
        if (!copy)
            return false;
        out->size = qetl_expr_json_unescape((struct expr_text){begin + 1, out->size - 2}, copy);
        out->data = copy;
        return true;
    }
    while (r->at < r->end && is_name(*r->at, r->at == begin))
        r->at++;
    *out = (struct expr_text){begin, r->at - begin};
    return out->size > 0;
}

/* 3, last, last - 2. */
static bool take_index(struct reader *r, int64_t *out, bool *from_end)
{
    bool minus = false;

    *out = 0;
    *from_end = take(r, "last");
    if (*from_end) {
        minus = take(r, "-");
        if (!minus)
            return true;
    }
    skip_blank(r);
    if (r->at == r->end || *r->at < '0' || *r->at > '9')
        return false;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        *out = *out * 10 + (*r->at - '0');
        if (*out > INT32_MAX)
            return false;
    }
    return true;
}

static bool read_brackets(struct reader *r, struct expr_path_step *step)
{
    step->form = EXPR_PATH_ELEMENTS;
    if (take(r, "*")) {
        step->to_last = true;
    } else {
        if (!take_index(r, &step->from, &step->from_last))
            return false;
        step->to = step->from;
        step->to_last = step->from_last;
        if (take(r, "to") && !take_index(r, &step->to, &step->to_last))
            return false;
    }
    return take(r, "]");
}

static struct expr_path_test *read_or(struct reader *r);

/* Steps behind $ or @. False: a mistake. */
static bool read_steps(struct reader *r, struct expr_path_step **out)
{
    int count = 0;

    for (*out = NULL;; out = &(*out)->next) {
        struct expr_path_step step = {0};
        bool good;
        if (++count > EXPR_PATH_STEPS_MAX)
            return refuse(r, "the path has too many steps") != NULL;
        if (take(r, ".")) {
            step.form = take(r, "*") ? EXPR_PATH_ANY_KEY : EXPR_PATH_KEY;
            good = step.form == EXPR_PATH_ANY_KEY || take_key(r, &step.key);
        } else if (take(r, "[")) {
            good = read_brackets(r, &step);
        } else if (take(r, "?")) {
            step.form = EXPR_PATH_FILTER;
            good = take(r, "(") && (step.test = read_or(r)) && take(r, ")");
        } else {
            return true;
        }
        if (!good)
            return refuse(r, "a step is .key, .*, [0], [*], [1 to last] or ?(…)") != NULL;
        *out = qetl_expr_arena_zero(r->arena, sizeof **out);
        if (!*out)
            return false;
        **out = step;
    }
}

static bool read_literal(struct reader *r, struct expr_path_test *test)
{
    static const char stops[] = " \t\r\n)&|";
    const char *begin;

    skip_blank(r);
    begin = r->at;
    if (begin < r->end && *begin == '"') {
        test->kind = EXPR_JSON_STRING;
        return take_key(r, &test->literal);
    }
    while (r->at < r->end && *r->at && !strchr(stops, *r->at))
        r->at++;
    test->literal = (struct expr_text){begin, r->at - begin};
    if (!qetl_expr_json_check(test->literal, true))
        return false;
    test->kind = qetl_expr_json_kind(test->literal);
    return test->kind < EXPR_JSON_ARRAY;
}

static bool take_verb(struct reader *r, enum expr_path_verb *out)
{
    static const struct {
        const char *sign;
        enum expr_path_verb verb;
    } verbs[] = {{"==", EXPR_PATH_EQUAL},         {"!=", EXPR_PATH_UNEQUAL},
                 {"<>", EXPR_PATH_UNEQUAL},       {"<=", EXPR_PATH_LESS_EQUAL},
                 {">=", EXPR_PATH_GREATER_EQUAL}, {"<", EXPR_PATH_LESS},
                 {">", EXPR_PATH_GREATER}};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (take(r, verbs[i].sign)) {
            *out = verbs[i].verb;
            return true;
        }
    return false;
}

static bool read_operand(struct reader *r, struct expr_path_test *test)
{
    struct expr_path_step *steps;

    test->from_root = take(r, "$");
    if (!test->from_root && !take(r, "@"))
        return false;
    if (!read_steps(r, &steps))
        return false;
    test->steps = steps;
    return true;
}

static struct expr_path_test *test_new(struct reader *r, enum expr_path_verb verb)
{
    struct expr_path_test *test = qetl_expr_arena_zero(r->arena, sizeof *test);

    if (test)
        test->verb = verb;
    return test;
}

/* @.a > 1, 1 < @.a, exists(@.a), !(…), (…). */
static struct expr_path_test *read_comparison(struct reader *r)
{
    static const enum expr_path_verb turned[] = {
        [EXPR_PATH_EQUAL] = EXPR_PATH_EQUAL,  [EXPR_PATH_UNEQUAL] = EXPR_PATH_UNEQUAL,
        [EXPR_PATH_LESS] = EXPR_PATH_GREATER, [EXPR_PATH_LESS_EQUAL] = EXPR_PATH_GREATER_EQUAL,
        [EXPR_PATH_GREATER] = EXPR_PATH_LESS, [EXPR_PATH_GREATER_EQUAL] = EXPR_PATH_LESS_EQUAL,
    };
    struct expr_path_test *test = test_new(r, EXPR_PATH_EXISTS);

    if (!test)
        return NULL;
    if (take(r, "exists"))
        return take(r, "(") && read_operand(r, test) && take(r, ")")
                   ? test
                   : refuse(r, "exists(…) takes a path from @ or $");
    skip_blank(r);
    if (r->at < r->end && (*r->at == '@' || *r->at == '$'))
        return read_operand(r, test) && take_verb(r, &test->verb) && read_literal(r, test)
                   ? test
                   : refuse(r, "a path is compared with a number, a string, true, false or null");
    if (!read_literal(r, test) || !take_verb(r, &test->verb) || !read_operand(r, test))
        return refuse(r, "a path is compared with a number, a string, true, false or null");
    test->verb = turned[test->verb];
    return test;
}

static struct expr_path_test *read_unary(struct reader *r)
{
    struct expr_path_test *test;
    bool negated;

    if (++r->depth > EXPR_PATH_NEST_MAX)
        return refuse(r, "the filters nest too deeply");
    negated = take(r, "!");
    if (!take(r, "("))
        test = negated ? refuse(r, "! stands before (…)") : read_comparison(r);
    else
        test =
            (test = read_or(r)) && take(r, ")") ? test : refuse(r, "a parenthesis is not closed");
    r->depth--;
    if (test && negated) {
        struct expr_path_test *outer = test_new(r, EXPR_PATH_NOT);
        if (outer)
            outer->left = test;
        test = outer;
    }
    return test;
}

static struct expr_path_test *join(struct reader *r, enum expr_path_verb verb, const char *sign,
                                   struct expr_path_test *(*operand)(struct reader *r))
{
    struct expr_path_test *left = operand(r);

    while (left && take(r, sign)) {
        struct expr_path_test *both = test_new(r, verb);
        if (!both || !(both->right = operand(r)))
            return NULL;
        both->left = left;
        left = both;
    }
    return left;
}

static struct expr_path_test *read_and(struct reader *r)
{
    return join(r, EXPR_PATH_AND, "&&", read_unary);
}

static struct expr_path_test *read_or(struct reader *r)
{
    return join(r, EXPR_PATH_OR, "||", read_and);
}

bool qetl_expr_path_read(struct expr_arena *arena, struct expr_text text, struct expr_path *out)
{
    struct reader r = {.arena = arena, .at = text.data, .end = text.data + text.size};

    *out = (struct expr_path){0};
    if (take(&r, "strict"))
        refuse(&r, "paths are lax; strict is not known");
    else
        take(&r, "lax");
    if (!r.problem && !take(&r, "$"))
        refuse(&r, "a path begins with $");
    if (!r.problem && read_steps(&r, &out->steps)) {
        skip_blank(&r);
        if (r.at != r.end)
            refuse(&r, "a step is .key, .*, [0], [*], [1 to last] or ?(…)");
        else
            return true;
    }
    out->problem = r.problem;
    return false;
}
