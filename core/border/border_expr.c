/* SPDX-License-Identifier: Apache-2.0 */
#include "border_expr.h"

#include "expr/expr.h"

#include <stdlib.h>

struct watched { /* what the plugin has for a struct qetl_expr */
    const struct qetl_border_guest *guest;
    struct qetl_expr *real;
};

static const struct watched *of(const struct qetl_expr *expr)
{
    return (const struct watched *)(const void *)expr;
}

static int32_t expr_compile(struct qetl_ctx *ctx, const char *text, const char *option,
                            const struct ArrowSchema *schema, struct qetl_expr **out)
{
    const struct qetl_border_guest *guest = qetl_border_guest_of(ctx);
    struct qetl_crossing c = qetl_crossing_to_host(guest, "expr.compile");
    struct watched *made = malloc(sizeof *made);
    *out = NULL;
    qetl_cargo_text(&c, "text", text);
    qetl_cargo_text(&c, "option", option);
    qetl_crossing_begin(&c);
    int32_t status = QETL_E_NO_MEMORY;
    if (made) {
        *made = (struct watched){guest, NULL};
        status = qetl_expr_service()->compile(ctx, text, option, schema, &made->real);
    }
    if (status)
        free(made);
    else
        *out = (struct qetl_expr *)(void *)made;
    return qetl_crossing_end(&c, status);
}

static void expr_free(struct qetl_expr *expr)
{
    if (!expr)
        return;
    struct qetl_crossing c = qetl_crossing_to_host(of(expr)->guest, "expr.free");
    qetl_crossing_begin(&c);
    qetl_expr_service()->free(of(expr)->real);
    qetl_crossing_end_void(&c);
    free(expr);
}

static int64_t expr_columns(const struct qetl_expr *expr, const int64_t **out)
{
    struct qetl_crossing c = qetl_crossing_to_host(of(expr)->guest, "expr.columns");
    qetl_crossing_begin(&c);
    int64_t n = qetl_expr_service()->columns(of(expr)->real, out);
    qetl_cargo_numbers(&c, "columns", *out, n);
    return qetl_crossing_end_number(&c, n);
}

static int32_t expr_result(const struct qetl_expr *expr, const char *name, struct ArrowSchema *out)
{
    struct qetl_crossing c = qetl_crossing_to_host(of(expr)->guest, "expr.result");
    qetl_cargo_text(&c, "name", name);
    qetl_crossing_begin(&c);
    int32_t status = qetl_expr_service()->result(of(expr)->real, name, out);
    if (!status)
        qetl_cargo_schema(&c, "field", out);
    return qetl_crossing_end(&c, status);
}

static int32_t expr_evaluate(struct qetl_expr *expr, const struct ArrowArray *batch, int64_t rows,
                             struct ArrowArray *out, uint8_t *failures, int64_t *failed)
{
    struct qetl_crossing c = qetl_crossing_to_host(of(expr)->guest, "expr.evaluate");
    qetl_cargo_number(&c, "rows", rows);
    qetl_crossing_begin(&c);
    int32_t status =
        qetl_expr_service()->evaluate(of(expr)->real, batch, rows, out, failures, failed);
    if (!status && failed)
        qetl_cargo_nonzero(&c, "failed", *failed);
    return qetl_crossing_end(&c, status);
}

static int64_t expr_select(struct qetl_expr *expr, const struct ArrowArray *batch, int64_t rows,
                           int32_t *selected, int64_t *failed)
{
    struct qetl_crossing c = qetl_crossing_to_host(of(expr)->guest, "expr.select");
    qetl_cargo_number(&c, "rows", rows);
    qetl_crossing_begin(&c);
    int64_t n = qetl_expr_service()->select(of(expr)->real, batch, rows, selected, failed);
    if (n >= 0 && failed)
        qetl_cargo_nonzero(&c, "failed", *failed);
    return qetl_crossing_end_number(&c, n);
}

static const char *expr_tree(const struct qetl_expr *expr)
{
    struct qetl_crossing c = qetl_crossing_to_host(of(expr)->guest, "expr.tree");
    qetl_crossing_begin(&c);
    const char *tree = qetl_expr_service()->tree(of(expr)->real);
    qetl_crossing_end_void(&c);
    return tree;
}

const struct qetl_expr_host qetl_border_expr = {
    sizeof qetl_border_expr, expr_compile, expr_free, expr_columns, expr_result,
    expr_evaluate,           expr_select,  expr_tree,
};
