/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in texts: strpos, replace, translate, split_part, … and case, repetition, characters by
 * number. */
#include "rows.h"
#include "value/letters.h"

/* Where part begins at or behind `from`; -1: nowhere. */
static int64_t find(struct expr_text text, struct expr_text part, int64_t from)
{
    const char *at;

    if (from > text.size)
        return -1;
    at = memmem(text.data + from, (size_t)(text.size - from), part.data, (size_t)part.size);
    return at ? at - text.data : -1;
}

static int32_t row_strpos(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), part = row_text(in, 1, i);
    int64_t at = part.size ? find(text, part, 0) : 0;

    (void)f;
    if (at < 0)
        return row_put_int4(in, i, 0);
    text.size = at;
    return row_put_int4(in, i, 1 + qetl_expr_letters_count(text));
}

static int32_t row_starts_with(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), part = row_text(in, 1, i);

    (void)f;
    return row_put_bool(in, i,
                        text.size >= part.size &&
                            (!part.size || !memcmp(text.data, part.data, (size_t)part.size)));
}

static int64_t count_parts(struct expr_text text, struct expr_text part)
{
    int64_t count = 0;

    for (int64_t at = find(text, part, 0); at >= 0; at = find(text, part, at + part.size))
        count++;
    return count;
}

static int32_t row_replace(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), old = row_text(in, 1, i), new = row_text(in, 2, i);
    int64_t count = old.size && text.size ? count_parts(text, old) : 0, at = 0, used = 0, next;
    int32_t status;
    char *out;

    if (!count)
        return row_put_text(in, i, text.data, text.size);
    out = qetl_expr_row_space(f, in, i, text.size + count * (new.size - old.size), &status);
    if (!out)
        return status;
    for (; (next = find(text, old, at)) >= 0; at = next + old.size) {
        memcpy(out + used, text.data + at, (size_t)(next - at));
        used += next - at;
        if (new.size)
            memcpy(out + used, new.data, (size_t) new.size);
        used += new.size;
    }
    memcpy(out + used, text.data + at, (size_t)(text.size - at));
    return row_put_text(in, i, out, used + text.size - at);
}

/* The place of a character in a list of them, or -1. */
static int64_t letter_index(struct expr_text list, const char *data, int64_t size)
{
    int64_t index = 0;

    for (int64_t at = 0, step; at < list.size; at += step, index++) {
        step = expr_letter_size(list.data + at, list.size - at);
        if (step == size && !memcmp(list.data + at, data, (size_t)size))
            return index;
    }
    return -1;
}

static int32_t row_translate(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), from = row_text(in, 1, i), to = row_text(in, 2, i);
    int32_t status;
    char *out = qetl_expr_row_space(f, in, i, text.size * EXPR_LETTER_MAX, &status);
    int64_t used = 0;

    if (!out)
        return status;
    for (int64_t at = 0, size; at < text.size; at += size) {
        const char *letter = text.data + at;
        int64_t index, place, bytes;
        size = expr_letter_size(letter, text.size - at);
        index = letter_index(from, letter, size);
        bytes = size;
        if (index >= 0) {
            place = qetl_expr_letters_skip(to, index);
            letter = to.data + place;
            bytes = place < to.size ? expr_letter_size(letter, to.size - place) : 0;
        }
        if (bytes)
            memcpy(out + used, letter, (size_t)bytes);
        used += bytes;
    }
    return row_put_text(in, i, out, used);
}

static int32_t row_split_part(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), between = row_text(in, 1, i);
    int64_t n = row_int4(in, 2, i), at = 0, next;

    if (n == 0) {
        qetl_expr_row_fail(f, in, i, "bad_argument",
                           "parts are counted from 1, or from the end "
                           "from -1; there is none with number 0");
        return QETL_OK;
    }
    if (!between.size)
        return row_put_text(in, i, text.data, n == 1 || n == -1 ? text.size : 0);
    if (n < 0)
        n += 2 + count_parts(text, between) - 1;
    else
        n--;
    if (n < 0)
        return row_put_text(in, i, text.data, 0);
    for (; n > 0; n--) {
        next = find(text, between, at);
        if (next < 0)
            return row_put_text(in, i, text.data, 0);
        at = next + between.size;
    }
    next = find(text, between, at);
    return row_put_text(in, i, text.data + at, (next < 0 ? text.size : next) - at);
}

