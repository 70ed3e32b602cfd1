/* SPDX-License-Identifier: Apache-2.0 */
/* Casts, written and implied. */
#include "bind.h"
#include "op.h"
#include "value/number.h"

#include <stdio.h>

static struct expr_node *cast_direct(struct expr_binder *b, const char *name,
                                     struct expr_node *node, struct expr_type type,
                                     struct expr_span span)
{
    const struct expr_op *op = qetl_expr_op_find(name, 1, &node->type.id, type.id);

    return op ? qetl_expr_call(b, op, type, span, &node, NULL) : NULL;
}

/* Digits that the values of an integer type need at most. */
static int32_t integer_digits(enum expr_type_id id)
{
    static const int32_t digits[EXPR_TYPES] = {
        [EXPR_INT1] = 3,  [EXPR_INT2] = 5,  [EXPR_INT4] = 10,  [EXPR_INT8] = 19,
        [EXPR_UINT1] = 3, [EXPR_UINT2] = 5, [EXPR_UINT4] = 10, [EXPR_UINT8] = 20,
    };

    return digits[id];
}

/* What stands between two types that have no direct cast; UNKNOWN: nothing. */
static struct expr_type stopover(enum expr_type_id from, enum expr_type_id to)
{
    if (from == EXPR_UINT8)
        return expr_type_decimal(20, 0);
    if (from == EXPR_BOOL && expr_type_is_integer(to))
        return expr_type_of(EXPR_INT4);
    if (from == EXPR_FLOAT4 && expr_type_is_integer(to))
        return expr_type_of(EXPR_FLOAT8);
    if (expr_type_is_float(from) && to == EXPR_UINT8)
        return expr_type_decimal(EXPR_DECIMAL_DIGITS, 0);
    if (from == EXPR_INT8 && to == EXPR_INT8)
        return expr_type_of(EXPR_UNKNOWN);
    if (expr_type_is_integer(from) && from != EXPR_INT8 &&
        (expr_type_is_numeric(to) || to == EXPR_TEXT || to == EXPR_BOOL))
        return expr_type_of(EXPR_INT8);
    if (expr_type_is_integer(to) && to != EXPR_INT8 &&
        (expr_type_is_numeric(from) || from == EXPR_TEXT))
        return expr_type_of(EXPR_INT8);
    return expr_type_of(EXPR_UNKNOWN);
}

/* Through as many stopovers as it takes; NULL without a mistake: there is no way. */
static struct expr_node *cast_route(struct expr_binder *b, struct expr_node *node,
                                    struct expr_type type, struct expr_span span)
{
    for (int hop = 0; hop < 4 && node; hop++) {
        struct expr_node *direct;
        struct expr_type via;
        if (qetl_expr_type_equal(&node->type, &type))
            return node;
        direct = cast_direct(b, "cast", node, type, span);
        if (direct || b->source->status)
            return direct;
        via = stopover(node->type.id, type.id);
        if (via.id == EXPR_UNKNOWN || via.id == node->type.id)
            return NULL;
        node = cast_direct(b, "cast", node, via, span);
    }
    return NULL;
}

static struct expr_node *no_cast(struct expr_binder *b, const struct expr_node *node,
                                 struct expr_type type, struct expr_span span)
{
    char from[EXPR_TYPE_NAME_MAX], to[EXPR_TYPE_NAME_MAX];

    return qetl_expr_mistake(b->source, span, NULL, "%s cannot be cast to %s",
                             qetl_expr_type_name(&node->type, from, sizeof from),
                             qetl_expr_type_name(&type, to, sizeof to));
}

/* The decimal that holds every value of the node. */
static bool any_decimal(struct expr_binder *b, const struct expr_node *node, struct expr_span span,
                        struct expr_type *type)
{
    char name[EXPR_TYPE_NAME_MAX];
    int32_t precision, scale;

    if (node->type.id == EXPR_DECIMAL) {
        *type = node->type;
        return true;
    }
    if (expr_type_is_integer(node->type.id)) {
        *type = expr_type_decimal(integer_digits(node->type.id), 0);
        return true;
    }
    if (node->type.id == EXPR_UNKNOWN && node->value.null)
        return true;
    if (node->type.id == EXPR_UNKNOWN) {
        if (qetl_expr_measure_decimal(node->value.text, &precision, &scale) == EXPR_PARSED)
            *type = expr_type_decimal(precision, scale);
        return true; /* else the cast itself reports it */
    }
    qetl_expr_mistake(b->source, span,
                      "say how many digits: decimal(p,s), for example decimal(18,4)",
                      "%s does not tell the scale of a decimal",
                      qetl_expr_type_name(&node->type, name, sizeof name));
    return false;
}

/* An untyped literal becomes a constant of the type, now; what cannot is a mistake even if no row
 * would ever need it. */
static struct expr_node *literal_cast(struct expr_binder *b, struct expr_node *node,
                                      struct expr_type type)
{
    struct expr_guard *guard = b->guard;
    struct expr_node *text, *cast;

