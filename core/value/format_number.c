/* SPDX-License-Identifier: Apache-2.0 */
#include "format_number.h"

#include <string.h>
#include <strings.h>

struct read {
    const char *at, *end;
    struct expr_number_format *out;
};

static bool take(struct read *r, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(r->end - r->at) < size || strncasecmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static bool refuse(struct read *r, const char *problem)
{
    r->out->problem = problem;
    return false;
}

static void add(struct read *r, enum expr_digit_code code)
{
    r->out->parts[r->out->count++].code = code;
}

static bool digit_add(struct read *r, bool zero)
{
    struct expr_number_format *f = r->out;

    if (f->brackets)
        return refuse(r, "digits stand before PR");
    add(r, zero ? EXPR_DIGIT_ZERO : EXPR_DIGIT_NINE);
    if (!zero && f->shift >= 0) {
        f->shift++;
        return true;
    }
    if (zero && !f->zero_from && !f->point)
        f->zero_from = f->before + 1;
    if (f->point)
        f->after++;
    else
        f->before++;
    if (zero)
        f->zero_to = f->before + f->after;
    return true;
}

static bool point_add(struct read *r)
{
    if (r->out->point)
        return refuse(r, "there are two points");
    if (r->out->shift >= 0)
        return refuse(r, "V and a point do not go together");
    r->out->point = true;
    add(r, EXPR_DIGIT_POINT);
    return true;
}

static bool sign_add(struct read *r)
{
    struct expr_number_format *f = r->out;

    if (f->sign || f->minus || f->plus || f->brackets)
        return refuse(r, "S goes with no other sign");
    f->sign = f->point ? EXPR_SIGN_BEHIND : EXPR_SIGN_BEFORE;
    return true;
}

/* MI, PL, SG: written where they stand. */
static bool mark_add(struct read *r, enum expr_digit_code code)
{
    struct expr_number_format *f = r->out;

    if (f->sign)
        return refuse(r, "S goes with no other sign");
    f->minus |= code != EXPR_DIGIT_PLUS;
    f->plus |= code != EXPR_DIGIT_MINUS;
    add(r, code);
    return true;
}

static bool brackets_add(struct read *r)
{
    if (r->out->sign || r->out->minus || r->out->plus)
        return refuse(r, "PR goes with no other sign");
    r->out->brackets = true;
    return true;
}

static bool word_take(struct read *r, bool *known)
{
    bool lower = *r->at >= 'a';

    *known = true;
    if (take(r, "FM"))
        r->out->fill = true;
    else if (take(r, "MI"))
        return mark_add(r, EXPR_DIGIT_MINUS);
    else if (take(r, "PL"))
        return mark_add(r, EXPR_DIGIT_PLUS);
    else if (take(r, "SG"))
        return mark_add(r, EXPR_DIGIT_SIGN);
    else if (take(r, "PR"))
        return brackets_add(r);
    else if (take(r, "RN")) {
        r->out->roman = true;
        add(r, lower ? EXPR_DIGIT_ROMAN_LOWER : EXPR_DIGIT_ROMAN_UPPER);
    } else if (take(r, "SP")) {
        return true; /* spelling, which PostgreSQL does not do either */
    } else if (take(r, "TH")) {
        add(r, lower ? EXPR_DIGIT_ORDINAL_LOWER : EXPR_DIGIT_ORDINAL_UPPER);
    } else if (take(r, "EEEE")) {
        if (r->out->fill || r->out->sign || r->out->brackets || r->out->minus || r->out->plus ||
            r->out->roman || r->out->shift >= 0)
            return refuse(r, "EEEE goes with digits and a point alone");
        r->out->scientific = true;
    } else {
        *known = false;
    }
    return true;
}

static bool letter_take(struct read *r, bool *known)
{
    *known = true;
    if (take(r, "9"))
        return digit_add(r, false);
    if (take(r, "0"))
        return digit_add(r, true);
    if (take(r, ".") || take(r, "D"))
        return point_add(r);
    if (take(r, ",") || take(r, "G"))
        add(r, EXPR_DIGIT_COMMA);
    else if (take(r, "L"))
        add(r, EXPR_DIGIT_BLANK);
    else if (take(r, "S"))
        return sign_add(r);
    else if (take(r, "V")) {
        if (r->out->point)
            return refuse(r, "V and a point do not go together");
        r->out->shift = 0;
    } else if (!take(r, "B") && !take(r, "C")) {
        *known = false;
    }
    return true;
}

static void literal_take(struct read *r)
{
    const char *begin = r->at++;

    while (r->at < r->end && ((unsigned char)*r->at & 0xc0) == 0x80)
        r->at++;
    r->out->parts[r->out->count].text = (struct expr_text){begin, r->at - begin};
    add(r, EXPR_DIGIT_LITERAL);
}

static bool parts_read(struct read *r)
{
    bool quoted = false, known;
    int signs_before = 0;

    while (r->at < r->end) {
        bool had = r->out->sign == EXPR_SIGN_BEFORE;
        if (*r->at == '"') {
            quoted = !quoted;
            r->at++;
            continue;
        }
        if (quoted || *r->at == '\\') {
            r->at += *r->at == '\\' && r->at + 1 < r->end && (quoted || r->at[1] == '"');
            literal_take(r);
            continue;
        }
        if (r->out->scientific)
            return refuse(r, "EEEE stands last");
        if (!word_take(r, &known) || (!known && !letter_take(r, &known)))
            return false;
        if (!known)
            literal_take(r);
        if (!had && r->out->sign == EXPR_SIGN_BEFORE)
            signs_before = r->out->before;
    }
    /* An S behind all digits before the point stands behind the number. */
    if (r->out->sign == EXPR_SIGN_BEFORE && signs_before == r->out->before)
        r->out->sign = EXPR_SIGN_BEHIND;
    return true;
}

bool qetl_expr_number_format_read(struct expr_arena *arena, struct expr_text text,
                                  struct expr_number_format *out)
{
    struct read r = {text.data, text.data + text.size, out};

    *out = (struct expr_number_format){.shift = -1};
    out->parts = qetl_expr_arena_zero(arena, ((size_t)text.size + 1) * sizeof *out->parts);
    return out->parts && parts_read(&r);
}
