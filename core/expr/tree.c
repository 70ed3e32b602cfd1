/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax tree as JSON, for plugins that push predicates down:
 *   {"column": "name"} | {"null": true} | {"boolean": true} | {"number": "1.50"} | {"text": "DE"}
 *   {"cast": "bigint", "arg": …} | {"call": "and", "args": […]}
 * Numbers are text, so that no reader rounds them. A type cast to without precision is "decimal".
 */
#include "ast.h"

#include <stdio.h>
#include <string.h>

/* Without `data` it only counts. */
struct json {
    char *data;
    size_t size;
};

static void json_put(struct json *j, const char *text, size_t size)
{
    if (j->data)
        memcpy(j->data + j->size, text, size);
    j->size += size;
}

static void json_word(struct json *j, const char *text)
{
    json_put(j, text, strlen(text));
}

static void json_text(struct json *j, const char *text, size_t size)
{
    char escape[8];

    json_word(j, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 32 && c != '"' && c != '\\') {
            json_put(j, text + i, 1);
            continue;
        }
        snprintf(escape, sizeof escape, c < 32 ? "\\u%04x" : "\\%c", c);
        json_word(j, escape);
    }
    json_word(j, "\"");
}

static void json_node(struct json *j, const struct expr_ast *ast);

static void json_call(struct json *j, const struct expr_ast *ast)
{
    json_word(j, "{\"call\":");
    json_text(j, ast->name, strlen(ast->name));
    json_word(j, ",\"args\":[");
    for (uint32_t i = 0; i < ast->n_args; i++) {
        if (i)
            json_word(j, ",");
        json_node(j, ast->args[i]);
    }
    json_word(j, "]}");
}

static void json_cast(struct json *j, const struct expr_ast *ast)
{
    char name[EXPR_TYPE_NAME_MAX];

    json_word(j, "{\"cast\":\"");
    json_word(j, ast->any_scale ? "decimal" : qetl_expr_type_name(&ast->type, name, sizeof name));
    json_word(j, "\",\"arg\":");
    json_node(j, ast->args[0]);
    json_word(j, "}");
}

static void json_leaf(struct json *j, const char *kind, const struct expr_ast *ast)
{
    json_word(j, "{\"");
    json_word(j, kind);
    json_word(j, "\":");
    if (ast->kind == EXPR_AST_NULL)
        json_word(j, "true");
    else if (ast->kind == EXPR_AST_BOOLEAN)
        json_word(j, ast->truth ? "true" : "false");
    else
        json_text(j, ast->text.data, (size_t)ast->text.size);
    json_word(j, "}");
}

static void json_node(struct json *j, const struct expr_ast *ast)
{
    static const char *const leaves[] = {
        [EXPR_AST_COLUMN] = "column",   [EXPR_AST_NUMBER] = "number", [EXPR_AST_STRING] = "text",
        [EXPR_AST_BOOLEAN] = "boolean", [EXPR_AST_NULL] = "null",
    };

    if (ast->kind == EXPR_AST_CALL)
        json_call(j, ast);
    else if (ast->kind == EXPR_AST_CAST)
        json_cast(j, ast);
    else
        json_leaf(j, leaves[ast->kind], ast);
}

const char *qetl_expr_tree_json(struct expr_source *source, const struct expr_ast *tree)
{
    struct json j = {0};

    json_node(&j, tree);
    j.data = qetl_expr_new(source, j.size + 1);
    j.size = 0;
    if (j.data)
        json_node(&j, tree);
    return j.data;
}
