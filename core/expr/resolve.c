/* SPDX-License-Identifier: Apache-2.0 */
/* Operators and their types. */
#include "bind.h"
#include "op.h"

#include <stdio.h>

enum { QUOTIENT_DIGITS = 16 };

static struct expr_node *no_operator(struct expr_binder *b, const char *name, struct expr_span span,
                                     const struct expr_node *left, const struct expr_node *right)
{
    char l[EXPR_TYPE_NAME_MAX], r[EXPR_TYPE_NAME_MAX];
    bool text =
        (qetl_expr_is_wordy(&left->type) && expr_type_is_numeric(right->type.id)) ||
        (qetl_expr_is_wordy(&right->type) && expr_type_is_numeric(left->type.id)) ||
        (left->type.id == EXPR_TEXT && right->type.id == EXPR_TEXT && strchr("+-*/%", *name));
    struct expr_wanted wanted = {.mend = "convert one side with CAST"};

    if (text && qetl_expr_is_wordy(&left->type))
        qetl_expr_wanted_number(b, left, &wanted);
    else if (text)
        qetl_expr_wanted_number(b, right, &wanted);
    return qetl_expr_mistake(b->source, span, wanted.mend, "there is no %s %s %s%s",
                             qetl_expr_type_name(&left->type, l, sizeof l), name,
                             qetl_expr_type_name(&right->type, r, sizeof r), wanted.what);
}

static struct expr_node *call_binary(struct expr_binder *b, const char *name, struct expr_type type,
                                     struct expr_span span, struct expr_node *left,
                                     struct expr_node *right)
{
    struct expr_node *args[2] = {left, right};
    enum expr_type_id ids[2];
    const struct expr_op *op;

    if (!left || !right)
        return NULL;
    ids[0] = left->type.id;
    ids[1] = right->type.id;
    op = qetl_expr_op_find(name, 2, ids, EXPR_UNKNOWN);
    if (!op)
        return no_operator(b, name, span, left, right);
    if (type.id == EXPR_UNKNOWN)
        type = expr_type_of(op->result);
    return qetl_expr_call(b, op, type, span, args, NULL);
}

static int32_t at_most(int32_t value, int32_t limit)
{
    return value < limit ? value : limit;
}

/* The decimal type of left OP right, the scales as they are; false: no decimal has that scale. */
static bool decimal_result(char symbol, const struct expr_type *left, const struct expr_type *right,
                           struct expr_type *out)
{
    int32_t whole_left = left->precision - left->scale,
            whole_right = right->precision - right->scale;
    int32_t scale = left->scale > right->scale ? left->scale : right->scale;
    int32_t whole = whole_left > whole_right ? whole_left : whole_right;

    if (symbol == '+' || symbol == '-') {
        whole++;
    } else if (symbol == '*') {
        scale = left->scale + right->scale;
        whole = whole_left + whole_right;
    } else if (symbol == '/') {
        scale = scale > QUOTIENT_DIGITS ? scale : QUOTIENT_DIGITS;
        whole = whole_left + right->scale;
    }
    if (scale > EXPR_DECIMAL_DIGITS)
        return false;
    *out = expr_type_decimal(at_most(whole + scale > 0 ? whole + scale : 1, EXPR_DECIMAL_DIGITS),
                             scale);
    return true;
}

/* Sums and remainders compute at one scale. */
static struct expr_node *rescale(struct expr_binder *b, struct expr_node *node, int32_t scale)
{
    int32_t whole;

    if (!node || node->type.scale == scale)
        return node;
    whole = node->type.precision - node->type.scale;
    return qetl_expr_cast(b, node,
                          expr_type_decimal(at_most(whole + scale, EXPR_DECIMAL_DIGITS), scale),
                          false, node->span);
}

static struct expr_node *decimal_arithmetic(struct expr_binder *b, const struct expr_ast *ast,
                                            struct expr_node *left, struct expr_node *right)
{
    struct expr_type type;

