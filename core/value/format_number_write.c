/* SPDX-License-Identifier: Apache-2.0 */
/* A number by its format, place by place. The places before the number's first digit are blank, or
 * 0 from where the format has a 0. */
#include "format_number.h"

#include <string.h>

struct writer {
    const struct expr_number_format *format;
    const struct expr_digits *number;
    char *at;
    int place, next; /* of the format; the digit of the number to come */
    int blanks;      /* places before the number begins */
    int places;      /* in all */
    int last;        /* FM: the last digit that matters; -1: all do */
    bool signed_;    /* the sign is there, or not needed */
    bool started;    /* the digit written last was one of the number */
};

static void put(struct writer *w, char c)
{
    *w->at++ = c;
}

static char digit_at(const struct writer *w, int i)
{
    return i < w->number->size ? w->number->digits[i] : '\0';
}

/* Behind the point, zeros at the end do not matter to FM unless the format has a 0 there. */
static int last_relevant(const struct writer *w)
{
    const char *point = memchr(w->number->digits, '.', (size_t)w->number->size);
    int last, wanted = w->format->zero_to - w->blanks;

    if (!w->format->fill || !w->format->point || !point)
        return -1;
    last = (int)(point - w->number->digits);
    for (int i = last + 1; i < w->number->size; i++)
        if (w->number->digits[i] != '0')
            last = i;
    if (w->format->zero_to > w->blanks) {
        wanted = wanted < w->number->size - 1 ? wanted : w->number->size - 1;
        last = last > wanted ? last : wanted;
    }
    return last;
}

/* 0.5 by 9.9 has no 0 before the point. */
static bool hides_zero(const struct writer *w)
{
    return !w->format->zero_from && w->next == 0 && digit_at(w, 0) == '0' && w->format->after > 0;
}

static bool ends_with_point(const struct writer *w)
{
    return w->last >= 0 && digit_at(w, w->last) == '.';
}

static void put_sign(struct writer *w)
{
    const struct expr_number_format *f = w->format;
    bool zeros = f->zero_from && f->zero_from - 1 == w->place;

    if (w->signed_ || (w->place < w->blanks && !zeros) || (hides_zero(w) && !ends_with_point(w)))
        return;
    if (f->sign == EXPR_SIGN_BEHIND)
        return;
    w->signed_ = true;
    if (f->sign == EXPR_SIGN_BEFORE)
        put(w, w->number->negative ? '-' : '+');
    else if (f->brackets)
        put(w, w->number->negative ? '<' : ' ');
    else if (w->number->negative)
        put(w, '-');
    else if (!f->fill)
        put(w, ' ');
}

static void put_digit(struct writer *w, bool zero)
{
    char digit = digit_at(w, w->next);

    if (digit == '.') {
        if (!ends_with_point(w) || w->format->fill)
            put(w, '.');
    } else if (w->last >= 0 && w->next > w->last && !zero) {
        return;
    } else if (hides_zero(w)) {
        if (!w->format->fill)
            put(w, ' ');
        else if (ends_with_point(w))
            put(w, '0');
    } else if (digit) {
        put(w, digit);
        w->started = true;
    }
}

static void put_behind(struct writer *w)
{
    const struct expr_number_format *f = w->format;

    if (w->signed_ && f->brackets)
        put(w, w->number->negative ? '>' : ' ');
    else if (f->sign == EXPR_SIGN_BEHIND)
        put(w, w->number->negative ? '-' : '+');
}

static void put_place(struct writer *w, enum expr_digit_code code)
{
    const struct expr_number_format *f = w->format;
    bool zeros = f->zero_from && f->zero_from - 1 <= w->place;
    int end = w->places;

    w->started = false;
    put_sign(w);
    if (w->place < w->blanks && !zeros) {
        if (!f->fill)
            put(w, ' ');
    } else if (w->place < w->blanks) {
        put(w, '0');
        w->started = true;
    } else {
        put_digit(w, code == EXPR_DIGIT_ZERO);
        w->next += w->next < w->number->size;
    }
    if (w->last >= 0 && w->last == w->next)
        end = w->place;
    if (w->place + 1 == end)
        put_behind(w);
    w->place++;
}

