/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: ~ and its kin, regexp_…, substring(text from pattern). */
#include "bind.h"
#include "rows.h"
#include "value/letters.h"
#include "value/regex.h"

/* ---- the pattern, and where to look ---- */

static bool regex_prepare(struct expr_binder *b, struct expr_node *call)
{
    struct expr_regex *regex = qetl_expr_regex_new();
    char message[EXPR_REGEX_MESSAGE];

    if (!regex || !qetl_expr_arena_defer(b->source->arena, qetl_expr_regex_free, regex)) {
        qetl_expr_no_memory(b->source);
        return false;
    }
    call->state = regex;
    if (call->args[1]->kind != EXPR_NODE_CONSTANT || call->op->name[0] != '~' ||
        call->args[1]->value.null)
        return true;
    if (qetl_expr_regex_set(regex, call->args[1]->value.text,
                            (struct expr_text){"i", call->op->name[1] == '*'}, NULL,
                            message) != EXPR_REGEX_BAD)
        return true;
    qetl_expr_mistake(b->source, call->args[1]->span, NULL, "%s", message);
    return false;
}

/* What is sought in a row. */
struct search {
    struct expr_regex *regex;
    struct expr_text text;
    int64_t from;
    bool global;
    bool failed; /* the row has, or `status` says no memory */
    int32_t status;
};

static void search_fail(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                        struct search *s, enum expr_regex_status status, const char *message)
{
    s->failed = true;
    if (status == EXPR_REGEX_NO_MEMORY)
        s->status = QETL_E_NO_MEMORY;
    else if (status == EXPR_REGEX_LIMIT)
        qetl_expr_row_fail(f, in, i, "regex_limit",
                           "matching the regular expression takes too many steps");
    else
        qetl_expr_row_fail(f, in, i, status == EXPR_REGEX_BAD_FLAG ? "bad_argument" : "bad_pattern",
                           "%s", message);
}

/* The pattern is args[1]; global: whether the flag g may be given. */
static struct search search_open(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                                 struct expr_text flags, bool global)
{
    struct search s = {.regex = in->node->state, .text = row_text(in, 0, i)};
    char message[EXPR_REGEX_MESSAGE];
    enum expr_regex_status status =
        qetl_expr_regex_set(s.regex, row_text(in, 1, i), flags, global ? &s.global : NULL, message);

    if (status)
        search_fail(f, in, i, &s, status, message);
    return s;
}

static struct expr_text flags_of(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return in->node->n_args > k ? row_text(in, k, i) : (struct expr_text){"", 0};
}

/* A number of args[k], at least `least`. */
static int64_t number_of(struct expr_frame *f, const struct expr_instr *in, uint32_t k, int64_t i,
                         int64_t otherwise, int64_t least, bool *failed)
{
    int64_t value = in->node->n_args > k ? row_int4(in, k, i) : otherwise;

    if (value >= least || *failed)
        return value;
    *failed = true;
    qetl_expr_row_fail(f, in, i, "bad_argument", "argument %u of %s is %lld, less than %lld", k + 1,
                       in->node->op->name, (long long)value, (long long)least);
    return value;
}

/* From the character `start` on; behind the end nothing is found. */
static void search_start(struct search *s, int64_t start)
{
    int64_t count;

    if (s->failed || start == 1)
        return;
    count = qetl_expr_letters_count(s->text);
    s->from = start - 1 > count ? s->text.size + 1 : qetl_expr_letters_skip(s->text, start - 1);
}

/* The next match; false: none, or the row has failed. */
static bool search_next(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                        struct search *s, struct expr_regex_span *out)
{
    enum expr_regex_status status;

    if (s->failed || s->from > s->text.size)
        return false;
    status = qetl_expr_regex_find(s->regex, s->text, s->from, out);
    if (status > EXPR_REGEX_NONE)
        search_fail(f, in, i, s, status, "");
    if (status)
        return false;
    s->from = out->to;
    if (out->from == out->to)
        s->from += out->to < s->text.size
                       ? expr_letter_size(s->text.data + out->to, s->text.size - out->to)
                       : 1;
    return true;
}