    left = qetl_expr_cast(b, left, expr_type_of(EXPR_DECIMAL), true, ast->span);
    right = qetl_expr_cast(b, right, expr_type_of(EXPR_DECIMAL), true, ast->span);
    if (!left || !right)
        return NULL;
    if (!decimal_result(*ast->name, &left->type, &right->type, &type))
        return qetl_expr_mistake(b->source, ast->span,
                                 "round one side first: CAST(… AS decimal(18,4))",
                                 "the product would need %d digits behind the point; there are %d",
                                 left->type.scale + right->type.scale, EXPR_DECIMAL_DIGITS);
    if (*ast->name != '*' && *ast->name != '/') {
        left = rescale(b, left, type.scale);
        right = rescale(b, right, type.scale);
    }
    return call_binary(b, ast->name, type, ast->span, left, right);
}

struct expr_node *qetl_expr_arithmetic(struct expr_binder *b, const struct expr_ast *ast,
                                       struct expr_node *left, struct expr_node *right)
{
    struct expr_type common;
    struct expr_node *node;

    if (!left || !right)
        return NULL;
    if (expr_type_is_moment(left->type.id) || expr_type_is_moment(right->type.id)) {
        if (!qetl_expr_settle_moments(b, *ast->name, &left, &right))
            return NULL;
        node = call_binary(b, ast->name, expr_type_of(EXPR_UNKNOWN), ast->span, left, right);
        /* interval + timestamp is timestamp + interval: also in which side fails first. */
        if (node && left->type.id == EXPR_INTERVAL && expr_type_is_moment(right->type.id))
            node->reversed = right->type.id != EXPR_INTERVAL;
        return node;
    }
    if (left->type.id == EXPR_UNKNOWN && right->type.id == EXPR_UNKNOWN)
        return qetl_expr_mistake(b->source, ast->span, "write numbers without quotes",
                                 "%s between two untyped values has no meaning", ast->name);
    left = qetl_expr_promote(b, left);
    right = qetl_expr_promote(b, right);
    left = left && right ? qetl_expr_settle(b, left, &right->type) : NULL;
    right = left && right ? qetl_expr_settle(b, right, &left->type) : NULL;
    if (!left || !right)
        return NULL;
    if (!expr_type_is_numeric(left->type.id) || !expr_type_is_numeric(right->type.id))
        return no_operator(b, ast->name, ast->span, left, right);
    common = qetl_expr_common(&left->type, &right->type);
    if (common.id == EXPR_DECIMAL)
        return decimal_arithmetic(b, ast, left, right);
    left = qetl_expr_cast(b, left, common, false, left->span);
    right = qetl_expr_cast(b, right, common, false, right->span);
    return call_binary(b, ast->name, common, ast->span, left, right);
}

struct expr_node *qetl_expr_negate(struct expr_binder *b, const struct expr_ast *ast,
                                   struct expr_node *arg)
{
    struct expr_type real = expr_type_of(EXPR_FLOAT8);
    char name[EXPR_TYPE_NAME_MAX];
    const struct expr_op *op;

    arg = qetl_expr_promote(b, arg);
    arg = arg ? qetl_expr_settle(b, arg, &real) : NULL;
    if (!arg)
        return NULL;
    op = qetl_expr_op_find("negate", 1, &arg->type.id, EXPR_UNKNOWN);
    if (!op) {
        struct expr_wanted wanted = {.what = ""};
        if (qetl_expr_is_wordy(&arg->type))
            qetl_expr_wanted_number(b, arg, &wanted);
        return qetl_expr_mistake(b->source, ast->span, *wanted.mend ? wanted.mend : NULL,
                                 "a sign before %s has no meaning%s",
                                 qetl_expr_type_name(&arg->type, name, sizeof name), wanted.what);
    }
    return !strcmp(ast->name, "plus") ? arg
                                      : qetl_expr_call(b, op, arg->type, ast->span, &arg, NULL);
}

