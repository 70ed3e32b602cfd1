/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a scalar again, in step with the value that is known: whatever the reader of the whole file
 * did with quotes, escapes and line ends is done here once more, place by place.
 */
#include "scalar_place.h"

#include <stdint.h>
#include <string.h>

enum { INDENT_MAX = 400 }; /* of a block; deeper ones have no place inside */

struct cursor {
    const unsigned char *at;
    struct qetl_mark mark;
};

struct walk {
    const unsigned char *end;
    struct cursor here;
    const unsigned char *value;
    size_t size, matched;
    size_t offset;
    struct qetl_mark *out;
    int failed;
};

/* ---- moving ---- */

/* Bytes of the line end at the cursor, 0 if there is none. YAML 1.1 knows five of them. */
static size_t break_size(const struct walk *w, const unsigned char *at)
{
    size_t left = (size_t)(w->end - at);
    if (left == 0)
        return 0;
    if (*at == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (*at == '\n')
        return 1;
    if (left > 1 && at[0] == 0xc2 && at[1] == 0x85)
        return 2;
    return left > 2 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9) ? 3 : 0;
}

static int is_blank(const struct walk *w)
{
    return w->here.at < w->end && (*w->here.at == ' ' || *w->here.at == '\t');
}

static size_t character_size(const struct walk *w)
{
    unsigned char c = *w->here.at;
    size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return size <= (size_t)(w->end - w->here.at) ? size : 1;
}

/* Over one character that ends no line. */
static void skip(struct walk *w)
{
    w->here.at += character_size(w);
    w->here.mark.column++;
}

static void skip_break(struct walk *w)
{
    w->here.at += break_size(w, w->here.at);
    w->here.mark = (struct qetl_mark){w->here.mark.line + 1, 1};
}

static void skip_blanks(struct walk *w)
{
    while (is_blank(w))
        skip(w);
}

static int is_break(const struct walk *w)
{
    return break_size(w, w->here.at) > 0;
}

/* ---- matching ---- */

static int is_over(const struct walk *w)
{
    return w->failed || w->matched > w->offset;
}

/* The value goes on with these bytes, which stand at `mark`. */
static void give(struct walk *w, const void *bytes, size_t size, struct qetl_mark mark)
{
    for (size_t i = 0; i < size && !is_over(w); i++) {
        if (w->matched == w->size || w->value[w->matched] != ((const unsigned char *)bytes)[i]) {
            w->failed = 1;
            return;
        }
        if (w->matched++ == w->offset)
            *w->out = mark;
    }
}

static void give_character(struct walk *w)
{
    const unsigned char *at = w->here.at;
    size_t size = character_size(w);
    give(w, at, size, w->here.mark);
    skip(w);
}

/* A line end inside the value: LS and PS stay, all others are \n. */
static void give_break(struct walk *w, struct cursor at)
{
    size_t size = break_size(w, at.at);
    if (size == 3)
        give(w, at.at, size, at.mark);
    else
        give(w, "\n", 1, at.mark);
}

/* At the value's end, its place is where the reading stands. */
static void give_end(struct walk *w)
{
    if (!w->failed && w->matched == w->size && w->offset == w->size) {
        *w->out = w->here.mark;
        w->matched++;
    }
}

/* ---- plain and quoted ---- */

/* Line ends and the blanks around them: one becomes a space, more lose the first. */
static void fold_breaks(struct walk *w, struct cursor first, int escaped)
{
    int only = 1;
    struct cursor start = w->here;
    skip_break(w);
    for (skip_blanks(w); is_break(w); skip_blanks(w)) {
        struct cursor next = w->here;
        if (only && !escaped && break_size(w, start.at) == 3)
            give_break(w, start);
        only = 0;
        skip_break(w);
        give_break(w, next);
    }
    if (only && !escaped && break_size(w, start.at) == 3)
        give_break(w, start);
    else if (only && !escaped)
        give(w, " ", 1, first.mark);
}

/* Blanks, and the line ends behind them if there are any. */
static void take_space(struct walk *w)
{
    struct cursor first = w->here;
    skip_blanks(w);
    if (is_break(w)) {
        fold_breaks(w, first, 0);
        return;
    }
    for (w->here = first; is_blank(w) && !is_over(w);)
        give_character(w);
}

