/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that a source adds to the rows of its objects (qetl.object-columns/1), such as the name
 * of the file. The source says what an object's are when it begins; the decoder's batches get them
 * repeated, and the rows' numbers once they are known. See decision 32.
 */
#include "data/gather.h"
#include "op_check.h"
#include "op_source.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum role { ROLE_VALUE, ROLE_ROW, ROLE_OFFSET, ROLE_UNKNOWN };

static enum role role_of(const struct ArrowSchema *field)
{
    size_t size;
    const char *role = qetl_schema_metadata(field, "qetl:object", &size);
    if (!role)
        return ROLE_VALUE;
    if (size == 3 && memcmp(role, "row", 3) == 0)
        return ROLE_ROW;
    return size == 6 && memcmp(role, "offset", 6) == 0 ? ROLE_OFFSET : ROLE_UNKNOWN;
}

/* ---- Set-up ---- */

static int32_t fields_check(struct qetl_run *run, const struct qetl_node *node,
                            const struct ArrowSchema *fields)
{
    for (int64_t i = 0; i < fields->n_children; i++) {
        enum role role = role_of(fields->children[i]);
        if (role == ROLE_UNKNOWN ||
            (role != ROLE_VALUE && strcmp(fields->children[i]->format, "l") != 0))
            return qetl_run_fault(run, node, "bad_schema",
                                  "the source adds a column of which this version of qetl does "
                                  "not know what is in it");
    }
    return QETL_OK;
}

int32_t qetl_added_ask(struct qetl_run *run, const struct qetl_node *node,
                       struct qetl_node_flow *flow)
{
    struct qetl_ctx *ctx = flow->instance;
    const struct qetl_object_columns *added =
        ctx->component->get_extension
            ? ctx->component->get_extension(ctx->self, QETL_EXT_OBJECT_COLUMNS)
            : NULL;
    if (!added)
        return QETL_OK;
    int32_t status = added->schema(ctx->self, &flow->added_fields);
    if (status < 0)
        return qetl_run_fail(run, node, ctx, "columns of objects", status);
    if (flow->added_fields.n_children)
        flow->added = added;
    return fields_check(run, node, &flow->added_fields);
}

static int32_t refuse_twin(struct qetl_run *run, const struct qetl_node *node,
                           const struct qetl_node_flow *flow, const char *name)
{
    char message[512];
    snprintf(message, sizeof message, "a column '%s' shall be added, and the input has one already",
             name);
    return qetl_run_refuse(run, node, "column_exists", message,
                           "give the one that is added another name", flow->added->option);
}

int32_t qetl_added_join(struct qetl_run *run, const struct qetl_node *node,
                        struct qetl_node_flow *flow)
{
    if (!flow->added)
        return QETL_OK;
    int32_t status = qetl_schema_copy(&flow->schema, &flow->joined);
    for (int64_t i = 0; !status && i < flow->added_fields.n_children; i++) {
        struct ArrowSchema field = {0};
        if (qetl_schema_find(&flow->joined, flow->added_fields.children[i]->name) >= 0)
            return refuse_twin(run, node, flow, flow->added_fields.children[i]->name);
        status = qetl_schema_copy(flow->added_fields.children[i], &field);
        if (!status)
            status = qetl_schema_append(&flow->joined, &field);
        qetl_schema_release(&field);
    }
    return status ? qetl_run_fault(run, node, "out_of_memory", "no memory for columns") : QETL_OK;
}

/* ---- An object begins ---- */

static int32_t value_take(struct qetl_op *op, struct qetl_object *object,
                          const struct ArrowSchema *field, struct ArrowArray *value)
{
    const struct qetl_made made = {
        .part = QETL_MADE_OBJECT, .field = field, .form = QETL_FORM_VALUE};
    int32_t status = qetl_op_check_column(op, &made, 1, value);
    if (status)
        return status;
    struct qetl_vector *vector = qetl_vector_new(value);
    if (vector && !qetl_object_value(object, vector))
        return QETL_OK;
    qetl_vector_unref(vector);
    return qetl_op_fault(op, "out_of_memory", "no memory for what is known of an object");
}

static int32_t values_take(struct qetl_op *op, struct qetl_object *object,
                           struct ArrowArray *values)
{
    const struct ArrowSchema *fields = &op->flow->added_fields;
    int64_t taken = 0;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < fields->n_children; i++) {
        if (role_of(fields->children[i]) != ROLE_VALUE)
            continue;
        status = taken < values->n_children
                     ? value_take(op, object, fields->children[i], values->children[taken++])
                     : qetl_op_fault(op, "bad_batch", "the source tells too little of '%s'",
                                     object->name);
    }
    return status;
}

