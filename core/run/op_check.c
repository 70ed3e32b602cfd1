/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin hands over is checked: its length always, all of it where the run asks for that. */
#include "op.h"
#include "run_internal.h"

static void release_nothing(struct ArrowSchema *schema)
{
    (void)schema;
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
    if (!op->run->options.validate_full)
        return QETL_OK;
    const struct ArrowSchema *layout = form == QETL_FORM_VALUE ? field : &text;
    if (!qetl_array_validate(layout, column, message, sizeof message))
        return QETL_OK;
    return qetl_op_fault(op, "bad_batch", "column '%s' is no valid Arrow array: %s", field->name,
                         message);
}
