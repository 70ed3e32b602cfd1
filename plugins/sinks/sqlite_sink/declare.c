/* SPDX-License-Identifier: Apache-2.0 */
#include "declare.h"

#include <stdio.h>

static const struct ArrowSchema *field_value(const struct ArrowSchema *field)
{
    return field->dictionary ? field->dictionary : field;
}

static const char *declare_strict(const char *format)
{
    switch (format[0]) {
    case 'b':
    case 'c':
    case 'C':
    case 's':
    case 'S':
    case 'i':
    case 'I':
    case 'l':
        return "INTEGER";
    case 'f':
    case 'g':
        return "REAL";
    case 'z':
    case 'Z':
        return "BLOB";
    default:
        return strcmp(format, "vz") == 0 ? "BLOB" : "TEXT";
    }
}

static const char *declare_time(const char *format)
{
    if (format[1] == 'd')
        return "DATE";
    if (format[1] == 't')
        return "TIME";
    if (format[1] == 'i')
        return "INTERVAL";
    return format[4] ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
}

static const char *declare_letter(char letter)
{
    static const char letters[] = "bcCsSiIlLfgzZ";
    static const char *const words[] = {"BOOLEAN",       "TINYINT", "SMALLINT", "SMALLINT",
                                        "INTEGER",       "INTEGER", "BIGINT",   "BIGINT",
                                        "UNSIGNED TEXT", /* BIGINT UNSIGNED would have integers of
                                                            64 bits with a sign, or reals */
                                        "REAL",          "DOUBLE",  "BLOB",     "BLOB"};
    const char *at = strchr(letters, letter);
    return at ? words[at - letters] : "TEXT";
}

void declare(const struct ArrowSchema *field, struct declare_as as, char out[DECLARED_MAX])
{
    int32_t precision, scale;
    field = field_value(field);
    const char *format = field->format;
    bool decimal = qetl_type_decimal(format, &precision, &scale);
    if (decimal && as.strict)
        snprintf(out, DECLARED_MAX, as.numbers ? "REAL" : "TEXT");
    else if (decimal)
        snprintf(out, DECLARED_MAX, "DECIMAL%s(%d,%d)", as.numbers ? "" : " TEXT", precision,
                 scale);
    else if (as.strict)
        snprintf(out, DECLARED_MAX, "%s", declare_strict(format));
    else if (format[0] == 't')
        snprintf(out, DECLARED_MAX, "%s", declare_time(format));
    else if (format[0] == '+' || qetl_schema_is_json(field))
        snprintf(out, DECLARED_MAX, "JSON TEXT");
    else if (strcmp(format, "vz") == 0)
        snprintf(out, DECLARED_MAX, "BLOB");
    else
        snprintf(out, DECLARED_MAX, "%s", declare_letter(format[0]));
}

static bool has(const char *declared, const char *word)
{
    return strcasestr(declared, word) != NULL;
}

enum affinity affinity_of(const char *declared, bool strict)
{
    if (strict && strcasecmp(declared, "ANY") == 0)
        return AFFINITY_NONE;
    if (has(declared, "INT"))
        return AFFINITY_INTEGER;
    if (has(declared, "CHAR") || has(declared, "CLOB") || has(declared, "TEXT"))
        return AFFINITY_TEXT;
    if (!*declared || has(declared, "BLOB"))
        return AFFINITY_NONE;
    if (has(declared, "REAL") || has(declared, "FLOA") || has(declared, "DOUB"))
        return AFFINITY_REAL;
    return AFFINITY_NUMERIC;
}
