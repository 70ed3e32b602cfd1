/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax tree, node by node. What stands right of AND and OR is bound under a guard: it is
 * needed only where the left has not decided. */
#include "bind.h"
#include "config/suggest.h"
#include "op.h"
#include "value/number.h"

#include <stdio.h>

enum { TERMS_MAX = 2000, NAMES_SHOWN = 3 };

/* ---- columns ---- */

/* "did you mean …", or the first columns there are. */
static void names_suggest(const struct ArrowSchema *schema, const char *name, char *out,
                          size_t size)
{
    struct qetl_suggest suggest;
    size_t used;

    qetl_suggest_init(&suggest, name);
    for (int64_t i = 0; i < schema->n_children; i++)
        qetl_suggest_offer(&suggest, schema->children[i]->name ? schema->children[i]->name : "");
    if (suggest.best) {
        snprintf(out, size, "did you mean \"%.80s\"?", suggest.best);
        return;
    }
    if (!schema->n_children) {
        snprintf(out, size,
                 "there are no columns here (an empty input has none); text stands in single "
                 "quotes: '%.80s'",
                 name);
        return;
    }
    used = (size_t)snprintf(out, size, "the columns are");
    for (int64_t i = 0; i < schema->n_children && used + 120 < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s \"%.80s\"", i ? "," : "",
                                 schema->children[i]->name ? schema->children[i]->name : "");
}

static struct expr_node *bind_column(struct expr_binder *b, const struct expr_ast *ast)
{
    const struct ArrowSchema *schema = b->source->schema;
    int64_t found = -1;
    struct expr_node *node;
    char mend[600], name[64];

    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *other = schema->children[i]->name;
        if (!other || strlen(other) != (size_t)ast->text.size ||
            memcmp(other, ast->text.data, (size_t)ast->text.size))
            continue;
        if (found >= 0)
            return qetl_expr_mistake(b->source, ast->span, "rename one of them in a step before",
                                     "two columns have this name");
        found = i;
    }
    if (found < 0) {
        snprintf(name, sizeof name, "%.*s", (int)(ast->text.size < 63 ? ast->text.size : 63),
                 ast->text.data);
        names_suggest(schema, name, mend, sizeof mend);
        return qetl_expr_mistake(b->source, ast->span, mend, "there is no column \"%s\"", name);
    }
    node = qetl_expr_column(b, found, ast->span);
    if (node && node->type.id == EXPR_UNKNOWN)
        return qetl_expr_mistake(
            b->source, ast->span, NULL,
            "the column's type (Arrow format \"%s\") is not known to expressions",
            schema->children[found]->format);
    return node;
}

/* ---- literals ---- */

static struct expr_node *bind_number(struct expr_binder *b, const struct expr_ast *ast, bool minus)
{
    struct expr_value value = {0};
    struct expr_text text = ast->text;
    struct expr_type type;
    int32_t precision, scale;

    if (minus) {
        char *copy = qetl_expr_new(b->source, (size_t)text.size + 1);
        if (!copy)
            return NULL;
        *copy = '-';
        memcpy(copy + 1, text.data, (size_t)text.size);
        text = (struct expr_text){copy, text.size + 1};
    }
    if (qetl_expr_parse_integer(text, &value.integer) == EXPR_PARSED) {
        type = expr_type_of(value.integer == (int32_t)value.integer ? EXPR_INT4 : EXPR_INT8);
        return qetl_expr_constant(b, type, &value, ast->span);
    }
    if (qetl_expr_measure_decimal(text, &precision, &scale) != EXPR_PARSED ||
        qetl_expr_parse_decimal(text, scale, &value.decimal) != EXPR_PARSED)
        return qetl_expr_mistake(b->source, ast->span, NULL,
                                 "this number needs more than %d digits", EXPR_DECIMAL_DIGITS);
    type = expr_type_decimal(precision, scale);
    return qetl_expr_constant(b, type, &value, ast->span);
}

