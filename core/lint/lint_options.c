/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about single options: secrets, paths, words that are no variables, expressions. */
#include "lint.h"

#include "calculator.h"
#include "config/pointer.h"
#include "config/schema_visit.h"
#include "expr/syntax.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options and what their schemas say of them ---- */

/* Of a component, then of its format. */
static void visit_node(const struct qetl_visit *visit, struct qetl_lint *lint, size_t n)
{
    const struct qetl_node *node = &lint->pipeline->nodes[n];
    int bad = qetl_schema_visit(visit, node->use.plugin->options, node->use.options, "");
    if (node->format.plugin)
        bad |=
            qetl_schema_visit(visit, node->format.plugin->options, node->format.options, "/format");
    if (bad)
        qetl_findings_no_memory(lint->findings);
}

struct at_node {
    struct qetl_lint *lint;
    size_t node;
    const struct qetl_lint_expressions *expressions;
};

static void visit_expression(void *arg, const json_t *schema, const json_t *value,
                             const char *pointer)
{
    const struct at_node *at = arg;
    const char *format = json_string_value(json_object_get(schema, "format"));
    if (format && strcmp(format, "sql-expression") == 0 && json_is_string(value))
        at->expressions->visit(at->lint, at->expressions->arg, at->node, pointer,
                               json_string_value(value),
                               json_is_true(json_object_get(schema, "x-condition")));
}

void qetl_lint_expressions(struct qetl_lint *lint, size_t node,
                           const struct qetl_lint_expressions *expressions)
{
    struct at_node at = {lint, node, expressions};
    visit_node(&(struct qetl_visit){visit_expression, &at}, lint, node);
}

/* ---- secrets ---- */

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "scheme://name:password@host" */
static bool has_password(const char *text)
{
    const char *host = strstr(text, "://");
    if (!host)
        return false;
    const char *end = host + 3 + strcspn(host + 3, "/?#");
    const char *at = memchr(host + 3, '@', (size_t)(end - host - 3));
    const char *colon = at ? memchr(host + 3, ':', (size_t)(at - host - 3)) : NULL;
    return colon && colon + 1 < at;
}

