/* SPDX-License-Identifier: Apache-2.0 */
#include "conditions.h"

#include "ast.h"
#include "bind.h"
#include "program.h"

#include <stdlib.h>
#include <string.h>

/* Nodes are shared, so that one may be met again and again. */
enum { VISITS_MAX = 10000 };

/* What is wrong with a part was said, or will be, by whoever compiles the condition. */
static int32_t ignore_error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    (void)ctx;
    return info->code;
}

/* Of the integers that stand there, or stood there before they were widened. */
static int32_t digits_of(const struct expr_node *node)
{
    while (node->kind == EXPR_NODE_CALL && strcmp(node->op->name, "cast") == 0 &&
           (node->type.id == EXPR_INT8 || node->type.id == EXPR_INT4) &&
           (node->args[0]->type.id == EXPR_INT4 || node->args[0]->type.id == EXPR_INT2))
        node = node->args[0];
    return node->type.id == EXPR_INT2 ? 5 : node->type.id == EXPR_INT4 ? 10 : 19;
}

/* Each of them has room in the decimal. */
static bool is_widening(const struct expr_node *node)
{
    return strcmp(node->op->name, "cast") == 0 && node->type.id == EXPR_DECIMAL &&
           node->args[0]->type.id == EXPR_INT8 &&
           node->type.precision - node->type.scale >= digits_of(node->args[0]);
}

static bool never_fails(const struct expr_node *node, int *visits)
{
    if (node->kind != EXPR_NODE_CALL)
        return true;
    bool sure = ++*visits < VISITS_MAX && (!(node->op->flags & EXPR_OP_MASKED) ||
                                           node->op->flags & EXPR_OP_SURE || is_widening(node));
    for (uint32_t i = 0; sure && i < node->n_args; i++)
        sure = never_fails(node->args[i], visits);
    return sure;
}

static bool is_sure(struct expr_source *source, const struct expr_ast *part)
{
    int visits = 0;
    struct expr_binder *binder = qetl_expr_new(source, sizeof *binder);
    if (!binder)
        return false;
    binder->source = source;
    const struct expr_node *node = qetl_expr_bind(binder, part);
    return node && node->type.id == EXPR_BOOL && never_fails(node, &visits);
}

static int part_add(struct expr_source *source, const struct expr_ast *part,
                    struct qetl_expr_conditions *out)
{
    const char *json = qetl_expr_tree_json(source, part);
    char *tree = json ? strdup(json) : NULL;
    if (tree)
        out->trees[out->n++] = tree;
    return tree ? 0 : -1;
}

static int parts_add(struct expr_source *source, struct expr_ast *tree,
                     struct qetl_expr_conditions *out)
{
    bool both = tree->kind == EXPR_AST_CALL && strcmp(tree->name, "and") == 0;
    struct expr_ast *const *parts = both ? tree->args : &tree;
    uint32_t n = both ? tree->n_args : 1;
    int failed = 0;
    out->trees = calloc(n, sizeof *out->trees);
    if (!out->trees)
        return -1;
    for (uint32_t i = 0; !failed && out->n == i && i < n; i++)
        if (is_sure(source, parts[i]))
            failed = part_add(source, parts[i], out);
    out->whole = out->n == n;
    return failed;
}

int qetl_expr_conditions(struct qetl_ctx *ctx, const char *text, const struct ArrowSchema *schema,
                         struct qetl_expr_conditions *out)
{
    static const struct qetl_host quiet = {.struct_size = sizeof quiet, .error = ignore_error};
    struct expr_arena arena = {0};
    struct expr_source source = {.ctx = ctx,
                                 .host = &quiet,
                                 .text = text,
                                 .size = strlen(text),
                                 .schema = schema,
                                 .arena = &arena};
    *out = (struct qetl_expr_conditions){0};
    struct expr_ast *tree = qetl_expr_session_open(&source) ? qetl_expr_parse(&source) : NULL;
    int failed = tree ? parts_add(&source, tree, out) : 0;
    qetl_expr_arena_free(&arena);
    if (failed)
        qetl_expr_conditions_free(out);
    return failed;
}

void qetl_expr_conditions_free(struct qetl_expr_conditions *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->trees[i]);
    free(c->trees);
    *c = (struct qetl_expr_conditions){0};
}
