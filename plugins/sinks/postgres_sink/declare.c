/* SPDX-License-Identifier: Apache-2.0 */
#include "declare.h"

#include "../../shared/postgres/types.h"

#include <stdio.h>

/* ---- What fits ---- */

static const char *of_time(const char *format)
{
    if (format[1] == 'd')
        return "date";
    if (format[1] == 't')
        return "time";
    if (format[1] == 'i')
        return "interval";
    return format[4] ? "timestamp with time zone" : "timestamp";
}

static const char *of_letter(char letter)
{
    static const struct {
        char letter;
        const char *type;
    } table[] = {
        {'b', "boolean"},       {'c', "smallint"}, {'C', "smallint"}, {'s', "smallint"},
        {'S', "integer"},       {'i', "integer"},  {'I', "bigint"},   {'l', "bigint"},
        {'L', "numeric(20,0)"}, {'e', "real"},     {'f', "real"},     {'g', "double precision"},
        {'z', "bytea"},         {'Z', "bytea"},    {'w', "bytea"},    {'+', "jsonb"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].letter == letter)
            return table[i].type;
    return "text";
}

static void of_format(const struct ArrowSchema *field, char out[DECLARED_MAX])
{
    int32_t precision, scale;
    const struct ArrowSchema *value = field->dictionary ? field->dictionary : field;
    const char *format = value->format;
    if (qetl_type_decimal(format, &precision, &scale) && scale >= 0)
        snprintf(out, DECLARED_MAX, "numeric(%d,%d)", precision < scale ? scale : precision, scale);
    else if (format[0] == 'd')
        snprintf(out, DECLARED_MAX, "numeric");
    else if (format[0] == 't')
        snprintf(out, DECLARED_MAX, "%s", of_time(format));
    else if (qetl_schema_is_json(value))
        snprintf(out, DECLARED_MAX, "json"); /* which keeps it as it is written */
    else
        snprintf(out, DECLARED_MAX, "%s",
                 strcmp(format, "vz") == 0 ? "bytea" : of_letter(format[0]));
}

/* ---- What it was ---- */

/* What else a name may have stands in quotes, as format_type writes it. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("_ ,.[]", c));
}

bool declare_is_type(const char *text, size_t size)
{
    bool quoted = false;
    int depth = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool sign = c == '-' && i + 1 < size && text[i + 1] >= '0' && text[i + 1] <= '9';
        if (!c)
            return false;
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (c == '(')
            depth++;
        else if (c == ')' && depth)
            depth--;
        else if (!is_word(c) && !(sign && depth))
            return false;
    }
    return size && !quoted && !depth;
}

int32_t declare(struct server *s, const struct ArrowSchema *field, char out[DECLARED_MAX])
{
    static const struct server_text text = {.what = "the catalogue cannot be read"};
    size_t size = 0;
    const char *was = qetl_schema_metadata(field, PG_METADATA, &size);
    PGresult *result = NULL;
    of_format(field, out);
    if (!was || size >= DECLARED_MAX || !declare_is_type(was, size))
        return QETL_OK;
    char type[DECLARED_MAX];
    snprintf(type, sizeof type, "%.*s", (int)size, was);
    const char *const values[] = {type};
    /* the server takes it for the name of one type, or for none */
    int32_t status =
        server_ask(s, text, "SELECT pg_catalog.to_regtype($1) IS NOT NULL", 1, values, &result);
    if (status)
        return status;
    if (*PQgetvalue(result, 0, 0) == 't')
        memcpy(out, type, sizeof type);
    else
        qetl_logf(s->session.env, QETL_LOG_INFO, "%s: %s was %s, which this database lacks: %s",
                  s->session.who, field->name, type, out);
    PQclear(result);
    return QETL_OK;
}
