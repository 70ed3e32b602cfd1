/* SPDX-License-Identifier: Apache-2.0 */
#include "declared.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 64 };

/* The words in upper case with one space between them, without what stands in parentheses. */
static void words_of(const char *declared, char words[WORDS_MAX])
{
    int size = 0;
    for (const char *at = declared; *at && *at != '(' && size + 1 < WORDS_MAX; at++) {
        bool space = *at == ' ' || (*at >= '\t' && *at <= '\r');
        if (space && (!size || words[size - 1] == ' '))
            continue;
        words[size++] = *at >= 'a' && *at <= 'z' ? (char)(*at - 32) : space ? ' ' : *at;
    }
    while (size && words[size - 1] == ' ')
        size--;
    words[size] = '\0';
}

static bool is_one_of(const char *word, const char *const *all)
{
    for (; *all; all++)
        if (strcmp(word, *all) == 0)
            return true;
    return false;
}

static const char *type_of_words(const char *words)
{
    static const struct {
        const char *words, *type;
    } table[] = {
        {"BOOLEAN", "boolean"},
        {"BOOL", "boolean"},
        {"DATE", "date"},
        {"TIME", "time"},
        {"TIMESTAMP", "timestamp"},
        {"DATETIME", "timestamp"},
        {"TIMESTAMP WITH TIME ZONE", "timestamp with time zone"},
        {"TIMESTAMPTZ", "timestamp with time zone"},
        {"JSON", "json"},
        {"JSON TEXT", "json"},
        {"UNSIGNED TEXT", "bigint unsigned"},
        {"INTERVAL", "text"},
        {"UUID", "text"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(words, table[i].words) == 0)
            return table[i].type;
    return NULL;
}

static const char *type_of_affinity(const char *words)
{
    if (strstr(words, "INT"))
        return "bigint";
    if (strstr(words, "CHAR") || strstr(words, "CLOB") || strstr(words, "TEXT"))
        return "text";
    if (strstr(words, "BLOB"))
        return "binary";
    if (strstr(words, "REAL") || strstr(words, "FLOA") || strstr(words, "DOUB"))
        return "double";
    return NULL;
}

/* DECIMAL(p) and DECIMAL(p,s), within what a decimal holds. */
static bool decimal_of(const char *words, const char *declared, char type[WORDS_MAX])
{
    static const char *const names[] = {"DECIMAL", "DECIMAL TEXT", "NUMERIC", "DEC", NULL};
    int precision = 0, scale = 0;
    const char *at = strchr(declared, '(');
    if (!at || !is_one_of(words, names) || sscanf(at, " ( %d , %d )", &precision, &scale) < 1 ||
        precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return false;
    snprintf(type, WORDS_MAX, "decimal(%d,%d)", precision, scale);
    return true;
}

int32_t declared_field(const char *declared, const char *name, struct ArrowSchema *out)
{
    char words[WORDS_MAX], decimal[WORDS_MAX];
    if (!declared || !*declared)
        return QETL_E_UNSUPPORTED;
    words_of(declared, words);
    const char *type = type_of_words(words);
    if (!type && decimal_of(words, declared, decimal))
        type = decimal;
    if (!type)
        type = type_of_affinity(words);
    return type ? qetl_type_field(type, name, out) : QETL_E_UNSUPPORTED;
}
