/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals as text, in PostgreSQL's verbose and SQL forms. Fields are read from the last to the
 * first: a unit stands behind its number. */
#include "interval_sum.h"

#include <string.h>

enum { FIELDS_MAX = 25, WORD_MAX = 10 };

enum field_kind { FIELD_NUMBER, FIELD_CLOCK, FIELD_SIGNED, FIELD_WORD };

struct field {
    enum field_kind kind;
    char sign; /* '-', '+' or 0 */
    struct expr_text text;
};

struct fields {
    struct field items[FIELDS_MAX];
    int count;
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- fields ---- */

static void skip_digits(struct fields *f)
{
    while (f->at < f->end && is_digit(*f->at))
        f->at++;
}

static void skip_set(struct fields *f, const char *set)
{
    while (f->at < f->end && (is_digit(*f->at) || (*f->at && strchr(set, *f->at))))
        f->at++;
}

/* 12, 12.5, 12:30:00, 1-2; what else hangs together is taken and found wrong later. */
static enum field_kind skip_number(struct fields *f)
{
    skip_digits(f);
    if (f->at == f->end)
        return FIELD_NUMBER;
    if (*f->at == ':') {
        skip_set(f, ":.");
        return FIELD_CLOCK;
    }
    if (*f->at == '-' || *f->at == '/' || *f->at == '.') {
        char delimiter = *f->at++;
        while (f->at < f->end && (is_digit(*f->at) || is_letter(*f->at) || *f->at == delimiter))
            f->at++;
    }
    return FIELD_NUMBER;
}

/* Letters; of a word that is no short unit also digits and what ties them to it. */
static void skip_word(struct fields *f)
{
    const char *begin = f->at;

    while (f->at < f->end && is_letter(*f->at))
        f->at++;
    if (f->at < f->end && is_digit(*f->at) && f->at - begin > 1)
        while (f->at < f->end && (is_digit(*f->at) || is_letter(*f->at)))
            f->at++;
}

static bool field_take(struct fields *f)
{
    struct field *field = &f->items[f->count];
    const char *begin;

    if (f->count == FIELDS_MAX)
        return false;
    field->sign = 0;
    if (*f->at == '+' || *f->at == '-') {
        field->sign = *f->at++;
        while (f->at < f->end && is_blank(*f->at))
            f->at++;
        if (f->at == f->end || !is_digit(*f->at))
            return false;
    }
    begin = f->at;
    if (field->sign) {
        skip_set(f, ":.-");
        field->kind = FIELD_SIGNED;
    } else if (is_digit(*f->at) || *f->at == '.') {
        field->kind = skip_number(f);
    } else {
        skip_word(f);
        field->kind = FIELD_WORD;
    }
    field->text = (struct expr_text){begin, f->at - begin};
    f->count++;
    return true;
}

static bool fields_split(struct fields *f)
{
    while (f->at < f->end) {
        char c = *f->at;
        if (is_digit(c) || is_letter(c) || c == '.' || c == '+' || c == '-') {
            if (!field_take(f))
                return false;
        } else if (is_blank(c) || (c > ' ' && c < 127)) {
            f->at++; /* punctuation separates */
        } else {
            return false;
        }
    }
    return true;
}

/* ---- units ---- */

/* Cut to ten letters, as PostgreSQL compares them. */
static enum expr_unit unit_find(struct expr_text word)
{
    static const struct {
        char name[WORD_MAX + 1];
        enum expr_unit unit;
    } units[] = {
        {"ago", EXPR_UNIT_AGO},
        {"c", EXPR_UNIT_CENTURY},
        {"cent", EXPR_UNIT_CENTURY},
        {"centuries", EXPR_UNIT_CENTURY},
        {"century", EXPR_UNIT_CENTURY},
        {"d", EXPR_UNIT_DAY},
        {"day", EXPR_UNIT_DAY},
        {"days", EXPR_UNIT_DAY},
        {"dec", EXPR_UNIT_DECADE},
        {"decade", EXPR_UNIT_DECADE},
        {"decades", EXPR_UNIT_DECADE},
        {"decs", EXPR_UNIT_DECADE},
        {"h", EXPR_UNIT_HOUR},
        {"hour", EXPR_UNIT_HOUR},
        {"hours", EXPR_UNIT_HOUR},
        {"hr", EXPR_UNIT_HOUR},
        {"hrs", EXPR_UNIT_HOUR},
        {"m", EXPR_UNIT_MINUTE},
        {"microsecon", EXPR_UNIT_MICROSECOND},
        {"mil", EXPR_UNIT_MILLENNIUM},
        {"millennia", EXPR_UNIT_MILLENNIUM},
        {"millennium", EXPR_UNIT_MILLENNIUM},
        {"millisecon", EXPR_UNIT_MILLISECOND},
        {"mils", EXPR_UNIT_MILLENNIUM},
        {"min", EXPR_UNIT_MINUTE},
        {"mins", EXPR_UNIT_MINUTE},
        {"minute", EXPR_UNIT_MINUTE},
        {"minutes", EXPR_UNIT_MINUTE},
        {"mon", EXPR_UNIT_MONTH},
        {"mons", EXPR_UNIT_MONTH},
        {"month", EXPR_UNIT_MONTH},
        {"months", EXPR_UNIT_MONTH},
        {"ms", EXPR_UNIT_MILLISECOND},
        {"msec", EXPR_UNIT_MILLISECOND},
        {"msecond", EXPR_UNIT_MILLISECOND},
        {"mseconds", EXPR_UNIT_MILLISECOND},
        {"msecs", EXPR_UNIT_MILLISECOND},
        {"s", EXPR_UNIT_SECOND},
        {"sec", EXPR_UNIT_SECOND},
        {"second", EXPR_UNIT_SECOND},
        {"seconds", EXPR_UNIT_SECOND},
        {"secs", EXPR_UNIT_SECOND},
        {"us", EXPR_UNIT_MICROSECOND},
        {"usec", EXPR_UNIT_MICROSECOND},
        {"usecond", EXPR_UNIT_MICROSECOND},
        {"useconds", EXPR_UNIT_MICROSECOND},
        {"usecs", EXPR_UNIT_MICROSECOND},
        {"w", EXPR_UNIT_WEEK},
        {"week", EXPR_UNIT_WEEK},
        {"weeks", EXPR_UNIT_WEEK},
        {"y", EXPR_UNIT_YEAR},
        {"year", EXPR_UNIT_YEAR},
        {"years", EXPR_UNIT_YEAR},
        {"yr", EXPR_UNIT_YEAR},
        {"yrs", EXPR_UNIT_YEAR},
    };
    char lower[WORD_MAX + 1] = "";

