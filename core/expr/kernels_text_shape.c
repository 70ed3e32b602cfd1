/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of texts, and texts around texts: left, substr, trim, lpad, overlay, … Positions and
 * lengths are in characters. */
#include "rows.h"
#include "value/letters.h"

static int32_t put_part(const struct expr_instr *in, int64_t i, struct expr_text text, int64_t from,
                        int64_t to)
{
    return row_put_text(in, i, text.data + from, to > from ? to - from : 0);
}

/* ---- lengths ---- */

static int32_t row_length(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_int4(in, i, qetl_expr_letters_count(row_text(in, 0, i)));
}

static int32_t row_octet_length(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_int4(in, i, row_text(in, 0, i).size);
}

static int32_t row_bit_length(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t bits = 8 * row_text(in, 0, i).size;

    if (bits != (int32_t)bits) {
        qetl_expr_row_fail(f, in, i, "numeric_overflow", "%lld bits do not fit integer",
                           (long long)bits);
        return QETL_OK;
    }
    return row_put_int4(in, i, bits);
}

/* ---- parts ---- */

static int32_t row_left(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    int64_t n = row_int4(in, 1, i);

    (void)f;
    if (n < 0)
        n += qetl_expr_letters_count(text);
    return put_part(in, i, text, 0, qetl_expr_letters_skip(text, n));
}

static int32_t row_right(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    int64_t n = row_int4(in, 1, i);

    (void)f;
    n = n < 0 ? -n : qetl_expr_letters_count(text) - n;
    return put_part(in, i, text, qetl_expr_letters_skip(text, n), text.size);
}

/* Characters from `start` (from 1) up to before `end`. */
static int32_t put_between(const struct expr_instr *in, int64_t i, struct expr_text text,
                           int64_t start, int64_t end)
{
    int64_t from, to;

    if (start < 1)
        start = 1;
    if (end <= start)
        return row_put_text(in, i, text.data, 0);
    from = qetl_expr_letters_skip(text, start - 1);
    text.data += from;
    text.size -= from;
    to = qetl_expr_letters_skip(text, end - start);
    return put_part(in, i, text, 0, to);
}

static int32_t row_substr_from(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return put_between(in, i, row_text(in, 0, i), row_int4(in, 1, i), INT64_MAX);
}

static int32_t row_substr(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t start = row_int4(in, 1, i), length = row_int4(in, 2, i);

    if (length < 0) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "a length of %lld is negative",
                           (long long)length);
        return QETL_OK;
    }
    return put_between(in, i, row_text(in, 0, i), start, start + length);
}

static int32_t overlay(struct expr_frame *f, const struct expr_instr *in, int64_t i, int64_t length)
{
    struct expr_text text = row_text(in, 0, i), part = row_text(in, 1, i);
    int64_t start = row_int4(in, 2, i), from, to;
    int32_t status;
    char *out;

    if (start <= 0) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "a position of %lld is before the text",
                           (long long)start);
        return QETL_OK;
    }
    from = qetl_expr_letters_skip(text, start - 1);
    to = qetl_expr_letters_skip(text, start - 1 + length);
    out = qetl_expr_row_space(f, in, i, from + part.size + text.size - to, &status);
    if (!out)
        return status;
    memcpy(out, text.data, (size_t)from);
    memcpy(out + from, part.data, (size_t)part.size);
    memcpy(out + from + part.size, text.data + to, (size_t)(text.size - to));
    return row_put_text(in, i, out, from + part.size + text.size - to);
}

static int32_t row_overlay(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return overlay(f, in, i, qetl_expr_letters_count(row_text(in, 1, i)));
}

static int32_t row_overlay_for(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return overlay(f, in, i, row_int4(in, 3, i));
}

/* ---- trim ---- */

static bool has_letter(struct expr_text set, const char *data, int64_t size)
{
    for (int64_t at = 0, step; at < set.size; at += step) {
        step = expr_letter_size(set.data + at, set.size - at);
        if (step == size && !memcmp(set.data + at, data, (size_t)size))
            return true;
    }
    return false;
}

static int32_t trim(const struct expr_instr *in, int64_t i, bool left, bool right)
{
    struct expr_text text = row_text(in, 0, i), set = {" ", 1};
    int64_t from = 0, to = text.size;

    if (in->node->n_args > 1)
        set = row_text(in, 1, i);
    while (left && from < to) {
        int64_t step = expr_letter_size(text.data + from, to - from);
        if (!has_letter(set, text.data + from, step))
            break;
        from += step;
    }
    while (right && to > from) {
        int64_t last = to - 1;
        while (last > from && ((unsigned char)text.data[last] & 0xc0) == 0x80)
            last--;
        if (!has_letter(set, text.data + last, to - last))
            break;
        to = last;
    }
    return put_part(in, i, text, from, to);
}