int32_t qetl_added_know(struct qetl_op *op, struct qetl_object *object)
{
    struct qetl_ctx *ctx = op->instance;
    struct ArrowArray values = {0};
    if (!op->flow->added || object->valued)
        return QETL_OK;
    object->valued = true;
    qetl_call_enter(ctx, "values");
    int32_t status = op->flow->added->values(ctx->self, &values);
    qetl_call_leave();
    status = status < 0 ? qetl_op_fail(op, "values", status) : values_take(op, object, &values);
    qetl_array_release(&values);
    return status;
}

/* ---- Rows ---- */

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for a column");
}

static int32_t repeat(struct qetl_op *op, const struct ArrowSchema *field,
                      struct qetl_vector *value, const int32_t *zeros, struct qetl_batch *batch,
                      int64_t column)
{
    batch->columns[column].value = qetl_gather(op->run->pool, field, value, zeros, batch->rows);
    return batch->columns[column].value ? QETL_OK : no_memory(op);
}

/* Takes the numbers; NULL: they are not known. */
static int32_t numbers_put(struct qetl_op *op, struct qetl_batch *batch, int64_t column,
                           int64_t *numbers)
{
    struct qetl_env env = qetl_instance_sdk_env(op->instance);
    const void *buffers[2] = {NULL, numbers};
    struct ArrowArray array = {0};
    int32_t status = numbers ? qetl_array_make(env, batch->rows, 0, 2, buffers, 0, NULL, &array)
                             : qetl_array_nulls(env, op->flow->ports[0].schema->children[column],
                                                batch->rows, &array);
    if (status) {
        qetl_buffer_free(numbers);
        return no_memory(op);
    }
    batch->columns[column].value = qetl_vector_new(&array);
    qetl_array_release(&array);
    return batch->columns[column].value ? QETL_OK : no_memory(op);
}

/* A chunk of one record needs no offsets of records. */
static int32_t offsets_put(struct qetl_op *op, struct qetl_batch *batch, int64_t column)
{
    const struct qetl_origin *origin = batch->origin;
    bool one = origin->completed && origin->records == 1;
    if (!origin->record_offsets && !one)
        return numbers_put(op, batch, column, NULL);
    int64_t *numbers = qetl_pool_alloc(op->run->pool, (size_t)batch->rows * sizeof *numbers);
    if (!numbers)
        return no_memory(op);
    for (int64_t i = 0; i < batch->rows; i++)
        numbers[i] =
            origin->offset + (one ? 0 : origin->record_offsets[qetl_batch_record(batch, i)]);
    return numbers_put(op, batch, column, numbers);
}

int32_t qetl_added_fill(struct qetl_op *op, struct qetl_batch *batch)
{
    const struct ArrowSchema *fields = &op->flow->added_fields;
    const struct qetl_object *object = batch->origin->object;
    int64_t first = op->flow->schema.n_children, value = 0;
    int32_t *zeros = calloc((size_t)batch->rows + 1, sizeof *zeros);
    int32_t status = zeros ? QETL_OK : no_memory(op);
    for (int64_t i = 0; !status && i < fields->n_children; i++) {
        enum role role = role_of(fields->children[i]);
        bool wanted = op->flow->ports[0].columns[first + i].wanted;
        if (wanted && role == ROLE_VALUE)
            status =
                repeat(op, fields->children[i], object->values[value], zeros, batch, first + i);
        else if (wanted && role == ROLE_OFFSET)
            status = offsets_put(op, batch, first + i);
        value += role == ROLE_VALUE;
    }
    free(zeros);
    return status;
}

bool qetl_added_numbers(const struct qetl_node_flow *flow)
{
    for (int64_t i = 0; i < flow->added_fields.n_children; i++)
        if (flow->ports[0].columns[flow->schema.n_children + i].wanted &&
            role_of(flow->added_fields.children[i]) == ROLE_ROW)
            return true;
    return false;
}

static int32_t rows_put(struct qetl_op *op, struct qetl_batch *batch, int64_t base, int64_t column)
{
    int64_t *numbers = qetl_pool_alloc(op->run->pool, (size_t)batch->rows * sizeof *numbers);
    if (!numbers)
        return no_memory(op);
    for (int64_t i = 0; i < batch->rows; i++)
        numbers[i] = base + qetl_batch_record(batch, i) + 1;
    return numbers_put(op, batch, column, numbers);
}

int32_t qetl_added_number(struct qetl_op *op, struct qetl_batch *batch, int64_t base)
{
    int64_t first = op->flow->schema.n_children;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < op->flow->added_fields.n_children; i++)
        if (op->flow->ports[0].columns[first + i].wanted &&
            role_of(op->flow->added_fields.children[i]) == ROLE_ROW)
            status = rows_put(op, batch, base, first + i);
    return status;
}
