/* SPDX-License-Identifier: Apache-2.0 */
#include "bind.h"

#include "host/call.h"

#include <assert.h>
#include <stdlib.h>

struct host_binder {
    struct qetl_binder base; /* first: the plugin's pointer is ours */
    struct qetl_ctx *ctx;
    struct qetl_binding *binding;
    const struct ArrowSchema *const *inputs;
    int32_t misused; /* told, be it that the plugin goes on */
};

static struct host_binder *binder_of(struct qetl_binder *base)
{
    return (struct host_binder *)base;
}

static int32_t misuse(struct host_binder *b, const char *what)
{
    b->misused = qetl_fail(qetl_instance_sdk_env(b->ctx), QETL_E_FATAL, NULL, NULL,
                           "the plugin's bind is wrong: %s", what);
    return b->misused;
}

static bool has_column(const struct host_binder *b, uint32_t in_port, int64_t column)
{
    return in_port < b->binding->n_in && column >= 0 && column < b->inputs[in_port]->n_children;
}

static int32_t binder_read(struct qetl_binder *base, uint32_t in_port, int64_t column,
                           uint32_t form)
{
    struct host_binder *b = binder_of(base);
    if (!has_column(b, in_port, column))
        return misuse(b, "read() of a column that does not exist");
    if (form != QETL_FORM_VALUE && form != QETL_FORM_LEXICAL && form != QETL_FORM_CHECKED)
        return misuse(b, "read() of an unknown form");
    struct qetl_in_binding *in = &b->binding->in[in_port];
    size_t size = sizeof *in->reads * (size_t)(in->n_reads + 1);
    struct qetl_want *reads = realloc(in->reads, size);
    if (!reads)
        return QETL_E_NO_MEMORY;
    in->reads = reads;
    reads[in->n_reads] = (struct qetl_want){.column = column, .form = form};
    return (int32_t)in->n_reads++;
}

static struct qetl_out_column *column_append(struct host_binder *b, uint32_t out_port,
                                             struct ArrowSchema *field)
{
    struct qetl_out_binding *out = &b->binding->out[out_port];
    size_t size = sizeof *out->columns * (size_t)(out->n_columns + 1);
    struct qetl_out_column *columns = realloc(out->columns, size);
    if (!columns)
        return NULL;
    out->columns = columns;
    struct qetl_out_column *column = &columns[out->n_columns];
    *column = (struct qetl_out_column){.derived = -1};
    column->from = malloc(sizeof *column->from * (b->binding->n_in + 1));
    if (!column->from)
        return NULL;
    for (uint32_t i = 0; i < b->binding->n_in; i++)
        column->from[i] = -1;
    out->n_columns++; /* from here on binding_free knows the column */
    return qetl_schema_append(&out->schema, field) ? NULL : column;
}

static int32_t copy_append(struct host_binder *b, uint32_t out_port, uint32_t in_port,
                           int64_t column, const char *name)
{
    struct ArrowSchema field;
    int32_t status = qetl_schema_copy(b->inputs[in_port]->children[column], &field);
    if (!status && name)
        status = qetl_schema_set_name(&field, name);
    struct qetl_out_column *added = status ? NULL : column_append(b, out_port, &field);
    if (!added) {
        qetl_schema_release(&field);
        return QETL_E_NO_MEMORY;
    }
    added->from[in_port] = column;
    return QETL_OK;
}

static int32_t binder_copy(struct qetl_binder *base, uint32_t out_port, int64_t out_column,
                           uint32_t in_port, int64_t column, const char *name)
{
    struct host_binder *b = binder_of(base);
    if (out_port >= b->binding->n_out || !has_column(b, in_port, column))
        return misuse(b, "copy() of a port or column that does not exist");
    if (out_column == -1)
        return copy_append(b, out_port, in_port, column, name);
    struct qetl_out_binding *out = &b->binding->out[out_port];
    if (out_column < 0 || out_column >= out->n_columns || out->columns[out_column].derived >= 0)
        return misuse(b, "copy() into an output column that does not exist or is derived");
    out->columns[out_column].from[in_port] = column;
    out->schema.children[out_column]->flags |=
        b->inputs[in_port]->children[column]->flags & ARROW_FLAG_NULLABLE;
    return QETL_OK;
}

static int32_t binder_derive(struct qetl_binder *base, uint32_t out_port, struct ArrowSchema *field,
                             int64_t n_inputs, const int64_t *inputs)
{
    struct host_binder *b = binder_of(base);
    if (out_port >= b->binding->n_out || n_inputs < -1)
        return misuse(b, "derive() for an output port that does not exist");
    for (int64_t i = 0; i < n_inputs; i++)
        if (!has_column(b, 0, inputs[i]))
            return misuse(b, "derive() from a column that does not exist");
    struct qetl_out_column *added = column_append(b, out_port, field);
    if (!added)
        return QETL_E_NO_MEMORY;
    added->derived = b->binding->out[out_port].n_derived++;
    return QETL_OK;
}