    for (int64_t i = 0; i < word.size && i < WORD_MAX; i++)
        lower[i] = (char)(word.data[i] | 32);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (!strcmp(units[i].name, lower))
            return units[i].unit;
    return EXPR_UNIT_NONE;
}

/* Which parts of the sum a unit fills; each may be filled once. */
static uint32_t unit_mask(enum expr_unit unit, bool fraction)
{
    if (unit == EXPR_UNIT_SECOND && fraction)
        return 1U << EXPR_UNIT_SECOND | 1U << EXPR_UNIT_MILLISECOND | 1U << EXPR_UNIT_MICROSECOND;
    return 1U << unit;
}

/* ---- values ---- */

struct reading {
    struct expr_interval_sum sum;
    enum expr_unit unit; /* of the number to come */
    uint32_t filled;
    bool ago;
};

static enum expr_parsed read_digits(const char **at, const char *end, int64_t limit, int64_t *out)
{
    enum expr_parsed result = EXPR_PARSED;

    for (*out = 0; *at < end && is_digit(**at); ++*at)
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, **at - '0', out) || *out > limit)
            result = EXPR_PARSED_RANGE;
    return result;
}

/* ".25" up to the end of the text; nothing behind the point is 0. */
static enum expr_parsed read_fraction(const char *at, const char *end, double *out)
{
    *out = 0;
    for (const char *c = at + 1; c < end; c++)
        if (!is_digit(*c))
            return EXPR_PARSED_BAD;
    return end == at + 1 ? EXPR_PARSED
                         : qetl_expr_parse_real((struct expr_text){at, end - at}, false, out);
}

static enum expr_parsed fill(struct reading *r, enum expr_unit unit, uint32_t mask, int64_t whole,
                             double fraction)
{
    if (r->filled & mask)
        return EXPR_PARSED_BAD;
    r->filled |= mask;
    return qetl_expr_sum_add(&r->sum, unit, whole, fraction) ? EXPR_PARSED : EXPR_PARSED_RANGE;
}

/* 4:05, 4:05:06.7; 04:05.6 are minutes and seconds. */
static enum expr_parsed read_clock(struct reading *r, struct expr_text text, int64_t sign)
{
    const char *at = text.data, *end = at + text.size;
    int64_t hours, minutes, seconds = 0;
    enum expr_parsed result = read_digits(&at, end, INT64_MAX, &hours), part;
    double fraction = 0;