static struct expr_node *bind_literal(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_value value = {.null = ast->kind == EXPR_AST_NULL};

    if (ast->kind == EXPR_AST_BOOLEAN) {
        value.boolean = ast->truth;
        return qetl_expr_constant(b, expr_type_of(EXPR_BOOL), &value, ast->span);
    }
    if (!value.null)
        value.text = ast->text;
    return qetl_expr_constant(b, expr_type_of(EXPR_UNKNOWN), &value, ast->span);
}

/* ---- AND and OR ---- */

static bool is_boolean_constant(const struct expr_node *node, bool truth)
{
    return node->kind == EXPR_NODE_CONSTANT && node->type.id == EXPR_BOOL && !node->value.null &&
           node->value.boolean == truth;
}

/* left OP right; the right's nodes lie under guard. */
static struct expr_node *logic_join(struct expr_binder *b, const char *name, struct expr_node *left,
                                    struct expr_node *right, struct expr_guard *guard,
                                    struct expr_span span)
{
    static const enum expr_type_id ids[2] = {EXPR_BOOL, EXPR_BOOL};
    struct expr_node *args[2] = {left, right}, *node;

    if (!right)
        return NULL;
    if (is_boolean_constant(left, *name == 'a'))
        return right;
    if (is_boolean_constant(right, *name == 'a'))
        return left;
    if (is_boolean_constant(left, *name != 'a') || is_boolean_constant(right, *name != 'a'))
        return is_boolean_constant(left, *name != 'a') ? left : right;
    node = qetl_expr_call(b, qetl_expr_op_find(name, 2, ids, EXPR_BOOL), expr_type_of(EXPR_BOOL),
                          span, args, NULL);
    return node && qetl_expr_guard_set(b, node, 1, guard) ? node : NULL;
}

struct expr_guard *qetl_expr_guard_enter(struct expr_binder *b, enum expr_sense sense,
                                         struct expr_node *condition)
{
    struct expr_guard *guard = qetl_expr_new(b->source, sizeof *guard);

    if (guard) {
        guard->parent = b->guard;
        guard->condition = condition;
        guard->sense = sense;
        b->guard = guard;
    }
    return guard;
}

bool qetl_expr_guard_set(struct expr_binder *b, struct expr_node *call, uint32_t k,
                         struct expr_guard *guard)
{
    if (!guard || call->kind != EXPR_NODE_CALL)
        return true;
    if (!call->guards)
        call->guards = qetl_expr_new(b->source, call->n_args * sizeof(struct expr_guard *));
    if (!call->guards)
        return false;
    if (!call->guards[k])
        call->guards[k] = guard;
    return true;
}

static struct expr_guard *logic_guard(struct expr_binder *b, const char *name,
                                      struct expr_node *condition)
{
    return qetl_expr_guard_enter(b, *name == 'a' ? EXPR_UNLESS_FALSE : EXPR_UNLESS_TRUE, condition);
}

static struct expr_node *bind_logic(struct expr_binder *b, const struct expr_ast *ast)
{
    const char *name = ast->name, *where = *name == 'a' ? "AND" : "OR";
    struct expr_guard *outer = b->guard;
    struct expr_node *node;

    if (ast->n_args > TERMS_MAX)
        return qetl_expr_mistake(b->source, ast->span, "use IN (…) for long lists of values",
                                 "more than %d conditions are joined by %s", TERMS_MAX, where);
    node = qetl_expr_boolean(b, qetl_expr_bind(b, ast->args[0]), where);
    for (uint32_t i = 1; i < ast->n_args && node; i++) {
        struct expr_guard *guard = NULL;
        if (!is_boolean_constant(node, *name == 'a')) {
            guard = logic_guard(b, name, node);
            if (!guard)
                node = NULL;
        }
        if (node)
            node = logic_join(b, name, node,
                              qetl_expr_boolean(b, qetl_expr_bind(b, ast->args[i]), where), guard,
                              expr_span_join(ast->args[0]->span, ast->args[i]->span));
    }
    b->guard = outer;
    return node;
}

