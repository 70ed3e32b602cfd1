/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/reference/expressions.md. */
#include "../core/expr/doc.h"
#include "../core/expr/expr.h"
#include "fake_host.h"

#include <stdio.h>

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

static const char head[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Printed by tests/expr_docs_driver.c from core/expr/doc_*.c: change it there. -->\n"
    "# Expressions\n\n"
    "SQL scalar expressions with the meaning they have in PostgreSQL 15 (collation \"C\", zone "
    "UTC);\n"
    "what differs stands in [expression-deviations.md](expression-deviations.md). They are "
    "checked\n"
    "and typed when a pipeline is loaded; what cannot be computed in a row (an overflow, a "
    "division\n"
    "by zero, a text that is no number) rejects that row.\n\n"
    "Columns are named as they are, in double quotes where they are no plain words; text stands "
    "in\n"
    "single quotes, a quote in it doubled. From loosest to tightest bind `OR`, `AND`, `NOT`,\n"
    "`IS …`, comparisons, `IN` `BETWEEN` `LIKE` `ILIKE`, `||` and all operators not named here,\n"
    "`+ -`, `* / %`, `^`, `AT TIME ZONE`, a sign, `::`.\n\n"
    "A function that wants an integer takes a bigint too, as long as the value fits.\n\n"
    "In a pipeline file an expression is best put in double quotes: without them YAML takes `#` "
    "behind a\n"
    "blank for a comment and `: ` for a key, and in `{…}` a comma, too, ends the text.\n\n"
    "Every example below is run by the tests.\n";

static void cell(const char *text)
{
    for (; *text; text++)
        printf(*text == '|' ? "\\|" : "%c", *text);
}

static void group_print(const struct expr_doc_group *group)
{
    printf("\n## %s\n\n| what | meaning | example | result |\n|---|---|---|---|\n", group->title);
    for (size_t i = 0; i < group->count; i++) {
        const struct expr_doc *doc = &group->docs[i];
        printf("| `");
        cell(doc->signature);
        printf("` | ");
        cell(doc->says);
        printf(" | `");
        cell(doc->example);
        printf("` | `");
        cell(doc->result);
        printf("` |\n");
    }
}

int main(void)
{
    const struct expr_doc_group *group;

    fputs(head, stdout);
    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        group_print(group);
    return 0;
}
