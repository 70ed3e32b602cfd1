/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin hands over is checked: its length always, all of it where the run asks for that. */
#include "op.h"
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

int32_t qetl_op_check_column(struct qetl_op *op, const struct ArrowSchema *field, uint32_t form,
                             const struct ArrowArray *column, int64_t rows)
{
    static const struct ArrowSchema text = {
        .format = "vu", .name = "", .flags = ARROW_FLAG_NULLABLE, .release = release_nothing};
    char message[300];
    if (column->offset < 0 || column->n_buffers < 0 || (column->n_buffers && !column->buffers))
        return qetl_op_fault(op, "bad_batch", "column '%s' has a negative offset, or no buffers",
                             field->name);
    if (column->length != rows)
        return qetl_op_fault(op, "bad_batch", "column '%s' has %lld rows, the batch %lld",
                             field->name, (long long)column->length, (long long)rows);
    if (form == QETL_FORM_VALUE && field->n_children && !shape_fits(field, column))
        return qetl_op_fault(op, "bad_batch", "column '%s' does not have the layout of its type",
                             field->name);
    const struct ArrowSchema *layout = form == QETL_FORM_VALUE ? field : &text;
    const void *buffer = misaligned(layout, column);
    if (buffer)
        return qetl_op_fault(op, "bad_batch",
                             "column '%s' has a buffer at %p, which is not aligned to %d bytes: "
                             "the plugin has to allocate it so, or copy it",
                             field->name, buffer, BUFFER_ALIGNMENT);
    if (!op->run->options.validate_full)
        return QETL_OK;
    if (!qetl_array_validate(layout, column, message, sizeof message))
        return QETL_OK;
    return qetl_op_fault(op, "bad_batch", "column '%s' is no valid Arrow array: %s", field->name,
                         message);
}