static void put_ordinal(struct writer *w, bool upper)
{
    static const char *const ends[2][4] = {{"th", "st", "nd", "rd"}, {"TH", "ST", "ND", "RD"}};
    const struct expr_digits *n = w->number;
    char last = n->digits[n->size - 1], tens = n->size > 1 ? n->digits[n->size - 2] : '0';

    if (w->format->roman || *n->digits == '#' || n->negative || w->format->point)
        return;
    memcpy(w->at, ends[upper][tens != '1' && last >= '1' && last <= '3' ? last - '0' : 0], 2);
    w->at += 2;
}

static void put_part(struct writer *w, const struct expr_digit_part *part)
{
    bool negative = w->number->negative;

    switch (part->code) {
    case EXPR_DIGIT_LITERAL:
        memcpy(w->at, part->text.data, (size_t)part->text.size);
        w->at += part->text.size;
        return;
    case EXPR_DIGIT_COMMA:
        if (w->started || !w->format->fill)
            put(w, w->started ? ',' : ' ');
        return;
    case EXPR_DIGIT_BLANK:
        put(w, ' ');
        return;
    case EXPR_DIGIT_ORDINAL_UPPER:
    case EXPR_DIGIT_ORDINAL_LOWER:
        put_ordinal(w, part->code == EXPR_DIGIT_ORDINAL_UPPER);
        return;
    case EXPR_DIGIT_MINUS:
    case EXPR_DIGIT_PLUS:
        if (negative == (part->code == EXPR_DIGIT_MINUS))
            put(w, negative ? '-' : '+');
        else if (!w->format->fill)
            put(w, ' ');
        return;
    case EXPR_DIGIT_SIGN:
        put(w, negative ? '-' : '+');
        return;
    default:
        put_place(w, part->code);
    }
}

int64_t qetl_expr_number_size(const struct expr_number_format *format, int digits)
{
    int64_t size = digits + 32;

    for (int i = 0; i < format->count; i++)
        size += format->parts[i].text.size + 16;
    return size;
}

/* Where a sign is not written by the format's own marks, it takes a place of the number. */
static void sign_open(struct writer *w, struct expr_number_format *f)
{
    if (f->minus || f->plus) {
        w->signed_ = !(f->plus && !f->minus);
        return;
    }
    if (!w->number->negative && f->brackets && f->fill)
        f->brackets = false;
    w->signed_ = !w->number->negative && f->fill && !f->sign;
}

int64_t qetl_expr_number_write(const struct expr_number_format *format,
                               const struct expr_digits *number, char *out)
{
    struct expr_number_format own = *format;
    struct writer w = {.format = &own, .number = number, .at = out};
    const char *point = memchr(number->digits, '.', (size_t)number->size);
    int whole = point ? (int)(point - number->digits) : number->size;
    int before = format->before + (format->shift > 0 ? format->shift : 0);

    w.blanks = whole < before ? before - whole : 0;
    sign_open(&w, &own);
    w.last = last_relevant(&w);
    w.places = own.after + before - 1 + (!w.signed_ && !w.blanks) + (w.blanks ? 1 : 0) + own.point;
    for (int i = 0; i < format->count; i++)
        put_part(&w, &format->parts[i]);
    return w.at - out;
}

int64_t qetl_expr_number_roman(const struct expr_number_format *format, int64_t number, char *out)
{
    static const struct {
        int value;
        char letters[3];
    } steps[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                 {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                 {5, "V"},    {4, "IV"},   {1, "I"}};
    char word[20] = "###############", *begin = out;
    size_t size;

    if (number >= 1 && number <= 3999) {
        word[0] = 0;
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
            for (; number >= steps[i].value; number -= steps[i].value)
                strcat(word, steps[i].letters);
    }
    size = strlen(word);
    for (int i = 0; i < format->count; i++) {
        const struct expr_digit_part *part = &format->parts[i];
        if (part->code == EXPR_DIGIT_LITERAL) {
            memcpy(out, part->text.data, (size_t)part->text.size);
            out += part->text.size;
        } else if (part->code == EXPR_DIGIT_ROMAN_UPPER || part->code == EXPR_DIGIT_ROMAN_LOWER) {
            for (size_t k = size; k < 15 && !format->fill; k++)
                *out++ = ' ';
            for (size_t k = 0; k < size; k++)
                *out++ = (char)(word[k] |
                                (part->code == EXPR_DIGIT_ROMAN_LOWER && *word != '#' ? 32 : 0));
        }
    }
    return out - begin;
}