/* The n-th match from where the search stands. */
static bool search_nth(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                       struct search *s, int64_t n, struct expr_regex_span *out)
{
    while (n-- > 0)
        if (!search_next(f, in, i, s, out))
            return false;
    return true;
}

/* ---- tests ---- */

static int32_t test(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                    struct expr_text flags, bool wanted)
{
    struct search s = search_open(f, in, i, flags, false);
    struct expr_regex_span at;
    bool found = search_next(f, in, i, &s, &at);

    return s.failed ? s.status : row_put_bool(in, i, found == wanted);
}

static int32_t row_matches(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return test(f, in, i, (struct expr_text){"", 0}, true);
}

static int32_t row_matches_any_case(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return test(f, in, i, (struct expr_text){"i", 1}, true);
}

static int32_t row_differs(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return test(f, in, i, (struct expr_text){"", 0}, false);
}

static int32_t row_differs_any_case(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return test(f, in, i, (struct expr_text){"i", 1}, false);
}

static int32_t row_regexp_like(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return test(f, in, i, flags_of(in, 2, i), true);
}

/* ---- parts ---- */

static int32_t put_span(const struct expr_instr *in, int64_t i, const struct search *s,
                        struct expr_regex_span span)
{
    if (span.from >= 0)
        return row_put_text(in, i, s->text.data + span.from,
                            span.to > span.from ? span.to - span.from : 0);
    qetl_expr_row_null(in, i);
    return QETL_OK;
}

/* The first group of the first match; all of it where there are no groups. */
static int32_t row_regexp_match(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct search s = search_open(f, in, i, flags_of(in, 2, i), false);
    struct expr_regex_span span = {-1, -1};

    if (search_next(f, in, i, &s, &span) && qetl_expr_regex_groups(s.regex))
        span = qetl_expr_regex_group(s.regex, 1);
    return s.failed ? s.status : put_span(in, i, &s, span);
}

/* regexp_substr(text, pattern, start, n, flags, group) */
static int32_t row_regexp_substr(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    bool failed = false;
    int64_t start = number_of(f, in, 2, i, 1, 1, &failed);
    int64_t n = number_of(f, in, 3, i, 1, 1, &failed);
    int64_t group = number_of(f, in, 5, i, 0, 0, &failed);
    struct expr_regex_span span = {-1, -1}, found;
    struct search s;

    if (failed)
        return QETL_OK;
    s = search_open(f, in, i, flags_of(in, 4, i), false);
    search_start(&s, start);
    if (search_nth(f, in, i, &s, n, &found))
        span = group ? qetl_expr_regex_group(s.regex, (uint32_t)group) : found;
    return s.failed ? s.status : put_span(in, i, &s, span);
}

/* regexp_count(text, pattern, start, flags) */
static int32_t row_regexp_count(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    bool failed = false;
    int64_t start = number_of(f, in, 2, i, 1, 1, &failed), count = 0;
    struct expr_regex_span span;
    struct search s;

    if (failed)
        return QETL_OK;
    s = search_open(f, in, i, flags_of(in, 3, i), false);
    search_start(&s, start);
    while (search_next(f, in, i, &s, &span))
        count++;
    return s.failed ? s.status : row_put_int4(in, i, count);
}