static void take_plain(struct walk *w)
{
    while (!is_over(w) && w->matched < w->size && w->here.at < w->end) {
        if (is_blank(w) || is_break(w))
            take_space(w);
        else
            give_character(w);
    }
    give_end(w);
}

static void take_single(struct walk *w)
{
    skip(w);
    while (!is_over(w) && w->here.at < w->end) {
        if (*w->here.at == '\'' && (w->end - w->here.at < 2 || w->here.at[1] != '\''))
            break;
        if (is_blank(w) || is_break(w)) {
            take_space(w);
            continue;
        }
        struct qetl_mark mark = w->here.mark;
        if (*w->here.at == '\'')
            skip(w);
        give(w, w->here.at, character_size(w), mark);
        skip(w);
    }
    give_end(w);
}

static uint32_t take_hex(struct walk *w, int digits)
{
    uint32_t code = 0;
    for (; digits > 0 && w->here.at < w->end; digits--) {
        unsigned char c = *w->here.at;
        code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        skip(w);
    }
    return code;
}

static size_t utf8_put(uint32_t code, unsigned char out[4])
{
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; code >>= 6)
        out[i] = (unsigned char)(0x80 | (code & 0x3f));
    out[0] = (unsigned char)(leads[size] | code);
    return size;
}

/* JSON writes characters beyond 16 bits as two escapes. */
static uint32_t take_code(struct walk *w, int digits)
{
    uint32_t code = take_hex(w, digits);
    if (digits == 4 && code >= 0xd800 && code < 0xdc00 && w->end - w->here.at > 6 &&
        w->here.at[0] == '\\' && w->here.at[1] == 'u') {
        skip(w);
        skip(w);
        code = 0x10000 + ((code - 0xd800) << 10) + (take_hex(w, 4) - 0xdc00);
    }
    return code & 0x1fffff;
}

static void take_escape(struct walk *w)
{
    static const char names[] = "0abt\tnvfre \"'/\\N_LP";
    static const uint32_t codes[] = {0,   7,   8,    9,   9,    10,   11,   12,     13,    0x1b,
                                     ' ', '"', '\'', '/', '\\', 0x85, 0xa0, 0x2028, 0x2029};
    struct cursor start = w->here;
    skip(w);
    if (is_break(w)) {
        fold_breaks(w, start, 1);
        return;
    }
    if (w->here.at == w->end) {
        w->failed = 1;
        return;
    }
    unsigned char out[4], name = *w->here.at;
    const char *found = name ? strchr(names, name) : NULL;
    skip(w);
    uint32_t code = name == 'x'   ? take_code(w, 2)
                    : name == 'u' ? take_code(w, 4)
                    : name == 'U' ? take_code(w, 8)
                    : found       ? codes[found - names]
                                  : 0;
    give(w, out, utf8_put(code, out), start.mark);
}

static void take_double(struct walk *w)
{
    skip(w);
    while (!is_over(w) && w->here.at < w->end && *w->here.at != '"') {
        if (*w->here.at == '\\')
            take_escape(w);
        else if (is_blank(w) || is_break(w))
            take_space(w);
        else
            give_character(w);
    }
    give_end(w);
}

/* ---- blocks ---- */

struct block {
    int folded, indent;
};

/* Over the indentation of the next line; nonzero if there is nothing else in it. */
static int take_indent(struct walk *w, const struct block *block)
{
    while (w->here.at < w->end && *w->here.at == ' ' && w->here.mark.column <= block->indent)
        skip(w);
    return is_break(w);
}

/* Line ends between two lines of content: `first` ended the former, `more` empty ones follow. */
static void give_lines(struct walk *w, const struct block *block, struct cursor first,
                       struct cursor empty, int more, int blank_before)
{
    int fold = block->folded && first.at && !blank_before && !is_blank(w) && w->here.at < w->end &&
               break_size(w, first.at) < 3;
    if (first.at && !fold)
        give_break(w, first);
    else if (fold && more == 0)
        give(w, " ", 1, first.mark);
    struct cursor resume = w->here;
    for (w->here = empty; more > 0; more--) {
        take_indent(w, block);
        give_break(w, w->here);
        skip_break(w);
    }
    w->here = resume;
}

