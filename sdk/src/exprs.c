/* SPDX-License-Identifier: Apache-2.0 */
/* What transforms over expressions do at bind and at each batch. */
#include "internal.h"

#include <qetl/exprs.h>

int32_t qetl_exprs_create(struct qetl_exprs *exprs, struct qetl_env env, const char *who,
                          const char *no_memory)
{
    exprs->env = env;
    exprs->no_memory = no_memory;
    exprs->service = env.host->get_extension(env.ctx, QETL_EXT_EXPR);
    if (exprs->service)
        return qetl_options_need(env); /* where expressions come from */
    return qetl_fail(env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                     "%s needs a host that offers " QETL_EXT_EXPR, who);
}

int32_t qetl_exprs_fail_memory(const struct qetl_exprs *exprs)
{
    return qetl_fail(exprs->env, QETL_E_NO_MEMORY, NULL, "make batches smaller, or raise --memory",
                     "%s", exprs->no_memory);
}

static void bound_free(struct qetl_exprs *exprs)
{
    free(exprs->places);
    free(exprs->reads);
    free(exprs->operands);
    exprs->places = NULL;
    exprs->reads = NULL;
    exprs->operands = NULL;
    exprs->n_reads = 0;
}

void qetl_exprs_free(struct qetl_exprs *exprs)
{
    bound_free(exprs);
    free(exprs->failures);
    exprs->failures = NULL;
    qetl_row_map_free(&exprs->rest);
}

int32_t qetl_exprs_bind(struct qetl_exprs *exprs, const struct ArrowSchema *input, int64_t more)
{
    size_t columns = (size_t)input->n_children + 1;
    bound_free(exprs);
    exprs->places = malloc(columns * sizeof *exprs->places);
    exprs->reads = calloc(columns, sizeof *exprs->reads);
    exprs->operands = calloc(columns + (size_t)more, sizeof *exprs->operands);
    if (!exprs->places || !exprs->reads || !exprs->operands)
        return qetl_exprs_fail_memory(exprs);
    for (int64_t i = 0; i < input->n_children; i++)
        exprs->places[i] = -1;
    return QETL_OK;
}

int32_t qetl_exprs_read(struct qetl_exprs *exprs, struct qetl_binder *binder, int64_t column)
{
    int64_t *place = &exprs->places[column];
    if (*place < 0) {
        int32_t answer = binder->read(binder, 0, column, QETL_FORM_VALUE);
        if (answer < 0)
            return answer;
        *place = answer;
        exprs->n_reads++;
    }
    return (int32_t)*place;
}

int32_t qetl_exprs_read_all(struct qetl_exprs *exprs, struct qetl_binder *binder,
                            const struct qetl_expr *expr, int64_t **places, int64_t *n)
{
    const int64_t *columns;
    *n = exprs->service->columns(expr, &columns);
    *places = calloc((size_t)*n + 1, sizeof **places);
    if (!*places)
        return qetl_exprs_fail_memory(exprs);
    for (int64_t i = 0; i < *n; i++) {
        int32_t place = qetl_exprs_read(exprs, binder, columns[i]);
        if (place < 0)
            return place;
        (*places)[i] = place;
    }
    return QETL_OK;
}

int32_t qetl_exprs_compile(const struct qetl_exprs *exprs, const char *pointer,
                           const struct ArrowSchema *schema, struct qetl_expr **out)
{
    const char *text = qetl_option_text(exprs->env, pointer);
    return exprs->service->compile(exprs->env.ctx, text ? text : "", pointer, schema, out);
}

int32_t qetl_exprs_condition(const struct qetl_exprs *exprs, const char *pointer, const char *what,
                             const struct ArrowSchema *schema, struct qetl_expr **out)
{
    struct ArrowSchema field = {0};
    char name[64];
    int32_t status = qetl_exprs_compile(exprs, pointer, schema, out);
    if (!status)
        status = exprs->service->result(*out, "where", &field);
    if (!status && strcmp(field.format, "b") != 0)
        status = qetl_fail(exprs->env, QETL_E_CONFIG, pointer,
                           "compare it with something, for example: quantity > 0",
                           "%s is of type %s, not boolean: %s", what,
                           qetl_type_name(&field, name, sizeof name),
                           qetl_option_text(exprs->env, pointer));
    qetl_schema_release(&field);
    return status;
}

bool qetl_exprs_is_column(const struct qetl_exprs *exprs, const struct qetl_expr *expr)
{
    static const char head[] = "{\"column\":";
    const char *tree = exprs->service->tree(expr);
    return tree && strncmp(tree, head, sizeof head - 1) == 0;
}

int32_t qetl_exprs_begin(struct qetl_exprs *exprs, const struct ArrowArray *batch, int64_t rows)
{
    int64_t bytes = rows / 8 + 1;
    if (bytes > exprs->failures_room) {
        free(exprs->failures);
        exprs->failures = malloc((size_t)bytes);
        exprs->failures_room = exprs->failures ? bytes : 0;
        if (!exprs->failures)
            return qetl_exprs_fail_memory(exprs);
    }
    memset(exprs->failures, 0, (size_t)bytes);
    exprs->rows = rows;
    exprs->failed = 0;
    for (int64_t i = 0; i < exprs->n_reads; i++)
        exprs->reads[i] = qetl_batch_column(batch, rows, i);
    return QETL_OK;
}

int32_t qetl_exprs_evaluate_operands(struct qetl_exprs *exprs, struct qetl_expr *expr, int64_t n,
                                     struct ArrowArray *out)
{
    const void *no_nulls = NULL;
    struct ArrowArray view = {.length = exprs->rows,
                              .n_buffers = 1,
                              .buffers = &no_nulls,
                              .n_children = n,
                              .children = exprs->operands};
    int64_t failed = 0;
    int32_t status =
        exprs->service->evaluate(expr, &view, exprs->rows, out, exprs->failures, &failed);
    exprs->failed += failed;
    return status;
}

int32_t qetl_exprs_evaluate(struct qetl_exprs *exprs, struct qetl_expr *expr, const int64_t *places,
                            int64_t n, struct ArrowArray *out)
{
    for (int64_t i = 0; i < n; i++)
        exprs->operands[i] = &exprs->reads[places[i]];
    return qetl_exprs_evaluate_operands(exprs, expr, n, out);
}

int64_t qetl_exprs_rest(struct qetl_exprs *exprs, const int32_t **map)
{
    if (!exprs->failed)
        return exprs->rows;
    if (qetl_row_map_begin(&exprs->rest, exprs->rows))
        return qetl_exprs_fail_memory(exprs);
    for (int64_t i = 0; i < exprs->rows; i++)
        if (!qetl_sdk_bit(exprs->failures, i))
            qetl_row_map_keep(&exprs->rest, i);
    *map = exprs->rest.rows;
    return exprs->rest.n;
}