    if (node->value.null || type.id == EXPR_TEXT)
        return qetl_expr_constant(b, type, &node->value, node->span);
    text = qetl_expr_constant(b, expr_type_of(EXPR_TEXT), &node->value, node->span);
    if (!text)
        return NULL;
    b->guard = NULL;
    cast = cast_route(b, text, type, node->span);
    b->guard = guard;
    return cast || b->source->status ? cast : no_cast(b, text, type, node->span);
}

struct expr_node *qetl_expr_cast(struct expr_binder *b, struct expr_node *node,
                                 struct expr_type type, bool any_scale, struct expr_span span)
{
    struct expr_node *cast;

    if (!node || (any_scale && !any_decimal(b, node, span, &type)))
        return NULL;
    if (node->type.id == EXPR_UNKNOWN)
        return literal_cast(b, node, type);
    cast = cast_route(b, node, type, span);
    return cast || b->source->status ? cast : no_cast(b, node, type, span);
}

struct expr_node *qetl_expr_settle(struct expr_binder *b, struct expr_node *node,
                                   const struct expr_type *other)
{
    if (!node || node->type.id != EXPR_UNKNOWN)
        return node;
    return qetl_expr_cast(b, node, *other, other->id == EXPR_DECIMAL, node->span);
}

struct expr_node *qetl_expr_align(struct expr_binder *b, struct expr_node *node,
                                  struct expr_type type)
{
    struct expr_node *aligned;

    if (node && type.id == EXPR_DECIMAL) {
        if (expr_type_is_integer(node->type.id))
            node = qetl_expr_cast(b, node, type, true, node->span);
        if (node && node->type.scale == type.scale)
            return node;
    }
    if (!node || (node->type.id == type.id && type.id != EXPR_DECIMAL))
        return node;
    aligned = cast_direct(b, "align", node, type, node->span);
    if (aligned || b->source->status)
        return aligned;
    return qetl_expr_cast(b, node, type, false, node->span);
}

struct expr_node *qetl_expr_promote(struct expr_binder *b, struct expr_node *node)
{
    static const enum expr_type_id wider[EXPR_TYPES] = {
        [EXPR_INT1] = EXPR_INT2,  [EXPR_UINT1] = EXPR_INT2,    [EXPR_UINT2] = EXPR_INT4,
        [EXPR_UINT4] = EXPR_INT8, [EXPR_UINT8] = EXPR_DECIMAL,
    };
    struct expr_type type;

    if (!node || wider[node->type.id] == EXPR_UNKNOWN)
        return node;
    type = expr_type_of(wider[node->type.id]);
    if (type.id == EXPR_DECIMAL)
        type = expr_type_decimal(20, 0);
    return cast_route(b, node, type, node->span);
}

static struct expr_type common_numeric(const struct expr_type *a, const struct expr_type *b)
{
    const struct expr_type *integer = a->id == EXPR_DECIMAL ? b : a;
    const struct expr_type *other = integer == a ? b : a;
    int32_t scale = a->scale > b->scale ? a->scale : b->scale, whole;

    if (expr_type_is_float(a->id) || expr_type_is_float(b->id))
        return expr_type_of(a->id == EXPR_FLOAT4 && b->id == EXPR_FLOAT4 ? EXPR_FLOAT4
                                                                         : EXPR_FLOAT8);
    if (other->id != EXPR_DECIMAL)
        return expr_type_of(a->id > b->id ? a->id : b->id);
    whole = integer->id == EXPR_DECIMAL ? integer->precision - integer->scale
                                        : integer_digits(integer->id);
    if (whole < other->precision - other->scale)
        whole = other->precision - other->scale;
    return expr_type_decimal(
        whole + scale < EXPR_DECIMAL_DIGITS ? whole + scale : EXPR_DECIMAL_DIGITS, scale);
}

/* Dates and both timestamps compare, each as the next. */
static bool is_calendar(enum expr_type_id id)
{
    return id == EXPR_DATE || id == EXPR_TIMESTAMP || id == EXPR_TIMESTAMPTZ;
}

struct expr_type qetl_expr_common(const struct expr_type *a, const struct expr_type *b)
{
    if (a->id == EXPR_UNKNOWN && b->id == EXPR_UNKNOWN)
        return expr_type_of(EXPR_TEXT);
    if (a->id == EXPR_UNKNOWN || b->id == EXPR_UNKNOWN)
        return a->id == EXPR_UNKNOWN ? *b : *a;
    if (expr_type_is_numeric(a->id) && expr_type_is_numeric(b->id))
        return common_numeric(a, b);
    if (a->id == b->id)
        return *a;
    if (is_calendar(a->id) && is_calendar(b->id))
        return a->id > b->id ? *a : *b;
    if ((a->id == EXPR_TIME && b->id == EXPR_INTERVAL) ||
        (a->id == EXPR_INTERVAL && b->id == EXPR_TIME))
        return expr_type_of(EXPR_INTERVAL);
    return expr_type_of(EXPR_UNKNOWN);
}
