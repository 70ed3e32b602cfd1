/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <string.h>

const char *const qetl_expr_month_names[12] = {"January",   "February", "March",    "April",
                                               "May",       "June",     "July",     "August",
                                               "September", "October",  "November", "December"};
const char *const qetl_expr_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
const char *const qetl_expr_roman_months[12] = {"I",   "II",   "III", "IV", "V",  "VI",
                                                "VII", "VIII", "IX",  "X",  "XI", "XII"};

struct word {
    const char *name; /* in capitals */
    enum expr_format_code code;
    int width;
    bool capital; /* may also be written like This */
};

/* What begins another one stands behind it. */
static const struct word words[] = {
    {"A.D.", EXPR_FORMAT_ERA_DOTS, 0, false},
    {"A.M.", EXPR_FORMAT_MERIDIEM_DOTS, 0, false},
    {"AD", EXPR_FORMAT_ERA, 0, false},
    {"AM", EXPR_FORMAT_MERIDIEM, 0, false},
    {"B.C.", EXPR_FORMAT_ERA_DOTS, 0, false},
    {"BC", EXPR_FORMAT_ERA, 0, false},
    {"CC", EXPR_FORMAT_CENTURY, 0, false},
    {"DAY", EXPR_FORMAT_DAY_NAME, 0, true},
    {"DDD", EXPR_FORMAT_DAY_OF_YEAR, 0, false},
    {"DD", EXPR_FORMAT_DAY, 0, false},
    {"DY", EXPR_FORMAT_DAY_SHORT, 0, true},
    {"D", EXPR_FORMAT_WEEKDAY, 0, false},
    {"FF1", EXPR_FORMAT_FRACTION, 1, false},
    {"FF2", EXPR_FORMAT_FRACTION, 2, false},
    {"FF3", EXPR_FORMAT_FRACTION, 3, false},
    {"FF4", EXPR_FORMAT_FRACTION, 4, false},
    {"FF5", EXPR_FORMAT_FRACTION, 5, false},
    {"FF6", EXPR_FORMAT_FRACTION, 6, false},
    {"FX", EXPR_FORMAT_EXACT, 0, false},
    {"HH24", EXPR_FORMAT_HOUR24, 0, false},
    {"HH12", EXPR_FORMAT_HOUR12, 0, false},
    {"HH", EXPR_FORMAT_HOUR12, 0, false},
    {"IDDD", EXPR_FORMAT_ISO_DAY_OF_YEAR, 0, false},
    {"ID", EXPR_FORMAT_ISO_WEEKDAY, 0, false},
    {"IW", EXPR_FORMAT_ISO_WEEK, 0, false},
    {"IYYY", EXPR_FORMAT_ISO_YEAR, 4, false},
    {"IYY", EXPR_FORMAT_ISO_YEAR, 3, false},
    {"IY", EXPR_FORMAT_ISO_YEAR, 2, false},
    {"I", EXPR_FORMAT_ISO_YEAR, 1, false},
    {"J", EXPR_FORMAT_JULIAN, 0, false},
    {"MI", EXPR_FORMAT_MINUTE, 0, false},
    {"MM", EXPR_FORMAT_MONTH, 0, false},
    {"MONTH", EXPR_FORMAT_MONTH_NAME, 0, true},
    {"MON", EXPR_FORMAT_MONTH_SHORT, 0, true},
    {"MS", EXPR_FORMAT_MILLISECOND, 0, false},
    {"OF", EXPR_FORMAT_OFFSET, 0, false},
    {"P.M.", EXPR_FORMAT_MERIDIEM_DOTS, 0, false},
    {"PM", EXPR_FORMAT_MERIDIEM, 0, false},
    {"Q", EXPR_FORMAT_QUARTER, 0, false},
    {"RM", EXPR_FORMAT_ROMAN, 0, false},
    {"SSSSS", EXPR_FORMAT_DAY_SECOND, 0, false},
    {"SSSS", EXPR_FORMAT_DAY_SECOND, 0, false},
    {"SS", EXPR_FORMAT_SECOND, 0, false},
    {"TZH", EXPR_FORMAT_ZONE_HOUR, 0, false},
    {"TZM", EXPR_FORMAT_ZONE_MINUTE, 0, false},
    {"TZ", EXPR_FORMAT_ZONE, 0, false},
    {"US", EXPR_FORMAT_MICROSECOND, 0, false},
    {"WW", EXPR_FORMAT_WEEK, 0, false},
    {"W", EXPR_FORMAT_MONTH_WEEK, 0, false},
    {"Y,YYY", EXPR_FORMAT_YEAR_COMMA, 0, false},
    {"YYYY", EXPR_FORMAT_YEAR, 4, false},
    {"YYY", EXPR_FORMAT_YEAR, 3, false},
    {"YY", EXPR_FORMAT_YEAR, 2, false},
    {"Y", EXPR_FORMAT_YEAR, 1, false},
};

