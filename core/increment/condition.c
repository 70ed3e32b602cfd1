/* SPDX-License-Identifier: Apache-2.0 */
#include "condition.h"

#include "expr/syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *window_bound(const struct window *window)
{
    if (!window->from.is)
        return NULL;
    return cursor_is_text(window->cursor) ? strdup(window->from.text)
                                          : cursor_text(window->cursor, window->bound);
}

static void put_quoted(FILE *out, const char *text, char quote)
{
    fputc(quote, out);
    for (; *text; text++) {
        if (*text == quote)
            fputc(quote, out);
        fputc(*text, out);
    }
    fputc(quote, out);
}

/* In the form that says most to a database: 5, 'text', CAST('2026-01-01' AS date). */
static void put_bound(const struct cursor *cursor, const char *bound, FILE *out)
{
    bool is_moment = cursor->kind == QETL_KIND_DATE || cursor->kind == QETL_KIND_TIMESTAMP;
    if (!is_moment && !cursor_is_text(cursor)) {
        fputs(bound, out);
        return;
    }
    fputs(is_moment ? "CAST(" : "", out);
    put_quoted(out, bound, '\'');
    if (is_moment)
        fprintf(out, " AS %s)", cursor->type);
}

char *window_condition(const struct window *window, bool nulls)
{
    const struct cursor *cursor = window->cursor;
    char *bound = window_bound(window), *text = NULL, *tree = NULL;
    size_t size;
    FILE *out = bound ? open_memstream(&text, &size) : NULL;
    if (!out) {
        free(bound);
        return NULL;
    }
    put_quoted(out, cursor->name, '"');
    fputs(" >= ", out);
    put_bound(cursor, bound, out);
    if (nulls) {
        fputs(" OR ", out);
        put_quoted(out, cursor->name, '"');
        fputs(" IS NULL", out);
    }
    if (!fclose(out) && text)
        tree = qetl_expr_syntax_tree(text);
    free(text);
    free(bound);
    return tree;
}
