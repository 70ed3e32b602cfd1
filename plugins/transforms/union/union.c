/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of all inputs as those of one table, its columns matched by name. */
#include "union.h"

#include <qetl/plugin.h>

#include <stdlib.h>

struct union_state {
    struct union_table table;
    struct ArrowArray *results; /* of the made columns */
    uint8_t *failures;          /* of the batch at hand, a bit a row */
    int32_t *survivors;
    int64_t capacity;
};

static int32_t union_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct union_state *state = self;
    struct union_table *table = &state->table;
    const char *word;

    (void)config;
    table->env = (struct qetl_env){host, ctx};
    table->service = host->get_extension(ctx, QETL_EXT_EXPR);
    if (!table->service)
        return qetl_fail(table->env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                         "union needs a host that offers " QETL_EXT_EXPR);
    word = qetl_option_text(table->env, "/on_conflict");
    table->as_text = word && !strcmp(word, "text");
    word = qetl_option_text(table->env, "/missing");
    table->missing_fails = word && !strcmp(word, "error");
    return QETL_OK;
}

static void union_destroy(void *self)
{
    struct union_state *state = self;

    union_table_clear(&state->table);
    free(state->results);
    free(state->failures);
    free(state->survivors);
}

static int32_t no_memory(const struct union_state *state)
{
    return qetl_fail(state->table.env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a union");
}

static int32_t union_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct union_state *state = self;
    int32_t status = union_table_make(&state->table, n_inputs, inputs);

    if (status)
        return status;
    free(state->results);
    state->results = calloc((size_t)state->table.n_made + 1, sizeof *state->results);
    return state->results ? union_table_bind(&state->table, binder) : no_memory(state);
}

/* ---- batches ---- */

static int32_t rows_reserve(struct union_state *state, int64_t rows)
{
    if (rows > state->capacity || !state->failures) {
        free(state->failures);
        free(state->survivors);
        state->failures = malloc((size_t)rows / 8 + 1);
        state->survivors = malloc(((size_t)rows + 1) * sizeof *state->survivors);
        state->capacity = state->failures && state->survivors ? rows : 0;
        if (!state->failures || !state->survivors)
            return no_memory(state);
    }
    memset(state->failures, 0, (size_t)rows / 8 + 1);
    return QETL_OK;
}

static int32_t column_cast(struct union_state *state, const struct union_source *source,
                           struct ArrowArray *child, const struct qetl_event *event,
                           struct ArrowArray *out, int64_t *failed)
{
    struct ArrowArray view = {.length = event->rows,
                              .offset = event->batch->offset,
                              .n_buffers = 1,
                              .buffers = (const void *[1]){NULL},
                              .n_children = 1,
                              .children = &child};
    int64_t more = 0;
    int32_t status = state->table.service->evaluate(source->cast, &view, event->rows, out,
                                                    state->failures, &more);

    *failed += more;
    return status;
}

/* A made column for the rows of one input: cast, as it is, or NULLs. */
static int32_t column_make(struct union_state *state, const struct union_column *column,
                           const struct qetl_event *event, struct ArrowArray *out, int64_t *failed)
{
    const struct union_source *source = &column->sources[event->port];
    struct ArrowArray *child;

    if (source->column < 0)
        return qetl_array_nulls(state->table.env, &column->field, event->rows, out)
                   ? no_memory(state)
                   : QETL_OK;
    child = event->batch->children[source->place];
    if (source->cast)
        return column_cast(state, source, child, event, out, failed);
    *out = *child;
    child->release = NULL;
    out->offset += event->batch->offset;
    out->length = event->rows;
    out->null_count = -1;
    return QETL_OK;
}

static int64_t survivors_list(struct union_state *state, int64_t rows)
{
    int64_t count = 0;

    for (int64_t i = 0; i < rows; i++)
        if (!(state->failures[i >> 3] >> (i & 7) & 1))
            state->survivors[count++] = (int32_t)i;
    return count;
}

static int32_t union_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct union_state *state = self;
    int64_t failed = 0, made = 0;
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = rows_reserve(state, event->rows);
    for (int64_t i = 0; i < state->table.n_columns && !status; i++) {
        const struct union_column *column = &state->table.columns[i];
        if (column->made)
            status = column_make(state, column, event, &state->results[made++], &failed);
    }
    out->rows = !status && failed ? survivors_list(state, event->rows) : event->rows;
    if (!status && out->rows && made &&
        qetl_array_struct(state->table.env, event->rows, made, state->results, &out->batch))
        status = no_memory(state);
    for (int64_t i = 0; i < made; i++)
        qetl_array_release(&state->results[i]);
    if (status)
        return status;
    if (failed)
        out->row_map = out->derived_map = state->survivors;
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
