/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of all inputs as those of one table, its columns matched by name. */
#include "union.h"

#include <stdlib.h>

struct union_state {
    struct union_table table;
    struct ArrowArray *results; /* of the made columns */
};

static const struct qetl_option_field options[] = {
    {"/on_conflict", QETL_OPTION_WORD, offsetof(struct union_state, table.as_text), "error",
     "error|text"},
    {"/missing", QETL_OPTION_WORD, offsetof(struct union_state, table.missing_fails), "nulls",
     "nulls|error"},
};

static int32_t union_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct union_state *state = self;
    struct union_table *table = &state->table;
    int32_t status;

    (void)config;
    table->env = (struct qetl_env){host, ctx};
    status = qetl_options_read(table->env, options, 2, state);
    return status ? status
                  : qetl_exprs_create(&table->exprs, table->env, "union", "no memory for a union");
}

static void union_destroy(void *self)
{
    struct union_state *state = self;

    union_table_clear(&state->table);
    qetl_exprs_free(&state->table.exprs);
    free(state->results);
}

static int32_t union_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct union_state *state = self;
    int32_t status = union_table_make(&state->table, n_inputs, inputs);

    if (!status)
        status = qetl_exprs_bind(&state->table.exprs, inputs[0], 1);
    if (status)
        return status;
    free(state->results);
    state->results = calloc((size_t)state->table.n_made + 1, sizeof *state->results);
    return state->results ? union_table_bind(&state->table, binder)
                          : qetl_exprs_fail_memory(&state->table.exprs);
}

/* ---- batches ---- */

/* A made column for the rows of one input: cast, as it is, or NULLs. */
static int32_t column_make(struct union_state *state, const struct union_column *column,
                           const struct qetl_event *event, struct ArrowArray *out)
{
    const struct union_source *source = &column->sources[event->port];
    struct qetl_exprs *exprs = &state->table.exprs;

    if (source->cast) {
        struct ArrowArray read = qetl_batch_column(event->batch, event->rows, source->place);
        exprs->operands[0] = &read;
        return qetl_exprs_evaluate_operands(exprs, source->cast, 1, out);
    }
    if (source->column < 0)
        return qetl_array_nulls(exprs->env, &column->field, event->rows, out)
                   ? qetl_exprs_fail_memory(exprs)
                   : QETL_OK;
    qetl_batch_move(event->batch, event->rows, source->place, out);
    return QETL_OK;
}

/* What was moved goes back into the batch, as the call fails. */
static void columns_return(struct union_state *state, const struct qetl_event *event, int64_t made)
{
    struct ArrowArray *result = state->results, *end = result + made;

    for (int64_t i = 0; i < state->table.n_columns && result < end; i++) {
        const struct union_column *column = &state->table.columns[i];
        const struct union_source *source = &column->sources[event->port];
        if (column->made && !source->cast && source->column >= 0)
            qetl_batch_return(event->batch, source->place, result);
        result += column->made;
    }
}

static int32_t columns_make(struct union_state *state, const struct qetl_event *event,
                            struct qetl_output *out)
{
    struct qetl_exprs *exprs = &state->table.exprs;
    int32_t status = qetl_exprs_begin(exprs, event->batch, event->rows);
    int64_t made = 0;

    for (int64_t i = 0; i < state->table.n_columns && !status; i++)
        if (state->table.columns[i].made)
            status = column_make(state, &state->table.columns[i], event, &state->results[made++]);
    if (!status)
        out->rows = qetl_exprs_rest(exprs, &out->row_map);
    if (!status && out->rows < 0)
        status = (int32_t)out->rows;
    if (!status && out->rows && made &&
        qetl_array_struct(exprs->env, event->rows, made, state->results, &out->batch))
        status = qetl_exprs_fail_memory(exprs);
    out->derived_map = out->row_map;
    if (status)
        columns_return(state, event, made);
    for (int64_t i = 0; i < made; i++)
        qetl_array_release(&state->results[i]);
    return status;
}

static int32_t union_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = columns_make(self, event, out);
    if (status)
        return status;
    return out->rows ? QETL_OUTPUT : QETL_NEED_INPUT;
}

static const struct qetl_transform union_transform = {
    .struct_size = sizeof union_transform,
    .bind = union_bind,
    .process = union_process,
};

static const struct qetl_component union_component = {
    .struct_size = sizeof union_component,
    .kind = QETL_TRANSFORM,
    .id = "union",
    .state_size = sizeof(struct union_state),
    .create = union_create,
    .destroy = union_destroy,
    .transform = &union_transform,
};

QETL_PLUGIN("union", "0.1.0", &union_component)