static int32_t binder_rows(struct qetl_binder *base, uint32_t out_port, uint32_t rows)
{
    struct host_binder *b = binder_of(base);
    if (out_port >= b->binding->n_out || rows < QETL_ROWS_KEEP || rows > QETL_ROWS_STATEFUL)
        return misuse(b, "rows() with an unknown port or kind");
    b->binding->out[out_port].rows = rows;
    return QETL_OK;
}

static int32_t binder_distribution(struct qetl_binder *base, uint32_t kind, int64_t n_columns,
                                   const int64_t *columns)
{
    struct host_binder *b = binder_of(base);
    if (kind < QETL_DISTRIBUTION_ANY || kind > QETL_DISTRIBUTION_HASH)
        return misuse(b, "distribution() of an unknown kind");
    for (int64_t i = 0; i < n_columns; i++)
        if (!has_column(b, 0, columns[i]))
            return misuse(b, "distribution() by a column that does not exist");
    b->binding->distribution = kind;
    return QETL_OK;
}

static int32_t binder_input(struct qetl_binder *base, uint32_t in_port, uint32_t kind)
{
    struct host_binder *b = binder_of(base);
    if (in_port >= b->binding->n_in ||
        (kind != QETL_INPUT_STREAMING && kind != QETL_INPUT_BLOCKING))
        return misuse(b, "input() with an unknown port or kind");
    b->binding->in[in_port].kind = kind;
    return QETL_OK;
}

static int32_t binding_init(struct qetl_binding *binding, uint32_t n_in,
                            const struct ArrowSchema *const *inputs, uint32_t n_out)
{
    *binding =
        (struct qetl_binding){.n_in = n_in, .n_out = n_out, .distribution = QETL_DISTRIBUTION_ANY};
    binding->in = calloc(n_in, sizeof *binding->in);
    binding->out = calloc(n_out, sizeof *binding->out);
    if (!binding->in || !binding->out)
        return QETL_E_NO_MEMORY;
    for (uint32_t i = 0; i < n_in; i++) {
        binding->in[i].n_columns = inputs[i]->n_children;
        binding->in[i].kind = QETL_INPUT_STREAMING;
    }
    int32_t status = QETL_OK;
    for (uint32_t i = 0; !status && i < n_out; i++) {
        binding->out[i].rows = QETL_ROWS_KEEP;
        status = qetl_schema_init_struct(&binding->out[i].schema);
    }
    return status;
}

static int32_t binding_check(struct host_binder *b)
{
    for (uint32_t p = 0; p < b->binding->n_out; p++) {
        const struct qetl_out_binding *out = &b->binding->out[p];
        for (int64_t c = 0; c < out->n_columns; c++) {
            if (out->columns[c].derived >= 0)
                continue;
            if (out->rows == QETL_ROWS_STATEFUL)
                return misuse(b, "a STATEFUL output cannot have COPY columns");
            for (uint32_t i = 0; i < b->binding->n_in; i++)
                if (out->columns[c].from[i] < 0) /* NULL in its rows */
                    out->schema.children[c]->flags |= ARROW_FLAG_NULLABLE;
        }
    }
    if (!b->ctx->component->transform->process && !qetl_binding_is_copy(b->binding))
        return misuse(b, "rows or columns change, but there is no process()");
    return QETL_OK;
}

int32_t qetl_bind(struct qetl_ctx *ctx, uint32_t n_in, const struct ArrowSchema *const *inputs,
                  uint32_t n_out, struct qetl_binding *out)
{
    struct host_binder binder = {
        .base = {sizeof binder.base, binder_read, binder_copy, binder_derive, binder_rows,
                 binder_distribution, binder_input},
        .ctx = ctx,
        .binding = out,
        .inputs = inputs,
    };
    int32_t status = binding_init(out, n_in, inputs, n_out);
    qetl_call_enter(ctx, "bind");
    ctx->binding = true;
    if (!status)
        status = ctx->component->transform->bind(ctx->self, n_in, inputs, &binder.base);
    ctx->binding = false;
    qetl_call_leave();
    if (!status)
        status = binder.misused ? binder.misused : binding_check(&binder);
    if (status)
        qetl_binding_free(out);
    return status;
}

void qetl_binding_free(struct qetl_binding *binding)
{
    for (uint32_t i = 0; binding->in && i < binding->n_in; i++)
        free(binding->in[i].reads);
    for (uint32_t p = 0; binding->out && p < binding->n_out; p++) {
        for (int64_t c = 0; c < binding->out[p].n_columns; c++)
            free(binding->out[p].columns[c].from);
        free(binding->out[p].columns);
        qetl_schema_release(&binding->out[p].schema);
    }
    free(binding->in);
    free(binding->out);
    *binding = (struct qetl_binding){0};
}

bool qetl_binding_is_copy(const struct qetl_binding *binding)
{
    for (uint32_t p = 0; p < binding->n_out; p++)
        if (binding->out[p].n_derived > 0 || binding->out[p].rows != QETL_ROWS_KEEP)
            return false;
    return binding->n_out == 1;
}

void qetl_binding_pass(struct qetl_binding *binding)
{
    for (uint32_t i = 0; i < binding->n_in; i++)
        binding->in[i].n_reads = 0;
    for (uint32_t p = 0; p < binding->n_out; p++)
        binding->out[p].rows = QETL_ROWS_KEEP;
}