    at++;
    part = read_digits(&at, end, INT32_MAX, &minutes);
    result = result == EXPR_PARSED ? part : result;
    if (at < end && *at == '.') {
        seconds = minutes;
        minutes = hours;
        hours = 0;
    } else if (at < end) {
        at++;
        part = read_digits(&at, end, INT32_MAX, &seconds);
        result = result == EXPR_PARSED ? part : result;
    }
    if (at < end && (*at != '.' || read_fraction(at, end, &fraction) != EXPR_PARSED))
        return EXPR_PARSED_BAD;
    if (result != EXPR_PARSED || minutes > 59 || seconds > 60)
        return EXPR_PARSED_RANGE;
    seconds += minutes * 60;
    result = fill(r, EXPR_UNIT_SECOND,
                  unit_mask(EXPR_UNIT_SECOND, true) | 1U << EXPR_UNIT_MINUTE | 1U << EXPR_UNIT_HOUR,
                  sign * seconds, (double)sign * fraction);
    if (result == EXPR_PARSED && !qetl_expr_sum_add(&r->sum, EXPR_UNIT_HOUR, sign * hours, 0))
        result = EXPR_PARSED_RANGE;
    r->unit = EXPR_UNIT_DAY;
    return result;
}

/* 12, 12.5, and 1-2: years and months. */
static enum expr_parsed read_number(struct reading *r, struct expr_text text, int64_t sign)
{
    const char *at = text.data, *end = at + text.size;
    enum expr_unit unit = r->unit == EXPR_UNIT_NONE ? EXPR_UNIT_SECOND : r->unit;
    int64_t whole, months = 0;
    double fraction = 0;

    if (read_digits(&at, end, INT64_MAX, &whole) != EXPR_PARSED)
        return EXPR_PARSED_RANGE;
    if (at < end && *at == '-') {
        at++;
        if (read_digits(&at, end, 11, &months) != EXPR_PARSED)
            return EXPR_PARSED_RANGE;
        unit = EXPR_UNIT_MONTH;
        if (__builtin_mul_overflow(whole, 12, &whole) ||
            __builtin_add_overflow(whole, months, &whole))
            return EXPR_PARSED_RANGE;
    } else if (at < end && *at == '.') {
        if (read_fraction(at, end, &fraction) != EXPR_PARSED)
            return EXPR_PARSED_BAD;
        at = end;
    }
    if (at != end || unit == EXPR_UNIT_AGO)
        return EXPR_PARSED_BAD;
    r->unit = unit;
    return fill(r, unit, unit_mask(unit, fraction != 0), sign * whole, (double)sign * fraction);
}

static enum expr_parsed read_field(struct reading *r, const struct field *field)
{
    int64_t sign = field->sign == '-' ? -1 : 1;
    bool clock =
        field->kind == FIELD_CLOCK ||
        (field->kind == FIELD_SIGNED && memchr(field->text.data, ':', (size_t)field->text.size));

    if (clock && !memchr(field->text.data, '-', (size_t)field->text.size))
        return read_clock(r, field->text, sign);
    if (field->kind != FIELD_WORD)
        return read_number(r, field->text, sign);
    r->unit = unit_find(field->text);
    r->ago |= r->unit == EXPR_UNIT_AGO;
    return r->unit == EXPR_UNIT_NONE ? EXPR_PARSED_BAD : EXPR_PARSED;
}

static bool negate(struct expr_interval_sum *sum)
{
    sum->years = -sum->years;
    sum->months = -sum->months;
    sum->days = -sum->days;
    return !__builtin_sub_overflow(0, sum->us, &sum->us);
}

enum expr_parsed qetl_expr_parse_interval(struct expr_text text, struct expr_interval *out)
{
    struct fields fields = {.at = text.data, .end = text.data + text.size};
    struct reading reading = {0};
    enum expr_parsed result = fields_split(&fields) ? EXPR_PARSED : EXPR_PARSED_BAD;

    for (int i = fields.count; i-- > 0 && result == EXPR_PARSED;)
        result = read_field(&reading, &fields.items[i]);
    if (result == EXPR_PARSED_BAD || (result == EXPR_PARSED && !reading.filled))
        return qetl_expr_parse_iso_interval(text, out);
    if (result != EXPR_PARSED || (reading.ago && !negate(&reading.sum)) ||
        !qetl_expr_sum_finish(&reading.sum, out))
        return EXPR_PARSED_RANGE;
    return EXPR_PARSED;
}