/* regexp_instr(text, pattern, start, n, behind, flags, group) */
static int32_t row_regexp_instr(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    bool failed = false;
    int64_t start = number_of(f, in, 2, i, 1, 1, &failed);
    int64_t n = number_of(f, in, 3, i, 1, 1, &failed);
    int64_t behind = number_of(f, in, 4, i, 0, 0, &failed);
    int64_t group = number_of(f, in, 6, i, 0, 0, &failed);
    struct expr_regex_span span = {-1, -1};
    struct expr_text before;
    struct search s;

    if (behind > 1 && !failed)
        qetl_expr_row_fail(f, in, i, "bad_argument", "argument 5 of regexp_instr is 0 or 1");
    if (failed || behind > 1)
        return QETL_OK;
    s = search_open(f, in, i, flags_of(in, 5, i), false);
    search_start(&s, start);
    if (!search_nth(f, in, i, &s, n, &span))
        span.from = span.to = -1;
    else if (group)
        span = qetl_expr_regex_group(s.regex, (uint32_t)group);
    if (s.failed)
        return s.status;
    before = (struct expr_text){s.text.data, behind ? span.to : span.from};
    return row_put_int4(in, i, span.from < 0 ? 0 : 1 + qetl_expr_letters_count(before));
}

/* ---- regexp_replace ---- */

/* A text that grows; what it outgrew stays in the strip's heap. */
struct growing {
    struct expr_arena *heap;
    char *data;
    int64_t size, capacity;
    bool too_long, no_memory;
};

static void grow(struct growing *g, const char *data, int64_t size)
{
    if (size <= 0 || g->no_memory || g->too_long)
        return;
    if (g->size + size > g->capacity) {
        int64_t capacity = 2 * (g->size + size) + 64;
        char *larger = qetl_expr_arena_alloc(g->heap, (size_t)capacity);
        g->too_long = g->size + size > EXPR_RESULT_TEXT_MAX;
        g->no_memory = !larger;
        if (!larger || g->too_long)
            return;
        if (g->size)
            memcpy(larger, g->data, (size_t)g->size);
        g->data = larger;
        g->capacity = capacity;
    }
    memcpy(g->data + g->size, data, (size_t)size);
    g->size += size;
}

/* \1 to \9 and \& stand for what was found. */
static void grow_replacement(struct growing *g, const struct search *s, struct expr_text with)
{
    for (int64_t at = 0; at < with.size; at++) {
        char next = at + 1 < with.size ? with.data[at + 1] : '\0';
        struct expr_regex_span span;
        if (with.data[at] != '\\' || at + 1 == with.size) {
            grow(g, with.data + at, 1);
            continue;
        }
        at++;
        if (next == '&' || (next >= '1' && next <= '9')) {
            span = qetl_expr_regex_group(s->regex, next == '&' ? 0 : (uint32_t)(next - '0'));
            if (span.from >= 0)
                grow(g, s->text.data + span.from, span.to - span.from);
        } else if (next == '\\') {
            grow(g, "\\", 1);
        } else {
            grow(g, with.data + at - 1, 2);
        }
    }
}

/* The n-th match is replaced, or all where n is 0. */
static int32_t replace(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                       struct search *s, int64_t n)
{
    struct expr_text with = row_text(in, 2, i);
    struct growing g = {.heap = &f->heap};
    struct expr_regex_span span;
    int64_t copied = 0, count = 0;

    while ((n == 0 || count < n) && search_next(f, in, i, s, &span)) {
        count++;
        if (n && count < n)
            continue;
        grow(&g, s->text.data + copied, span.from - copied);
        grow_replacement(&g, s, with);
        copied = span.to;
    }
    if (s->failed)
        return s->status;
    if (!g.size && copied == 0)
        return row_put_text(in, i, s->text.data, s->text.size);
    grow(&g, s->text.data + copied, s->text.size - copied);
    if (g.no_memory)
        return QETL_E_NO_MEMORY;
    if (g.too_long)
        qetl_expr_row_fail(f, in, i, "text_too_long", "the replaced text is over 1 GiB");
    return row_put_text(in, i, g.data, g.size);
}

/* regexp_replace(text, pattern, replacement, flags) */
static int32_t row_regexp_replace(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct search s = search_open(f, in, i, flags_of(in, 3, i), true);

    return s.failed ? s.status : replace(f, in, i, &s, s.global ? 0 : 1);
}