/* ---- tests, ranges, lists ---- */

static struct expr_node *call_unary(struct expr_binder *b, const char *name, struct expr_node *arg,
                                    struct expr_span span)
{
    const struct expr_op *op;

    if (!arg)
        return NULL;
    op = qetl_expr_op_find(name, 1, &arg->type.id, EXPR_BOOL);
    assert(op);
    return qetl_expr_call(b, op, expr_type_of(EXPR_BOOL), span, &arg, NULL);
}

static struct expr_node *bind_test(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_type text = expr_type_of(EXPR_TEXT);
    struct expr_node *arg = qetl_expr_bind(b, ast->args[0]);

    if (!strcmp(ast->name, "is null"))
        arg = arg ? qetl_expr_settle(b, arg, &text) : NULL;
    else
        arg = qetl_expr_boolean(b, arg, strcmp(ast->name, "not") ? "IS TRUE" : "NOT");
    return call_unary(b, ast->name, arg, ast->span);
}

/* a IS DISTINCT FROM b: (a = b) IS NOT TRUE, and not both NULL. */
static struct expr_node *bind_distinct(struct expr_binder *b, const struct expr_ast *ast)
{
    static const enum expr_type_id ids[2] = {EXPR_BOOL, EXPR_BOOL};
    struct expr_type text = expr_type_of(EXPR_TEXT);
    struct expr_node *left = qetl_expr_bind(b, ast->args[0]);
    struct expr_node *right = left ? qetl_expr_bind(b, ast->args[1]) : NULL;
    struct expr_node *equal = qetl_expr_compare(b, "=", ast->span, left, right), *nulls[2],
                     *both[2];
    const struct expr_op *conjunction = qetl_expr_op_find("and", 2, ids, EXPR_BOOL);

    if (!equal)
        return NULL;
    both[0] = call_unary(b, "not", call_unary(b, "is true", equal, ast->span), ast->span);
    nulls[0] = call_unary(b, "is null", qetl_expr_settle(b, left, &text), ast->span);
    nulls[1] = call_unary(b, "is null", qetl_expr_settle(b, right, &text), ast->span);
    both[1] = call_unary(
        b, "not", qetl_expr_call(b, conjunction, expr_type_of(EXPR_BOOL), ast->span, nulls, NULL),
        ast->span);
    return qetl_expr_call(b, conjunction, expr_type_of(EXPR_BOOL), ast->span, both, NULL);
}

/* x BETWEEN a AND b is x >= a AND x <= b, each part once. */
static struct expr_node *bind_between(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_guard *outer = b->guard, *guard;
    struct expr_node *node = qetl_expr_bind(b, ast->args[0]);
    struct expr_node *low = node ? qetl_expr_bind(b, ast->args[1]) : NULL;
    struct expr_node *left = qetl_expr_compare(b, ">=", ast->span, node, low), *high;

    if (!left)
        return NULL;
    guard = logic_guard(b, "and", left);
    if (!guard)
        return NULL;
    high = qetl_expr_bind(b, ast->args[2]);
    node = logic_join(b, "and", left, qetl_expr_compare(b, "<=", ast->span, node, high), guard,
                      ast->span);
    b->guard = outer;
    return node;
}

/* All items to one type; false: some item is no constant, or there is no set for the type. */
static bool items_settle(struct expr_binder *b, struct expr_node **node, uint32_t n,
                         struct expr_node **items)
{
    struct expr_type common = (*node)->type;

