/* SPDX-License-Identifier: Apache-2.0 */
#include "syntax.h"

#include "ast.h"
#include "bind.h"
#include "diag.h"
#include "lex.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The handle of a compilation that belongs to no instance is the fault itself. */
static int32_t note_fault(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    struct qetl_expr_fault *fault = (struct qetl_expr_fault *)(void *)ctx;
    fault->message = strdup(info->message);
    fault->mend = info->suggestion ? strdup(info->suggestion) : NULL;
    fault->begin = (size_t)info->text_begin;
    fault->end = (size_t)info->text_end;
    return info->code;
}

static int32_t ignore_fault(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    (void)ctx;
    return info->code;
}

int qetl_expr_syntax(const char *text, struct qetl_expr_fault *fault)
{
    static const struct qetl_host host = {.struct_size = sizeof host, .error = note_fault};
    struct expr_arena arena = {0};
    struct expr_source source = {.ctx = (struct qetl_ctx *)(void *)fault,
                                 .host = &host,
                                 .text = text,
                                 .size = strlen(text),
                                 .arena = &arena};
    *fault = (struct qetl_expr_fault){0};
    const struct expr_ast *tree = qetl_expr_parse(&source);
    bool good = tree && qetl_expr_calls_are_possible(&source, tree);
    qetl_expr_arena_free(&arena);
    return good ? 0 : -1;
}

char *qetl_expr_syntax_tree(const char *text)
{
    static const struct qetl_host host = {.struct_size = sizeof host, .error = ignore_fault};
    struct expr_arena arena = {0};
    struct expr_source source = {
        .host = &host, .text = text, .size = strlen(text), .arena = &arena};
    struct expr_ast *tree = qetl_expr_parse(&source);
    const char *json = tree ? qetl_expr_tree_json(&source, tree) : NULL;
    char *copy = json ? strdup(json) : NULL;
    qetl_expr_arena_free(&arena);
    return copy;
}

int qetl_expr_knows_type(const char *sql)
{
    struct qetl_expr_fault fault;
    char *text;
    if (strchr(sql, ')') != strrchr(sql, ')') || asprintf(&text, "CAST(NULL AS %s)", sql) < 0)
        return 0;
    int known = qetl_expr_syntax(text, &fault) == 0;
    qetl_expr_fault_free(&fault);
    free(text);
    return known;
}

void qetl_expr_fault_free(struct qetl_expr_fault *fault)
{
    free(fault->message);
    free(fault->mend);
    *fault = (struct qetl_expr_fault){0};
}
