/* SPDX-License-Identifier: Apache-2.0 */
#include "carry.h"

#include "data/gather.h"
#include "op_check.h"
#include "run_internal.h"

static int32_t no_memory(struct qetl_op *op)
{
    return qetl_op_fault(op, "out_of_memory", "no memory for a batch");
}

/* The layout of an input column in one form, for gather: lexical columns are text views. */
static const struct ArrowSchema *layout_of(const struct ArrowSchema *field, bool lexical)
{
    static const struct ArrowSchema text = {.format = "vu", .name = ""};
    return lexical ? &text : field;
}

static int32_t carry_vector(struct qetl_op *op, struct qetl_vector *from,
                            const struct ArrowSchema *layout, const int32_t *map, int64_t rows,
                            struct qetl_vector **out)
{
    *out = NULL;
    if (!from)
        return QETL_OK;
    *out =
        map ? qetl_gather(op->instance->env->pool, layout, from, map, rows) : qetl_vector_ref(from);
    return *out ? QETL_OK : no_memory(op);
}

/* Of rows from an input that lacks the column. */
static int32_t nulls_vector(struct qetl_op *op, const struct ArrowSchema *layout, int64_t rows,
                            struct qetl_vector **out)
{
    struct ArrowArray array;
    int32_t status = qetl_array_nulls(qetl_instance_sdk_env(op->instance), layout, rows, &array);
    *out = status ? NULL : qetl_vector_new(&array);
    if (!status && !*out)
        qetl_array_release(&array);
    return *out ? QETL_OK : no_memory(op);
}

int32_t qetl_carry_nulls(struct qetl_op *op, const struct ArrowSchema *field, uint32_t wanted,
                         int64_t rows, struct qetl_batch_column *out)
{
    int32_t status = QETL_OK;
    if (wanted & (QETL_FORM_LEXICAL | QETL_FORM_CHECKED))
        status = nulls_vector(op, layout_of(field, true), rows, &out->lexical);
    if (!status && wanted & QETL_FORM_VALUE)
        status = nulls_vector(op, field, rows, &out->value);
    return status;
}

int32_t qetl_carry_column(struct qetl_op *op, const struct qetl_batch_column *in,
                          const struct ArrowSchema *field, uint32_t wanted, const int32_t *map,
                          int64_t rows, struct qetl_batch_column *out)
{
    bool shared = in->value && in->value == in->lexical;
    int32_t status = QETL_OK;
    if (wanted & (QETL_FORM_LEXICAL | QETL_FORM_CHECKED))
        status = carry_vector(op, in->lexical, layout_of(field, true), map, rows, &out->lexical);
    if (status || !(wanted & QETL_FORM_VALUE))
        return status;
    if (shared && out->lexical) {
        out->value = qetl_vector_ref(out->lexical);
        return QETL_OK;
    }
    return carry_vector(op, in->value, layout_of(field, false), map, rows, &out->value);
}

int32_t qetl_carry_records(struct qetl_op *op, const struct qetl_batch *input, const int32_t *map,
                           struct qetl_batch *out)
{
    if (!input->record_map && !map)
        return QETL_OK;
    out->record_map =
        qetl_pool_alloc(op->instance->env->pool, (size_t)(out->rows + 1) * sizeof *out->record_map);
    if (!out->record_map)
        return no_memory(op);
    for (int64_t i = 0; i < out->rows; i++)
        out->record_map[i] = (int32_t)qetl_batch_record(input, map ? map[i] : i);
    return QETL_OK;
}

/* A derived column with fewer or other rows than the output: those that the map names. */
static int32_t take_mapped(struct qetl_op *op, const struct qetl_output *output,
                           const struct ArrowSchema *field, struct qetl_vector *from,
                           struct qetl_vector **out)
{
    struct qetl_pool *pool = op->instance->env->pool;
    int64_t rows = output->rows;
    if (!from->array.length)
        return nulls_vector(op, field, rows, out);
    bool nulls = false;
    for (int64_t i = 0; i < rows; i++)
        nulls |= output->derived_map[i] < 0;
    *out = nulls ? qetl_gather_nulls(pool, field, from, output->derived_map, rows)
                 : qetl_gather(pool, field, from, output->derived_map, rows);
    return *out ? QETL_OK : no_memory(op);
}

int32_t qetl_carry_derived(struct qetl_op *op, struct qetl_output *output, int64_t index,
                           const struct ArrowSchema *field, struct qetl_batch_column *out)
{
    struct ArrowArray *child = output->batch.children[index];
    const struct qetl_made made = {
        .port = output->port, .rows = output->rows, .field = field, .form = QETL_FORM_VALUE};
    int32_t status = qetl_op_check_column(op, &made, output->batch.length, child);
    if (status)
        return status;
    out->value = qetl_vector_new(child);
    if (!out->value)
        return no_memory(op);
    if (!output->derived_map)
        return QETL_OK;
    struct qetl_vector *whole = out->value;
    status = take_mapped(op, output, field, whole, &out->value);
    qetl_vector_unref(whole);
    return status;
}
