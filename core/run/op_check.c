/* SPDX-License-Identifier: Apache-2.0 */
#include "op_check.h"
#include "run_internal.h"

#include <string.h>

enum { BUFFER_ALIGNMENT = 16 }; /* plugin.h */

static void release_nothing(struct ArrowSchema *schema)
{
    (void)schema;
}

/* What the core itself follows when it carries rows past: children and buffers that are there. */
static bool shape_fits(const struct ArrowSchema *field, const struct ArrowArray *array)
{
    bool list = strcmp(field->format, "+l") == 0;
    if (array->offset < 0 || array->n_children != field->n_children ||
        array->n_buffers < (list ? 2 : 1) || (list && !array->buffers[1]))
        return false;
    for (int64_t i = 0; i < array->n_children; i++) {
        const struct ArrowArray *child = array->children[i];
        bool nested = field->children[i]->n_children > 0;
        if (!list && child->length < array->length + array->offset)
            return false;
        if (nested && !shape_fits(field->children[i], child))
            return false;
    }
    return true;
}

/* The first buffer that kernels could not load from, or NULL: what they read as numbers has to be
 * aligned as the border promises. shape_fits has seen the children. */
static const void *misaligned(const struct ArrowSchema *field, const struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_buffers; i++)
        if ((uintptr_t)array->buffers[i] % BUFFER_ALIGNMENT)
            return array->buffers[i];
    const void *found = NULL;
    for (int64_t i = 0; !found && i < field->n_children; i++)
        found = misaligned(field->children[i], array->children[i]);
    return found ? found
           : field->dictionary && array->dictionary
               ? misaligned(field->dictionary, array->dictionary)
               : NULL;
}

static const struct ArrowSchema *layout_of(const struct qetl_made *made)
{
    static const struct ArrowSchema text = {
        .format = "vu", .name = "", .flags = ARROW_FLAG_NULLABLE, .release = release_nothing};
    return made->form == QETL_FORM_VALUE ? made->field : &text;
}

static int32_t validate(struct qetl_op *op, const struct qetl_made *made,
                        const struct ArrowArray *column)
{
    char message[300];
    struct qetl_made found = *made;
    found.validated = true;
    return qetl_array_validate(layout_of(made), column, message, sizeof message)
               ? qetl_op_blame(op, &found, "%s", message)
               : QETL_OK;
}

/* -1: shape_fits sees to it. Of views there may be more. */
static int64_t buffers_of(const struct ArrowSchema *field)
{
    switch (field->dictionary ? 'i' : field->format[0]) {
    case 'n':
        return 0;
    case '+':
        return -1;
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
    case 'v':
        return 3;
    default:
        return 2;
    }
}

/* A column in another form than it was wanted in: what its buffers are taken for they are not. */
static int32_t check_buffers(struct qetl_op *op, const struct qetl_made *made,
                             const struct ArrowArray *column)
{
    const struct ArrowSchema *layout = layout_of(made);
    int64_t wanted = buffers_of(layout), n = column->n_buffers;
    if (!column->length || wanted < 0 || (layout->format[0] == 'v' ? n >= wanted : n == wanted))
        return QETL_OK;
    return qetl_op_blame(op, made, "it has %lld buffers, and %s has %lld", (long long)n,
                         made->form == QETL_FORM_VALUE ? "its type"
                                                       : "text (LEXICAL or CHECKED was wanted)",
                         (long long)wanted);
}

int32_t qetl_op_check_column(struct qetl_op *op, const struct qetl_made *made, int64_t length,
                             const struct ArrowArray *column)
{
    if (column->offset < 0 || column->n_buffers < 0 || (column->n_buffers && !column->buffers))
        return qetl_op_blame(op, made, "it has a negative offset, or no buffers");
    if (column->length != length)
        return qetl_op_blame(op, made, "it has %lld rows, the batch %lld",
                             (long long)column->length, (long long)length);
    if (made->form == QETL_FORM_VALUE && made->field->n_children &&
        !shape_fits(made->field, column))
        return qetl_op_blame(op, made, "it does not have the layout of its type");
    int32_t status = check_buffers(op, made, column);
    if (status)
        return status;
    const void *buffer = misaligned(layout_of(made), column);
    if (buffer)
        return qetl_op_blame(op, made,
                             "a buffer is at %p, which is not aligned to %d bytes: it has to be "
                             "allocated so, or copied",
                             buffer, BUFFER_ALIGNMENT);
    return op->run->options.validate_full ? validate(op, made, column) : QETL_OK;
}

static int32_t check_form(struct qetl_op *op, const struct qetl_made *made,
                          const struct qetl_vector *vector, uint32_t form)
{
    struct qetl_made column = *made;
    column.form = form;
    if (!vector)
        return QETL_OK;
    if (vector->array.length != made->rows)
        return qetl_op_blame(op, &column, "it has %lld rows, the batch %lld",
                             (long long)vector->array.length, (long long)made->rows);
    return validate(op, &column, &vector->array);
}

int32_t qetl_op_check_batch(struct qetl_op *op, uint32_t port, const struct qetl_batch *batch)
{
    const struct ArrowSchema *schema = op->flow->ports[port].schema;
    struct qetl_made made = {.port = port, .rows = batch->rows, .passed = true};
    int32_t status = QETL_OK;
    for (int64_t c = 0; !status && c < batch->n_columns; c++) {
        made.field = schema->children[c];
        status = check_form(op, &made, batch->columns[c].value, QETL_FORM_VALUE);
        if (!status)
            status = check_form(op, &made, batch->columns[c].lexical, QETL_FORM_LEXICAL);
    }
    return status;
}
