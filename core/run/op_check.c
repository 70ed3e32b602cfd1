/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin hands over is checked: its length always, all of it where the run asks for that. */
#include "op.h"
#include "run_internal.h"

#include <string.h>

static void release_nothing(struct ArrowSchema *schema)
{
    (void)schema;
}

/* What the core itself follows when it carries rows past: children and buffers that are there. */
static bool shape_fits(const struct ArrowSchema *field, const struct ArrowArray *array)
{
    bool list = strcmp(field->format, "+l") == 0;
    if (array->n_children != field->n_children || array->n_buffers < (list ? 2 : 1) ||
        (list && !array->buffers[1]))
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

int32_t qetl_op_check_column(struct qetl_op *op, const struct ArrowSchema *field, uint32_t form,
                             const struct ArrowArray *column, int64_t rows)
{
    static const struct ArrowSchema text = {
        .format = "vu", .name = "", .flags = ARROW_FLAG_NULLABLE, .release = release_nothing};
    char message[300];
    if (column->length != rows)
        return qetl_op_fault(op, "bad_batch", "column '%s' has %lld rows, the batch %lld",
                             field->name, (long long)column->length, (long long)rows);
    if (form == QETL_FORM_VALUE && field->n_children && !shape_fits(field, column))
        return qetl_op_fault(op, "bad_batch", "column '%s' does not have the layout of its type",
                             field->name);
    if (!op->run->options.validate_full)
        return QETL_OK;
    const struct ArrowSchema *layout = form == QETL_FORM_VALUE ? field : &text;
    if (!qetl_array_validate(layout, column, message, sizeof message))
        return QETL_OK;
    return qetl_op_fault(op, "bad_batch", "column '%s' is no valid Arrow array: %s", field->name,
                         message);
}
