/* SPDX-License-Identifier: Apache-2.0 */
/* SQL names of types, both ways. */
#include "internal.h"

#include <stdio.h>

static const struct {
    const char *sql, *format;
} names[] = {
    {"boolean", "b"},
    {"bool", "b"},
    {"tinyint", "c"},
    {"smallint", "s"},
    {"integer", "i"},
    {"int", "i"},
    {"bigint", "l"},
    {"tinyint unsigned", "C"},
    {"smallint unsigned", "S"},
    {"integer unsigned", "I"},
    {"int unsigned", "I"},
    {"bigint unsigned", "L"},
    {"unsigned tinyint", "C"},
    {"unsigned smallint", "S"},
    {"unsigned integer", "I"},
    {"unsigned int", "I"},
    {"unsigned bigint", "L"},
    {"real", "f"},
    {"double", "g"},
    {"double precision", "g"},
    {"float", "g"},
    {"text", "vu"},
    {"varchar", "vu"},
    {"string", "vu"},
    {"binary", "vz"},
    {"bytea", "vz"},
    {"blob", "vz"},
    {"date", "tdD"},
    {"time", "ttu"},
    {"time without time zone", "ttu"},
    {"timestamp", "tsu:"},
    {"timestamp without time zone", "tsu:"},
    {"timestamp with time zone", "tsu:UTC"},
    {"timestamptz", "tsu:UTC"},
};

enum { SQL_MAX = 64 };

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool ascii_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Lower case, and one space only where two words would run together. */
static bool sql_normalise(const char *sql, char *out)
{
    size_t size = 0;
    bool space = false;
    for (; *sql; sql++) {
        if (strchr(" \t\r\n", *sql)) {
            space = true;
            continue;
        }
        char c = ascii_lower(*sql);
        if (size + 3 > SQL_MAX)
            return false;
        if (space && size && ascii_word(c) && (ascii_word(out[size - 1]) || out[size - 1] == ')'))
            out[size++] = ' ';
        out[size++] = c;
        space = false;
    }
    out[size] = 0;
    return size > 0;
}

static bool decimal_parse(const char *sql, char *format)
{
    int precision = 0, scale = 0, end = 0;
    const char *open = strchr(sql, '(');
    size_t word = open ? (size_t)(open - sql) : 0;
    if (!(word == 7 && (!strncmp(sql, "decimal", 7) || !strncmp(sql, "numeric", 7))) &&
        !(word == 3 && !strncmp(sql, "dec", 3)))
        return false;
    if (sscanf(open, "(%3d,%3d)%n", &precision, &scale, &end) != 2 || !end || open[end]) {
        end = scale = 0;
        if (sscanf(open, "(%3d)%n", &precision, &end) != 1 || !end || open[end])
            return false;
    }
    if (precision < 1 || precision > QETL_SDK_DECIMAL_DIGITS || scale < 0 || scale > precision)
        return false;
    snprintf(format, QETL_TYPE_FORMAT_MAX, "d:%d,%d", precision, scale);
    return true;
}

/* time(3), timestamp(9) with time zone: the digits choose the unit. */
static bool precise_time_parse(const char *sql, char *format)
{
    static const char units[] = "s..m..u..n";
    bool stamp = !strncmp(sql, "timestamp(", 10);
    if (!stamp && strncmp(sql, "time(", 5) != 0)
        return false;
    const char *at = sql + (stamp ? 10 : 5), *tail = at + 2;
    if (at[0] < '0' || at[0] > '9' || at[1] != ')' || units[at[0] - '0'] == '.')
        return false;
    bool zoned = stamp && !strcmp(tail, " with time zone");
    if (*tail && !zoned && strcmp(tail, " without time zone") != 0)
        return false;
    snprintf(format, QETL_TYPE_FORMAT_MAX, "t%c%c%s%s", stamp ? 's' : 't', units[at[0] - '0'],
             stamp ? ":" : "", zoned ? "UTC" : "");
    return true;
}

int32_t qetl_type_parse(const char *sql, char format[QETL_TYPE_FORMAT_MAX])
{
    char name[SQL_MAX];
    if (!sql || !sql_normalise(sql, name))
        return QETL_E_UNSUPPORTED;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].sql, name)) {
            strcpy(format, names[i].format);
            return QETL_OK;
        }
    if (decimal_parse(name, format) || precise_time_parse(name, format))
        return QETL_OK;
    return QETL_E_UNSUPPORTED;
}

/* A text that is cut where its space ends, and never overflows. */
struct phrase {
    char *data;
    size_t size, capacity;
};

static void phrase_add(struct phrase *p, const char *text)
{
    for (; *text && p->size + 1 < p->capacity; text++)
        p->data[p->size++] = *text;
    if (p->capacity)
        p->data[p->size] = 0;
}

static void phrase_add_type(struct phrase *p, const struct ArrowSchema *field, int depth);

static void phrase_add_children(struct phrase *p, const struct ArrowSchema *field, int depth)
{
    bool named = !strcmp(field->format, "+s");
    phrase_add(p, named ? "struct(" : "list(");
    for (int64_t i = 0; i < field->n_children; i++) {
        if (i)
            phrase_add(p, ", ");
        if (named) {
            phrase_add(p, field->children[i]->name ? field->children[i]->name : "");
            phrase_add(p, " ");
        }
        phrase_add_type(p, field->children[i], depth + 1);
    }
    phrase_add(p, ")");
}

static void phrase_add_time(struct phrase *p, const struct qetl_sdk_type *type)
{
    char digits[8] = "";
    if (type->scale != 6)
        snprintf(digits, sizeof digits, "(%d)", type->scale);
    phrase_add(p, type->kind == QETL_KIND_TIME ? "time" : "timestamp");
    phrase_add(p, digits);
    if (type->zoned)
        phrase_add(p, " with time zone");
}

static void phrase_add_scalar(struct phrase *p, const char *format,
                              const struct qetl_sdk_type *type)
{
    char decimal[40];
    if (type->kind == QETL_KIND_TIME || type->kind == QETL_KIND_TIMESTAMP) {
        phrase_add_time(p, type);
        return;
    }
    if (type->kind == QETL_KIND_DECIMAL) {
        snprintf(decimal, sizeof decimal, "decimal(%d,%d)", type->precision, type->scale);
        phrase_add(p, decimal);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].format, format)) {
            phrase_add(p, names[i].sql);
            return;
        }
    phrase_add(p, type->kind == QETL_KIND_TEXT     ? "text"
                  : type->kind == QETL_KIND_BINARY ? "binary"
                  : type->kind == QETL_KIND_DATE   ? "date"
                                                   : "null");
}

static void phrase_add_type(struct phrase *p, const struct ArrowSchema *field, int depth)
{
    struct qetl_sdk_type type;
    if (field->dictionary)
        field = field->dictionary;
    if (qetl_sdk_type_of(field->format, &type) || depth > QETL_SDK_DEPTH_MAX) {
        phrase_add(p, "unknown type ");
        phrase_add(p, field->format ? field->format : "");
    } else if (type.kind == QETL_KIND_LIST || type.kind == QETL_KIND_STRUCT) {
        phrase_add_children(p, field, depth);
    } else {
        phrase_add_scalar(p, field->format, &type);
    }
}

const char *qetl_type_name(const struct ArrowSchema *field, char *name, size_t size)
{
    struct phrase p = {name, 0, size};
    phrase_add(&p, "");
    phrase_add_type(&p, field, 0);
    return name;
}
