/* SPDX-License-Identifier: Apache-2.0 */
/* What is of the run and not of the row, now() and its kin; and the age as of today. */
#include "bind.h"
#include "time/moment.h"

#include <string.h>

static struct expr_node *moment_constant(struct expr_binder *b, const char *name,
                                         struct expr_span span)
{
    struct expr_zone_cursor zone = {.zone = b->source->zone};
    int64_t local = qetl_expr_zone_local(&zone, b->source->now_us);
    struct expr_value value = {.integer = b->source->now_us};
    enum expr_type_id type = EXPR_TIMESTAMPTZ;

    if (!strcmp(name, "current_date")) {
        type = EXPR_DATE;
        value.integer = expr_floor_divide(local, EXPR_DAY_US);
    } else if (!strcmp(name, "localtimestamp")) {
        type = EXPR_TIMESTAMP;
        value.integer = local;
    } else if (!strcmp(name, "localtime")) {
        type = EXPR_TIME;
        value.integer = expr_time_of(local);
    }
    return qetl_expr_constant(b, expr_type_of(type), &value, span);
}

struct expr_node *qetl_expr_bind_now(struct expr_binder *b, const struct expr_ast *ast)
{
    return moment_constant(b, ast->name, ast->span);
}

struct expr_node *qetl_expr_bind_age(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_node *args[2];

    args[0] = ast->n_args == 2 ? qetl_expr_bind(b, ast->args[0])
                               : moment_constant(b, "current_date", ast->span);
    args[1] = args[0] ? qetl_expr_bind(b, ast->args[ast->n_args - 1]) : NULL;
    return args[1] ? qetl_expr_function(b, "age", ast->span, 2, args, false) : NULL;
}