struct scan {
    const char *at, *end;
};

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* All of the word in one case, or with one capital. */
static bool word_matches(const struct scan *s, const struct word *word, enum expr_format_case how)
{
    for (size_t i = 0; word->name[i]; i++) {
        bool small = how == EXPR_LOWER || (how == EXPR_CAPITAL && i > 0);
        if (s->at + i >= s->end || s->at[i] != (small ? lower_of(word->name[i]) : word->name[i]))
            return false;
    }
    return true;
}

static bool take(struct scan *s, const char *text)
{
    size_t size = strlen(text);

    if ((size_t)(s->end - s->at) < size || memcmp(s->at, text, size) != 0)
        return false;
    s->at += size;
    return true;
}

static bool word_take(struct scan *s, struct expr_format_part *part)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (int how = EXPR_UPPER; how <= (words[i].capital ? EXPR_CAPITAL : EXPR_LOWER); how++)
            if (word_matches(s, &words[i], (enum expr_format_case)how)) {
                part->code = words[i].code;
                part->width = words[i].width;
                part->letters = (enum expr_format_case)how;
                s->at += strlen(words[i].name);
                part->ordinal = take(s, "TH")   ? EXPR_ORDINAL_UPPER
                                : take(s, "th") ? EXPR_ORDINAL_LOWER
                                                : EXPR_ORDINAL_NONE;
                if (!part->ordinal)
                    take(s, "SP");
                return true;
            }
    return false;
}

static int letter_size(const struct scan *s)
{
    int size = 1;

    while (s->at + size < s->end && ((unsigned char)s->at[size] & 0xc0) == 0x80)
        size++;
    return size;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_separator(char c)
{
    return c > ' ' && c < 127 && !(c >= '0' && c <= '9') &&
           !(lower_of(c) >= 'a' && lower_of(c) <= 'z');
}

/* One character; in quotes every character is a literal. */
static void literal_take(struct scan *s, struct expr_format_part *part, bool quoted)
{
    int size = letter_size(s);

    part->code = quoted                 ? EXPR_FORMAT_LITERAL
                 : is_blank(*s->at)     ? EXPR_FORMAT_BLANK
                 : is_separator(*s->at) ? EXPR_FORMAT_SEPARATOR
                                        : EXPR_FORMAT_LITERAL;
    part->text = (struct expr_text){s->at, size};
    s->at += size;
}

bool qetl_expr_format_read(struct expr_arena *arena, struct expr_text text, struct expr_format *out)
{
    struct scan s = {text.data, text.data + text.size};
    bool quoted = false;

    out->count = 0;
    out->parts = qetl_expr_arena_alloc(arena, ((size_t)text.size + 1) * sizeof *out->parts);
    if (!out->parts)
        return false;
    while (s.at < s.end) {
        struct expr_format_part *part = &out->parts[out->count];
        *part = (struct expr_format_part){0};
        if (*s.at == '"') {
            quoted = !quoted;
            s.at++;
            continue;
        }
        while (!quoted && (take(&s, "FM") || take(&s, "fm")))
            part->fill = true;
        if (!quoted && (take(&s, "TM") || take(&s, "tm")))
            part->fill = true;
        if (s.at == s.end)
            break;
        if (!quoted && word_take(&s, part)) {
            out->count++;
            continue;
        }
        if (*s.at == '\\' && s.at + 1 < s.end && (quoted || s.at[1] == '"'))
            s.at++;
        else if (*s.at == '"')
            continue;
        literal_take(&s, part, quoted);
        out->count++;
    }
    return true;
}
