/* SPDX-License-Identifier: Apache-2.0 */
#include "refusal.h"

#include "../../shared/postgres/fault.h"

#include <stdio.h>
#include <stdlib.h>

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

static const char *code_of(const char *state)
{
    static const struct {
        const char *state, *code;
    } table[] = {{"23505", "unique"},       {"23502", "not_null"},     {"23514", "check"},
                 {"23503", "foreign_key"},  {"23001", "foreign_key"},  {"23P01", "exclusion"},
                 {"22001", "too_long"},     {"22003", "out_of_range"}, {"22008", "out_of_range"},
                 {"22015", "out_of_range"}, {"22P04", NULL},           {"22", "bad_value"},
                 {"23", "constraint"},      {"44", "check"},           {"P0001", "trigger"},
                 {"54", "too_big"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strncmp(state, table[i].state, strlen(table[i].state)) == 0)
            return table[i].code;
    return NULL;
}

void refusal_place(const char *context, struct refusal *out)
{
    const char *copy = NULL;
    out->line = 0;
    for (const char *at = context; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        copy = strncmp(at, "COPY ", 5) == 0 ? at : copy;
    const char *line = copy ? strstr(copy, ", line ") : NULL;
    if (!line)
        return;
    char *end;
    out->line = strtoll(line + 7, &end, 10);
    if (out->line < 1)
        out->line = 0;
    if (!out->line || strncmp(end, ", column ", 9) != 0)
        return;
    const char *name = end + 9;
    size_t size = strcspn(name, "\n");
    const char *colon = strstr(name, ": ");
    if (colon && (size_t)(colon - name) < size)
        size = (size_t)(colon - name);
    snprintf(out->column, sizeof out->column, "%.*s", (int)size, name);
}

/* A value that cannot be read, and what the table says of each row. Not where a function of the
 * table's owner was at work, or an index, which others are in. */
static bool is_own(const char *state, const char *context, const struct refusal *r)
{
    bool judged = strcmp(state, "23502") == 0 || strcmp(state, "23514") == 0;
    return r->line && strncmp(context, "COPY ", 5) == 0 && (judged || strstr(context, ", column "));
}

bool refusal_read(const struct refusal_words *words, struct refusal *out)
{
    char message[500], detail[400];
    const char *name = words->constraint;
    out->code = code_of(words->state);
    if (!out->code)
        return false;
    snprintf(out->column, sizeof out->column, "%s", words->column);
    refusal_place(words->context, out);
    out->own = is_own(words->state, words->context, out);
    out->unread = out->own && strncmp(words->state, "22", 2) == 0;
    pg_fault_line(words->message, message, sizeof message);
    pg_fault_line(words->detail, detail, sizeof detail);
    bool tells = *name && strstr(message, name);
    snprintf(out->message, sizeof out->message, "%.5s: %s%s%s%s%s%.100s%s", words->state, message,
             *detail ? " (" : "", detail, *detail ? ")" : "",
             *name && !tells ? " (constraint " : "", tells ? "" : name, *name && !tells ? ")" : "");
    return true;
}

bool refusal_of_row(const PGresult *result, struct refusal *out)
{
    struct refusal_words words = {.state = field(result, PG_DIAG_SQLSTATE),
                                  .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
                                  .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
                                  .constraint = field(result, PG_DIAG_CONSTRAINT_NAME),
                                  .column = field(result, PG_DIAG_COLUMN_NAME),
                                  .context = field(result, PG_DIAG_CONTEXT)};
    return refusal_read(&words, out);
}

bool refusal_is_repeated(const PGresult *result)
{
    return strcmp(field(result, PG_DIAG_SQLSTATE), "21000") == 0;
}
