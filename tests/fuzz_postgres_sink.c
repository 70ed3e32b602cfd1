/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as what the sink `postgres` reads and writes. The first byte chooses. Held: a
 * text that is taken for a number stands in numeric's form as the same number, and one of few
 * digits is written in the same bytes either way; a text that has the form of a type can end no
 * statement and begin no other; of what a server says where COPY was, no more is taken than stands
 * there.
 */
#include "plugins/sinks/postgres_sink/declare.h"
#include "plugins/sinks/postgres_sink/numeric.h"
#include "plugins/sinks/postgres_sink/refusal.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

/* ---- Numbers ---- */

static int32_t int16_at(const uint8_t *at)
{
    return (int16_t)(at[0] << 8 | at[1]);
}

/* The digit of 10^place in numeric's form. */
static int digit_of(const struct wire *w, int64_t place)
{
    static const int tens[] = {1, 10, 100, 1000};
    int32_t groups = int16_at(w->data + 4), weight = int16_at(w->data + 6);
    int64_t group = place >= 0 ? place / 4 : -((3 - place) / 4);
    int64_t i = weight - group;
    if (i < 0 || i >= groups)
        return 0;
    return int16_at(w->data + 12 + 2 * i) / tens[place - 4 * group] % 10;
}

static void form_check(const struct wire *w)
{
    int32_t groups = int16_at(w->data + 4);
    expect(w->size == 12 + 2 * (size_t)groups, "the size is that of the digits");
    for (int32_t i = 0; i < groups; i++)
        expect(int16_at(w->data + 12 + 2 * i) >= 0 && int16_at(w->data + 12 + 2 * i) < 10000,
               "digits are of base 10,000");
    if (groups)
        expect(int16_at(w->data + 12) && int16_at(w->data + 10 + 2 * groups),
               "no zeros at the ends");
}

/* Digit by digit, as one reads it. */
static void same_number(const struct wire *w, const char *text, size_t size)
{
    size_t at = 0, mantissa;
    while (at < size && text[at] && strchr(" \t\n\r\v\f", text[at]))
        at++;
    bool negative = at < size && text[at] == '-', zero = true;
    at += at < size && (text[at] == '-' || text[at] == '+');
    int64_t whole = 0, exponent = 0;
    bool point = false;
    for (mantissa = at; at < size && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9'));
         at++) {
        point = point || text[at] == '.';
        whole += !point;
    }
    if (at + 1 < size && (text[at] == 'e' || text[at] == 'E'))
        exponent = strtoll(text + at + 1, NULL, 10);
    if (exponent > 1000000 || exponent < -1000000)
        exponent = 0; /* only of nothing but zeros */
    int64_t place = whole + exponent - 1, counted = 0;
    for (size_t i = mantissa; i < at; i++) {
        if (text[i] == '.')
            continue;
        expect(digit_of(w, place) == text[i] - '0', "a digit stands in its place");
        zero = zero && text[i] == '0';
        counted += text[i] != '0';
        place--;
    }
    int64_t stand = 0;
    int32_t groups = int16_at(w->data + 4);
    for (int32_t i = 0; i < groups; i++)
        for (int32_t rest = int16_at(w->data + 12 + 2 * i); rest; rest /= 10)
            stand += rest % 10 != 0;
    expect(stand == counted, "no digit is there that was not read");
    int32_t sign = int16_at(w->data + 8) & 0xffff;
    expect(sign == (negative && !zero ? 0x4000 : 0), "the sign");
}

static void number(const uint8_t *data, size_t size)
{
    struct wire w = {0};
    int32_t scale = size ? *data % 40 - 1 : -1;
    char *text = malloc(size + 1);
    if (!text || !size) {
        free(text);
        return;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    enum numeric_answer answer = numeric_put_text(&w, text, (int64_t)size - 1, scale);
    bool special = false;
    if (answer == NUMERIC_PUT) {
        form_check(&w);
        special = (int16_at(w.data + 8) & 0xc000) == 0xc000;
        if (!special)
            same_number(&w, text, size - 1);
        if (!special && scale >= 0)
            for (int64_t place = -scale - 1; place > -scale - 9; place--)
                expect(!digit_of(&w, place), "no digit is lost in the column");
    } else {
        expect(!w.size, "nothing is put of what is refused");
    }
    wire_free(&w);
    free(text);
}

static void small(const uint8_t *data, size_t size)
{
    struct wire w = {0}, other = {0};
    int64_t value;
    char text[120], digits[24];
    if (size < 9)
        return;
    memcpy(&value, data + 1, sizeof value);
    int32_t scale = *data % 39;
    if (!numeric_put_small(&w, value, scale))
        return;
    uint64_t all = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)all);
    int whole = n > scale ? n - scale : 0;
    snprintf(text, sizeof text, "%s%.*s%s%.*s%s", value < 0 ? "-" : "", whole, digits,
             scale ? "." : "", scale > n ? scale - n : 0,
             "0000000000000000000000000000000000000000", digits + whole);
    expect(!numeric_put_text(&other, text, (int64_t)strlen(text), scale), "its text is a number");
    expect(w.size == other.size && memcmp(w.data, other.data, w.size) == 0, "both ways are one");
    expect(numeric_fits(value, scale, scale), "it fits where it comes from");
    wire_free(&w);
    wire_free(&other);
}

/* ---- Types and places ---- */

static void type(const char *text, size_t size)
{
    bool quoted = false;
    if (!declare_is_type(text, size))
        return;
    for (size_t i = 0; i < size; i++) {
        quoted = quoted != (text[i] == '"');
        if (quoted)
            continue;
        expect(text[i] != ';' && text[i] != '\'' && text[i] != '/' && text[i] != '\\' &&
                   text[i] != '$' && text[i] != '\n',
               "no letter that ends or begins something else");
        expect(text[i] != '-' || (i + 1 < size && text[i + 1] != '-'), "no comment");
    }
    expect(!quoted, "a name in quotes ends");
}

static void place(const char *text, size_t size)
{
    struct refusal refusal = {0};
    char *copy = strndup(text, size);
    if (!copy)
        return;
    refusal_place(copy, &refusal);
    if (*refusal.column)
        expect(refusal.line && strstr(copy, refusal.column), "the column stands there");
    if (refusal.line)
        expect(strstr(copy, "COPY ") != NULL, "a line is of a COPY");
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (*data % 4 == 0)
        number(data + 1, size - 1);
    else if (*data % 4 == 1)
        small(data + 1, size - 1);
    else if (*data % 4 == 2)
        type((const char *)data + 1, size - 1);
    else
        place((const char *)data + 1, size - 1);
    return 0;
}
