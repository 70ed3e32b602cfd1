/* SPDX-License-Identifier: Apache-2.0 */
/* From SQL names of types to Arrow formats. */
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
    {"interval", "tin"},
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

const char *qetl_sdk_type_word(const char *format)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(names[i].format, format))
            return names[i].sql;
    return NULL;
}