static int32_t row_btrim(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return trim(in, i, true, true);
}

static int32_t row_ltrim(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return trim(in, i, true, false);
}

static int32_t row_rtrim(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return trim(in, i, false, true);
}

/* ---- pad ---- */

/* n characters of fill, again and again; answers the bytes. out NULL: only counts. */
static int64_t fill_put(struct expr_text fill, int64_t n, char *out)
{
    int64_t letters = qetl_expr_letters_count(fill), rounds = n / letters;
    int64_t rest = qetl_expr_letters_skip(fill, n % letters);

    for (int64_t k = 0; k < rounds && out; k++, out += fill.size)
        memcpy(out, fill.data, (size_t)fill.size);
    if (out && rest)
        memcpy(out, fill.data, (size_t)rest);
    return rounds * fill.size + rest;
}

static int32_t pad(struct expr_frame *f, const struct expr_instr *in, int64_t i, bool before)
{
    struct expr_text text = row_text(in, 0, i), fill = {" ", 1};
    int64_t wanted = row_int4(in, 1, i), missing, size;
    int32_t status;
    char *out;

    if (in->node->n_args > 2)
        fill = row_text(in, 2, i);
    missing = wanted - qetl_expr_letters_count(text);
    if (missing <= 0 || !fill.size)
        return put_part(in, i, text, 0, qetl_expr_letters_skip(text, wanted));
    size = fill_put(fill, missing, NULL);
    out = qetl_expr_row_space(f, in, i, size + text.size, &status);
    if (!out)
        return status;
    fill_put(fill, missing, before ? out : out + text.size);
    if (text.size)
        memcpy(before ? out + size : out, text.data, (size_t)text.size);
    return row_put_text(in, i, out, size + text.size);
}

static int32_t row_lpad(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return pad(f, in, i, true);
}

static int32_t row_rpad(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return pad(f, in, i, false);
}

#define TO_INT4(name, how)                                          \
    {                                                               \
        name, 1, {EXPR_TEXT}, EXPR_INT4, EXPR_OP_MASKED, .row = how \
    }
#define TEXT_TEXT(name, how)                                                   \
    {                                                                          \
        name, 2, {EXPR_TEXT, EXPR_TEXT}, EXPR_TEXT, EXPR_OP_MASKED, .row = how \
    }
#define TRIM(name, how) \
    {name, 1, {EXPR_TEXT}, EXPR_TEXT, EXPR_OP_MASKED, .row = how}, TEXT_TEXT(name, how)
#define COUNT(name, how)                                                       \
    {                                                                          \
        name, 2, {EXPR_TEXT, EXPR_INT4}, EXPR_TEXT, EXPR_OP_MASKED, .row = how \
    }
#define PAD(name, how)                                                                    \
    COUNT(name, how),                                                                     \
    {                                                                                     \
        name, 3, {EXPR_TEXT, EXPR_INT4, EXPR_TEXT}, EXPR_TEXT, EXPR_OP_MASKED, .row = how \
    }
#define SUBSTR(name)                                                                             \
    COUNT(name, row_substr_from),                                                                \
    {                                                                                            \
        name, 3, {EXPR_TEXT, EXPR_INT4, EXPR_INT4}, EXPR_TEXT, EXPR_OP_MASKED, .row = row_substr \
    }

static const struct expr_op ops[] = {
    TO_INT4("length", row_length),
    TO_INT4("char_length", row_length),
    TO_INT4("character_length", row_length),
    TO_INT4("octet_length", row_octet_length),
    TO_INT4("bit_length", row_bit_length),
    TRIM("btrim", row_btrim),
    TRIM("ltrim", row_ltrim),
    TRIM("rtrim", row_rtrim),
    COUNT("left", row_left),
    COUNT("right", row_right),
    SUBSTR("substr"),
    SUBSTR("substring"),
    PAD("lpad", row_lpad),
    PAD("rpad", row_rpad),
    {"overlay",
     3,
     {EXPR_TEXT, EXPR_TEXT, EXPR_INT4},
     EXPR_TEXT,
     EXPR_OP_MASKED,
     .row = row_overlay},
    {"overlay",
     4,
     {EXPR_TEXT, EXPR_TEXT, EXPR_INT4, EXPR_INT4},
     EXPR_TEXT,
     EXPR_OP_MASKED,
     .row = row_overlay_for},
};

const struct expr_family qetl_expr_family_text_shape = {ops, sizeof ops / sizeof ops[0]};
