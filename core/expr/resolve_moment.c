/* SPDX-License-Identifier: Apache-2.0 */
/* What goes with what in arithmetic with dates, times and intervals. */
#include "bind.h"

/* The type that an untyped literal takes beside `other`. */
static enum expr_type_id literal_type(char symbol, enum expr_type_id other)
{
    if (symbol != '+' && symbol != '-')
        return EXPR_FLOAT8;
    if (symbol == '-' || other == EXPR_INTERVAL)
        return other;
    return other == EXPR_DATE ? EXPR_INT4 : EXPR_INTERVAL;
}

/* The type as which a value takes part beside `other`. */
static enum expr_type_id part_type(char symbol, enum expr_type_id own, enum expr_type_id other)
{
    bool stamp = other == EXPR_TIMESTAMP || other == EXPR_TIMESTAMPTZ;

    if (own == EXPR_UNKNOWN)
        return literal_type(symbol, other);
    if (other == EXPR_DATE && expr_type_is_integer(own))
        return EXPR_INT4;
    if (other == EXPR_INTERVAL && expr_type_is_numeric(own))
        return EXPR_FLOAT8;
    if (own == EXPR_DATE && (other == EXPR_INTERVAL || other == EXPR_TIME))
        return EXPR_TIMESTAMP;
    if (own == EXPR_TIME && (other == EXPR_DATE || stamp))
        return EXPR_INTERVAL;
    if (stamp && symbol == '-' && (own == EXPR_DATE || own == EXPR_TIMESTAMP))
        return other;
    return own;
}

static bool settle(struct expr_binder *b, struct expr_node **node, enum expr_type_id type)
{
    if ((*node)->type.id != type)
        *node = qetl_expr_cast(b, *node, expr_type_of(type), false, (*node)->span);
    return *node != NULL;
}

bool qetl_expr_settle_moments(struct expr_binder *b, char symbol, struct expr_node **left,
                              struct expr_node **right)
{
    enum expr_type_id l = (*left)->type.id, r = (*right)->type.id;

    return settle(b, left, part_type(symbol, l, r)) && settle(b, right, part_type(symbol, r, l));
}