/* A word of the alphabet of keys that begins as those of well-known services do. */
static bool is_key(const char *word, size_t size)
{
    static const struct {
        const char *begins;
        size_t least; /* bytes in all */
    } keys[] = {{"AKIA", 20},        {"ASIA", 20},   {"ghp_", 36},  {"gho_", 36},  {"ghs_", 36},
                {"github_pat_", 40}, {"glpat-", 20}, {"xoxb-", 20}, {"xoxp-", 20}, {"sk_live_", 24},
                {"sk-", 32},         {"AIza", 35},   {"eyJ", 60}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (begins_with(word, keys[i].begins) && size >= keys[i].least)
            return true;
    return false;
}

static bool looks_like_secret(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    for (const char *word = text; *(word += strcspn(word, letters)); word += strspn(word, letters))
        if (is_key(word, strspn(word, letters)))
            return true;
    if (begins_with(text, "Bearer ") && strlen(text) >= 20 && !strchr(text + 7, ' '))
        return true;
    return (begins_with(text, "-----BEGIN ") && strstr(text, "PRIVATE KEY")) || has_password(text);
}

/* What stands in the file as it is, and not by default or by a placeholder. */
static bool is_literal(const struct at_node *at, const char *pointer)
{
    char *whole;
    if (asprintf(&whole, "/%s%s", at->lint->pipeline->nodes[at->node].path, pointer) < 0)
        return false;
    *strchr(whole, '.') = '/'; /* "/sources.orders/password" */
    bool literal = qetl_pointer_get(qetl_document_root(at->lint->document), whole) &&
                   !qetl_document_is_expanded(at->lint->document, whole);
    free(whole);
    return literal;
}

/* ---- words ---- */

static const char *bare_variable(const char *text, size_t *size)
{
    for (const char *at = strchr(text, '$'); at; at = strchr(at + 1, '$')) {
        *size = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (*size > 1 && !isdigit((unsigned char)at[1]) && !isalnum((unsigned char)at[1 + *size]))
            return at + 1;
    }
    return NULL;
}

static void visit_text(const struct at_node *at, const json_t *schema, const char *text,
                       const char *pointer)
{
    bool secret = json_is_true(json_object_get(schema, "secret"));
    size_t size;
    if (*text && (secret || looks_like_secret(text)))
        qetl_finding_mend(
            qetl_lint_option(at->lint, QETL_RULE_PLAIN_SECRET, at->node, pointer,
                             secret ? "a secret stands in the file" : "this looks like a secret"),
            "write ${secret:NAME}, and give its value by the environment or by a "
            "file in --secrets-dir");
    if (secret || json_object_get(schema, "format"))
        return;
    const char *name = bare_variable(text, &size);
    if (name)
        qetl_finding_mend(qetl_lint_option(at->lint, QETL_RULE_UNEXPANDED, at->node, pointer,
                                           "$%.*s is not replaced", (int)size, name),
                          "write ${%.*s}", (int)size, name);
    else if (begins_with(text, "~/"))
        qetl_finding_mend(qetl_lint_option(at->lint, QETL_RULE_UNEXPANDED, at->node, pointer,
                                           "~ is a folder of that name here"),
                          "write ${HOME}%s", text + 1);
}

static void visit_option(void *arg, const json_t *schema, const json_t *value, const char *pointer)
{
    const struct at_node *at = arg;
    if (!is_literal(at, pointer))
        return;
    if (json_is_true(json_object_get(schema, "deprecated"))) {
        const char *says = json_string_value(json_object_get(schema, "description"));
        struct qetl_finding *finding =
            qetl_lint_option(at->lint, QETL_RULE_DEPRECATED, at->node, pointer,
                             "`%s` is deprecated", strrchr(pointer, '/') + 1);
        if (finding && says)
            qetl_finding_mend(finding, "%s", says);
    }
    if (json_is_string(value))
        visit_text(at, schema, json_string_value(value), pointer);
}

/* ---- expressions ---- */

static bool is_null(const json_t *tree)
{
    return json_is_true(json_object_get(tree, "null"));
}

/* NOT IN of a list with NULL: not one of the others, and yet perhaps the one that is unknown. */
static bool is_not_in_null(const char *call, const json_t *args)
{
    const json_t *in = json_array_get(args, 0), *list = json_object_get(in, "args");
    const char *below = json_string_value(json_object_get(in, "call"));
    bool found = false;
    for (size_t i = 1; i < json_array_size(list); i++)
        found |= is_null(json_array_get(list, i));
    return found && strcmp(call, "not") == 0 && below && strcmp(below, "in") == 0;
}

/* The first comparison with NULL, in writing order. */
static const char *null_comparison(const json_t *tree)
{
    static const char *const comparisons[] = {"=", "<>", "!=", "<", ">", "<=", ">="};
    const char *call = json_string_value(json_object_get(tree, "call"));
    const json_t *args = json_object_get(tree, "args");
    size_t i;
    json_t *arg;
    for (size_t c = 0; call && c < sizeof comparisons / sizeof comparisons[0]; c++)
        if (strcmp(call, comparisons[c]) == 0 &&
            (is_null(json_array_get(args, 0)) || is_null(json_array_get(args, 1))))
            return call;
    if (call && is_not_in_null(call, args))
        return "NOT IN";
    const char *below = json_is_object(json_object_get(tree, "arg"))
                            ? null_comparison(json_object_get(tree, "arg"))
                            : NULL;
    json_array_foreach (args, i, arg)
        if (!below)
            below = null_comparison(arg);
    return below;
}

/* A condition without columns: what it is, it is for every row. */
static void constant_condition(struct qetl_lint *lint, size_t node, const char *pointer,
                               const char *text)
{
    struct qetl_findings ignored = {0};
    struct qetl_calculated calculated;
    struct qetl_calculator *calculator = qetl_calculator_new();
    if (calculator && !qetl_calculator_evaluate(calculator, text, &calculated, &ignored)) {
        qetl_lint_option(lint, QETL_RULE_CONSTANT_CONDITION, node, pointer,
                         "the condition is %s for every row",
                         calculated.value ? calculated.value : "NULL");
        qetl_calculated_free(&calculated);
    }
    qetl_calculator_free(calculator);
    qetl_findings_free(&ignored);
}

static void look_at_expression(struct qetl_lint *lint, void *arg, size_t node, const char *pointer,
                               const char *text, bool condition)
{
    char *syntax = qetl_expr_syntax_tree(text);
    json_t *tree = syntax ? json_loads(syntax, JSON_DECODE_ANY, NULL) : NULL;
    const char *call = tree ? null_comparison(tree) : NULL;
    (void)arg;
    if (call)
        qetl_finding_mend(qetl_lint_option(lint, QETL_RULE_NULL_COMPARISON, node, pointer,
                                           "a comparison with NULL by %s is never true", call),
                          strcmp(call, "NOT IN") == 0 ? "take NULL out of the list"
                                                      : "write IS NULL or IS NOT NULL");
    else if (tree && condition && !qetl_calculator_reads(tree))
        constant_condition(lint, node, pointer, text);
    json_decref(tree);
    free(syntax);
}

void qetl_lint_options(struct qetl_lint *lint)
{
    const struct qetl_lint_expressions expressions = {look_at_expression, NULL};
    for (size_t n = 0; n < lint->pipeline->n_nodes; n++) {
        struct at_node at = {lint, n, NULL};
        visit_node(&(struct qetl_visit){visit_option, &at}, lint, n);
        qetl_lint_expressions(lint, n, &expressions);
    }
}