/* A text compared with a constant is looked up in a set of one, which compares views as words. */
static struct expr_node *compare_text(struct expr_binder *b, const char *name,
                                      struct expr_span span, struct expr_node *left,
                                      struct expr_node *right)
{
    struct expr_node *constant = left->kind == EXPR_NODE_CONSTANT ? left : right;
    struct expr_node *other = constant == left ? right : left, *found;
    const enum expr_type_id boolean = EXPR_BOOL;

    if (constant->kind != EXPR_NODE_CONSTANT || constant->value.null ||
        other->kind == EXPR_NODE_CONSTANT)
        return call_binary(b, name, expr_type_of(EXPR_BOOL), span, left, right);
    found = qetl_expr_in(b, other, 1, &constant, span);
    if (!found || *name == '=')
        return found;
    return qetl_expr_call(b, qetl_expr_op_find("not", 1, &boolean, EXPR_BOOL),
                          expr_type_of(EXPR_BOOL), span, &found, NULL);
}

struct expr_node *qetl_expr_compare(struct expr_binder *b, const char *name, struct expr_span span,
                                    struct expr_node *left, struct expr_node *right)
{
    struct expr_type common, text = expr_type_of(EXPR_TEXT);

    left = qetl_expr_promote(b, left);
    right = qetl_expr_promote(b, right);
    if (!left || !right)
        return NULL;
    left = qetl_expr_settle(b, left, right->type.id == EXPR_UNKNOWN ? &text : &right->type);
    right = left ? qetl_expr_settle(b, right, &left->type) : NULL;
    if (!left || !right)
        return NULL;
    common = qetl_expr_common(&left->type, &right->type);
    if (common.id == EXPR_UNKNOWN || common.id == EXPR_OPAQUE)
        return no_operator(b, name, span, left, right);
    left = qetl_expr_align(b, left, common);
    right = qetl_expr_align(b, right, common);
    if (left && right && common.id == EXPR_TEXT && (*name == '=' || !strcmp(name, "<>")))
        return compare_text(b, name, span, left, right);
    if (*name == '>') {
        struct expr_node *node =
            call_binary(b, name[1] ? "<=" : "<", expr_type_of(EXPR_BOOL), span, right, left);
        if (node)
            node->reversed = true;
        return node;
    }
    return call_binary(b, name, expr_type_of(EXPR_BOOL), span, left, right);
}

struct expr_node *qetl_expr_concat(struct expr_binder *b, struct expr_span span,
                                   struct expr_node *left, struct expr_node *right)
{
    struct expr_type text = expr_type_of(EXPR_TEXT);

    if (!left || !right)
        return NULL;
    if (left->type.id != EXPR_TEXT && left->type.id != EXPR_UNKNOWN &&
        right->type.id != EXPR_TEXT && right->type.id != EXPR_UNKNOWN)
        return no_operator(b, "||", span, left, right);
    /* PostgreSQL merges these, where text would be taken for granted here */
    if ((left->type.id == EXPR_JSONB && right->type.id == EXPR_UNKNOWN) ||
        (right->type.id == EXPR_JSONB && left->type.id == EXPR_UNKNOWN))
        return qetl_expr_mistake(b->source, span, "CAST(… AS text) what is to be joined as text",
                                 "jsonb cannot be merged by ||");
    left = qetl_expr_cast(b, left, text, false, left->span);
    right = qetl_expr_cast(b, right, text, false, right->span);
    return call_binary(b, "||", text, span, left, right);
}

struct expr_node *qetl_expr_boolean(struct expr_binder *b, struct expr_node *node,
                                    const char *where)
{
    struct expr_type type = expr_type_of(EXPR_BOOL);
    char name[EXPR_TYPE_NAME_MAX];

    node = node ? qetl_expr_settle(b, node, &type) : NULL;
    if (!node || node->type.id == EXPR_BOOL)
        return node;
    return qetl_expr_mistake(b->source, node->span,
                             "compare it with something, or CAST it AS boolean",
                             "%s needs a boolean here, not %s", where,
                             qetl_expr_type_name(&node->type, name, sizeof name));
}