static int32_t row_repeat(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    int64_t n = row_int4(in, 1, i);
    int32_t status;
    char *out;

    if (n < 0 || !text.size)
        n = 0;
    out = qetl_expr_row_space(f, in, i, n * text.size, &status);
    for (int64_t k = 0; k < n && out; k++)
        memcpy(out + k * text.size, text.data, (size_t)text.size);
    return out ? row_put_text(in, i, out, n * text.size) : status;
}

static int32_t row_reverse(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    int32_t status;
    char *out = qetl_expr_row_space(f, in, i, text.size, &status);

    if (!out)
        return status;
    for (int64_t at = 0, size; at < text.size; at += size) {
        size = expr_letter_size(text.data + at, text.size - at);
        memcpy(out + text.size - at - size, text.data + at, (size_t)size);
    }
    return row_put_text(in, i, out, text.size);
}

/* ---- case ---- */

static int32_t letters_case(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                            enum expr_case how)
{
    struct expr_text text = row_text(in, 0, i);
    int32_t status;
    bool ascii = expr_is_ascii(text.data, text.size);
    char *out = qetl_expr_row_space(f, in, i, ascii ? text.size : 2 * text.size, &status);

    return out ? row_put_text(in, i, out, qetl_expr_letters_case(text, how, out)) : status;
}

static int32_t row_lower(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return letters_case(f, in, i, EXPR_CASE_LOWER);
}

static int32_t row_upper(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return letters_case(f, in, i, EXPR_CASE_UPPER);
}

static int32_t row_initcap(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return letters_case(f, in, i, EXPR_CASE_INITIAL);
}

/* ---- characters by number ---- */

static int32_t row_ascii(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    int64_t size = text.size ? expr_letter_size(text.data, text.size) : 0;

    (void)f;
    return row_put_int4(in, i, size ? qetl_expr_letter_decode(text.data, size) : 0);
}

static int32_t row_chr(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t code = row_int4(in, 0, i);
    int32_t status;
    char *out;

    if (code <= 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "there is no character with number %lld",
                           (long long)code);
        return QETL_OK;
    }
    out = qetl_expr_row_space(f, in, i, EXPR_LETTER_MAX, &status);
    return out ? row_put_text(in, i, out, qetl_expr_letter_encode((uint32_t)code, out)) : status;
}

#define TEXTS(name, n, result, how, ...)                           \
    {                                                              \
        name, n, {__VA_ARGS__}, result, EXPR_OP_MASKED, .row = how \
    }

static const struct expr_op ops[] = {
    TEXTS("strpos", 2, EXPR_INT4, row_strpos, EXPR_TEXT, EXPR_TEXT),
    TEXTS("starts_with", 2, EXPR_BOOL, row_starts_with, EXPR_TEXT, EXPR_TEXT),
    TEXTS("replace", 3, EXPR_TEXT, row_replace, EXPR_TEXT, EXPR_TEXT, EXPR_TEXT),
    TEXTS("translate", 3, EXPR_TEXT, row_translate, EXPR_TEXT, EXPR_TEXT, EXPR_TEXT),
    TEXTS("split_part", 3, EXPR_TEXT, row_split_part, EXPR_TEXT, EXPR_TEXT, EXPR_INT4),
    TEXTS("repeat", 2, EXPR_TEXT, row_repeat, EXPR_TEXT, EXPR_INT4),
    TEXTS("reverse", 1, EXPR_TEXT, row_reverse, EXPR_TEXT),
    TEXTS("lower", 1, EXPR_TEXT, row_lower, EXPR_TEXT),
    TEXTS("upper", 1, EXPR_TEXT, row_upper, EXPR_TEXT),
    TEXTS("initcap", 1, EXPR_TEXT, row_initcap, EXPR_TEXT),
    TEXTS("ascii", 1, EXPR_INT4, row_ascii, EXPR_TEXT),
    TEXTS("chr", 1, EXPR_TEXT, row_chr, EXPR_INT4),
};

const struct expr_family qetl_expr_family_text_find = {ops, sizeof ops / sizeof ops[0]};