    for (uint32_t i = 0; i < n; i++) {
        if (items[i]->kind != EXPR_NODE_CONSTANT)
            return false;
        items[i] = qetl_expr_promote(b, items[i]);
        if (!items[i])
            return false;
        if (items[i]->type.id != EXPR_UNKNOWN) {
            bool typed = common.id != EXPR_UNKNOWN;
            common = qetl_expr_common(&common, &items[i]->type);
            if (typed && common.id == EXPR_UNKNOWN)
                return false; /* text among numbers: the comparison says so */
        } else if (!items[i]->value.null && common.id == EXPR_DECIMAL)
            return false; /* a literal's own scale: compared one by one */
    }
    if (common.id == EXPR_UNKNOWN && (*node)->type.id == EXPR_UNKNOWN)
        common = expr_type_of(EXPR_TEXT);
    if (!qetl_expr_op_find("in", 1, &common.id, EXPR_BOOL))
        return false;
    *node = qetl_expr_align(b, qetl_expr_settle(b, *node, &common), common);
    for (uint32_t i = 0; i < n && *node; i++) {
        items[i] = qetl_expr_align(b, qetl_expr_settle(b, items[i], &common), common);
        if (!items[i])
            *node = NULL;
    }
    return *node != NULL;
}

static struct expr_node *bind_alternatives(struct expr_binder *b, const struct expr_ast *ast,
                                           struct expr_node *node, struct expr_node **items)
{
    struct expr_guard *outer = b->guard;
    struct expr_node *any = NULL;

    for (uint32_t i = 0; i + 1 < ast->n_args; i++) {
        struct expr_guard *guard = any ? logic_guard(b, "or", any) : NULL;
        struct expr_node *equal;
        if (!items[i])
            items[i] = qetl_expr_bind(b, ast->args[i + 1]);
        equal = qetl_expr_compare(b, "=", ast->args[i + 1]->span, node, items[i]);
        any = any && equal ? logic_join(b, "or", any, equal, guard, ast->span) : equal;
        if (!any)
            break;
    }
    b->guard = outer;
    return any;
}

static bool is_literal(const struct expr_ast *ast)
{
    while (ast->kind == EXPR_AST_CAST ||
           (ast->kind == EXPR_AST_CALL && ast->n_args == 1 && strcmp(ast->name, "negate") == 0))
        ast = ast->args[0];
    return ast->kind != EXPR_AST_COLUMN && ast->kind != EXPR_AST_CALL;
}

static struct expr_node *bind_in(struct expr_binder *b, const struct expr_ast *ast)
{
    uint32_t n = ast->n_args - 1;
    struct expr_node *node = qetl_expr_promote(b, qetl_expr_bind(b, ast->args[0]));
    struct expr_node **items = qetl_expr_new(b->source, n * sizeof(struct expr_node *));
    struct expr_node *aligned = node;
    bool constant = true;

    if (!node || !items)
        return NULL;
    for (uint32_t i = 0; i < n && constant; i++)
        constant = is_literal(ast->args[i + 1]);
    for (uint32_t i = 0; i < n && constant; i++) {
        items[i] = qetl_expr_bind(b, ast->args[i + 1]);
        if (!items[i])
            return NULL;
    }
    /* One item is a comparison, also in what NULL makes of it. */
    if (n > 1 && constant && items_settle(b, &aligned, n, items))
        return qetl_expr_in(b, aligned, n, items, ast->span);
    if (b->source->status)
        return NULL;
    if (n > TERMS_MAX)
        return qetl_expr_mistake(
            b->source, ast->span, "cast the list's values to the column's type",
            "a list of more than %d values must hold constants of one type", TERMS_MAX);
    return bind_alternatives(b, ast, node, items);
}

/* ---- dispatch ---- */

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

/* A number and the signs before it are one literal: -2147483648 is an integer. */
static bool is_signed_number(const struct expr_ast *ast, bool *minus,
                             const struct expr_ast **number)
{
    for (*minus = false; ast->kind == EXPR_AST_CALL && !ast->function; ast = ast->args[0]) {
        if (!strcmp(ast->name, "negate"))
            *minus = !*minus;
        else if (strcmp(ast->name, "plus") != 0)
            return false;
    }
    *number = ast;
    return ast->kind == EXPR_AST_NUMBER;
}