/* regexp_replace(text, pattern, replacement, start, n, flags) */
static int32_t row_regexp_replace_nth(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    bool failed = false;
    int64_t start = number_of(f, in, 3, i, 1, 1, &failed);
    int64_t n = number_of(f, in, 4, i, 1, 0, &failed);
    struct search s;

    if (failed)
        return QETL_OK;
    s = search_open(f, in, i, flags_of(in, 5, i), true);
    search_start(&s, start);
    return s.failed ? s.status : replace(f, in, i, &s, n);
}

#define CALL(name, n, result, how, ...)                                                      \
    {                                                                                        \
        name, n, {__VA_ARGS__}, result, EXPR_OP_MASKED, .row = how, .prepare = regex_prepare \
    }
#define T EXPR_TEXT
#define N EXPR_INT4

static const struct expr_op ops[] = {
    CALL("~", 2, EXPR_BOOL, row_matches, T, T),
    CALL("~*", 2, EXPR_BOOL, row_matches_any_case, T, T),
    CALL("!~", 2, EXPR_BOOL, row_differs, T, T),
    CALL("!~*", 2, EXPR_BOOL, row_differs_any_case, T, T),
    CALL("regexp_like", 2, EXPR_BOOL, row_regexp_like, T, T),
    CALL("regexp_like", 3, EXPR_BOOL, row_regexp_like, T, T, T),
    CALL("regexp_match", 2, EXPR_TEXT, row_regexp_match, T, T),
    CALL("regexp_match", 3, EXPR_TEXT, row_regexp_match, T, T, T),
    CALL("substring", 2, EXPR_TEXT, row_regexp_match, T, T),
    CALL("regexp_substr", 2, EXPR_TEXT, row_regexp_substr, T, T),
    CALL("regexp_substr", 3, EXPR_TEXT, row_regexp_substr, T, T, N),
    CALL("regexp_substr", 4, EXPR_TEXT, row_regexp_substr, T, T, N, N),
    CALL("regexp_substr", 5, EXPR_TEXT, row_regexp_substr, T, T, N, N, T),
    CALL("regexp_substr", 6, EXPR_TEXT, row_regexp_substr, T, T, N, N, T, N),
    CALL("regexp_count", 2, EXPR_INT4, row_regexp_count, T, T),
    CALL("regexp_count", 3, EXPR_INT4, row_regexp_count, T, T, N),
    CALL("regexp_count", 4, EXPR_INT4, row_regexp_count, T, T, N, T),
    CALL("regexp_instr", 2, EXPR_INT4, row_regexp_instr, T, T),
    CALL("regexp_instr", 3, EXPR_INT4, row_regexp_instr, T, T, N),
    CALL("regexp_instr", 4, EXPR_INT4, row_regexp_instr, T, T, N, N),
    CALL("regexp_instr", 5, EXPR_INT4, row_regexp_instr, T, T, N, N, N),
    CALL("regexp_instr", 6, EXPR_INT4, row_regexp_instr, T, T, N, N, N, T),
    CALL("regexp_instr", 7, EXPR_INT4, row_regexp_instr, T, T, N, N, N, T, N),
    CALL("regexp_replace", 3, EXPR_TEXT, row_regexp_replace, T, T, T),
    CALL("regexp_replace", 4, EXPR_TEXT, row_regexp_replace, T, T, T, T),
    CALL("regexp_replace", 4, EXPR_TEXT, row_regexp_replace_nth, T, T, T, N),
    CALL("regexp_replace", 5, EXPR_TEXT, row_regexp_replace_nth, T, T, T, N, N),
    CALL("regexp_replace", 6, EXPR_TEXT, row_regexp_replace_nth, T, T, T, N, N, T),
};

const struct expr_family qetl_expr_family_regex = {ops, sizeof ops / sizeof ops[0]};