/* Behind the last line: how many of the line ends there are the value's is told by the value. */
static void take_tail(struct walk *w, const struct block *block, struct cursor first,
                      struct cursor empty, int more)
{
    w->here = first.at ? first : empty;
    if (first.at && w->matched < w->size && is_break(w)) {
        give_break(w, first);
        skip_break(w);
    }
    for (; more > 0 && w->matched < w->size && !w->failed; more--) {
        take_indent(w, block);
        give_break(w, w->here);
        skip_break(w);
    }
}

static void take_lines(struct walk *w, const struct block *block)
{
    struct cursor first = {NULL, {0, 0}};
    int blank_before = 0;
    while (!is_over(w)) {
        struct cursor empty = w->here;
        int more = 0;
        for (; take_indent(w, block); more++)
            skip_break(w);
        if (w->here.at == w->end || w->here.mark.column != block->indent + 1) {
            take_tail(w, block, first, empty, more);
            return;
        }
        give_lines(w, block, first, empty, more, blank_before);
        blank_before = is_blank(w);
        while (!is_over(w) && w->here.at < w->end && !is_break(w))
            give_character(w);
        first = w->here;
        if (w->here.at == w->end)
            return;
        skip_break(w);
    }
}

static int next_is(const struct walk *w, const char *set)
{
    return w->here.at < w->end && *w->here.at && strchr(set, *w->here.at);
}

/* The indentation is known to who read the file; here it is the one that gives the value. It may be
 * more than that of the next line, where the block is empty. */
static void take_block(struct walk *w)
{
    struct walk best = *w;
    int folded = *w->here.at == '>';
    while (w->here.at < w->end && !is_break(w))
        skip(w);
    if (is_break(w))
        skip_break(w);
    struct walk start = *w, look = *w;
    int deepest = 0;
    while (next_is(&look, " ") || is_break(&look)) {
        is_break(&look) ? skip_break(&look) : skip(&look);
        deepest = look.here.mark.column - 1 > deepest ? look.here.mark.column - 1 : deepest;
    }
    deepest = deepest < INDENT_MAX ? deepest : INDENT_MAX;
    best.failed = 1;
    for (int indent = deepest + 1; indent > 0 && best.failed; indent--) {
        struct block block = {folded, indent};
        best = start;
        take_lines(&best, &block);
        give_end(&best);
        best.failed |= best.matched <= best.offset;
    }
    *w = best;
}

/* ---- all ---- */

static void skip_space(struct walk *w)
{
    while (is_blank(w) || is_break(w) || next_is(w, "#")) {
        if (is_break(w)) {
            skip_break(w);
            continue;
        }
        int comment = next_is(w, "#");
        skip(w);
        while (comment && w->here.at < w->end && !is_break(w))
            skip(w);
    }
}

/* Over an anchor and a tag. */
static void skip_properties(struct walk *w)
{
    static const char anchor[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    while (next_is(w, "&!")) {
        int is_anchor = next_is(w, "&");
        skip(w);
        while (w->here.at < w->end && !is_blank(w) && !is_break(w) &&
               (!is_anchor || next_is(w, anchor)))
            skip(w);
        skip_space(w);
    }
}

static int go_to(struct walk *w, struct qetl_mark begin)
{
    while (w->here.at < w->end && w->here.mark.line < begin.line)
        is_break(w) ? skip_break(w) : skip(w);
    while (w->here.at < w->end && w->here.mark.column < begin.column && !is_break(w))
        skip(w);
    return w->here.mark.line == begin.line && w->here.mark.column == begin.column ? 0 : -1;
}

int qetl_scalar_place(const char *file, size_t size, struct qetl_mark begin, const char *value,
                      size_t offset, struct qetl_mark *out)
{
    struct walk w = {.end = (const unsigned char *)file + size,
                     .here = {(const unsigned char *)file, {1, 1}},
                     .value = (const unsigned char *)value,
                     .size = strlen(value),
                     .offset = offset,
                     .out = out};
    *out = begin;
    if (w.size == 0)
        return offset == 0 ? 0 : -1;
    if (offset > w.size || go_to(&w, begin))
        return -1;
    skip_properties(&w);
    if (next_is(&w, "'"))
        take_single(&w);
    else if (next_is(&w, "\""))
        take_double(&w);
    else if (next_is(&w, "|>"))
        take_block(&w);
    else
        take_plain(&w);
    return w.failed || w.matched <= offset ? -1 : 0;
}