/* The arguments, and the call of an operation of the table. */
static struct expr_node *bind_table(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_node **args;

    if (ast->n_args > EXPR_CALL_ARGS_MAX)
        return qetl_expr_mistake(b->source, ast->span, NULL, "a function has at most %d arguments",
                                 EXPR_CALL_ARGS_MAX);
    args = qetl_expr_new(b->source, (ast->n_args + 1) * sizeof(struct expr_node *));
    if (!args)
        return NULL;
    for (uint32_t i = 0; i < ast->n_args; i++) {
        args[i] = qetl_expr_bind(b, ast->args[i]);
        if (!args[i])
            return NULL;
    }
    return qetl_expr_function(b, ast->name, ast->span, ast->n_args, args, !ast->function);
}

static struct expr_node *bind_special(struct expr_binder *b, const struct expr_ast *ast,
                                      const struct expr_special *special)
{
    return qetl_expr_special_takes(b->source, special, ast) ? special->bind(b, ast) : NULL;
}

static struct expr_node *bind_operator(struct expr_binder *b, const struct expr_ast *ast)
{
    static const char *const comparisons[] = {"=", "<>", "<", "<=", ">", ">=", NULL};
    static const char *const signs[] = {"negate", "plus", NULL};
    const struct expr_ast *number;
    bool minus;
    struct expr_node *left, *right;

    if (is_signed_number(ast, &minus, &number))
        return bind_number(b, number, minus);
    left = qetl_expr_bind(b, ast->args[0]);
    if (!left)
        return NULL;
    if (is_one_of(ast->name, signs))
        return qetl_expr_negate(b, ast, left);
    right = qetl_expr_bind(b, ast->args[1]);
    if (is_one_of(ast->name, comparisons))
        return qetl_expr_compare(b, ast->name, ast->span, left, right);
    if (!strcmp(ast->name, "||"))
        return qetl_expr_concat(b, ast->span, left, right);
    return qetl_expr_arithmetic(b, ast, left, right);
}

static struct expr_node *bind_call(struct expr_binder *b, const struct expr_ast *ast)
{
    static const char *const logic[] = {"and", "or", NULL};
    static const char *const built_in[] = {"=", "<>", "<", "<=", ">",      ">=",   "+", "-",
                                           "*", "/",  "%", "||", "negate", "plus", NULL};
    static const char *const tests[] = {"not", "is null", "is true", "is false", NULL};

    const struct expr_special *special = qetl_expr_special_find(ast->name);

    if (special)
        return bind_special(b, ast, special);
    if (ast->function)
        return bind_table(b, ast);
    if (is_one_of(ast->name, logic))
        return bind_logic(b, ast);
    if (is_one_of(ast->name, tests))
        return bind_test(b, ast);
    if (!strcmp(ast->name, "is distinct from"))
        return bind_distinct(b, ast);
    if (!strcmp(ast->name, "between"))
        return bind_between(b, ast);
    if (!strcmp(ast->name, "in"))
        return bind_in(b, ast);
    if (is_one_of(ast->name, built_in))
        return bind_operator(b, ast);
    return bind_table(b, ast);
}

struct expr_node *qetl_expr_bind(struct expr_binder *b, const struct expr_ast *ast)
{
    switch (ast->kind) {
    case EXPR_AST_COLUMN:
        return bind_column(b, ast);
    case EXPR_AST_NUMBER:
        return bind_number(b, ast, false);
    case EXPR_AST_CAST:
        return qetl_expr_cast(b, qetl_expr_bind(b, ast->args[0]), ast->type, ast->any_scale,
                              ast->span);
    case EXPR_AST_CALL:
        return bind_call(b, ast);
    default:
        return bind_literal(b, ast);
    }
}
