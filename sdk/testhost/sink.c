/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a sink. */
#include "test.h"

#include <stdlib.h>

int32_t test_forms_check(struct qetl_rig *t,
                         int32_t (*forms)(void *, const struct ArrowSchema *, uint32_t *))
{
    const struct ArrowSchema *schema = &t->inputs[0];
    uint32_t *wanted = memory_need(calloc((size_t)schema->n_children + 1, sizeof *wanted));
    int32_t status = forms ? forms(t->self, schema, wanted) : QETL_OK;
    for (int64_t i = 0; forms && i < schema->n_children && status >= 0; i++)
        if (!(wanted[i] & QETL_FORM_VALUE))
            status =
                test_fail(t, QETL_E_UNSUPPORTED, "the test host hands columns over as VALUE only");
    free(wanted);
    return status < 0 ? status : QETL_OK;
}

int32_t sink_open(struct qetl_rig *t)
{
    const struct qetl_sink *sink = t->component->sink;
    if (t->begun)
        return QETL_OK;
    t->sink = (struct qetl_sink_info){.struct_size = sizeof t->sink};
    int32_t status = sink->describe(t->self, &t->sink);
    if (status >= 0 && t->sink.takes == QETL_TAKES_BATCHES)
        status = test_forms_check(t, sink->forms);
    if (status >= 0)
        status = test_restore(t);
    for (uint32_t i = 0; i < t->n_inputs && status >= 0; i++)
        status = sink->open(t->self, i, &t->inputs[i]);
    t->begun = status >= 0;
    return status < 0 ? status : QETL_OK;
}

int32_t sink_write(struct qetl_rig *t, struct qetl_write *write)
{
    int32_t status = sink_open(t);
    int64_t rejected = t->n_rejected;
    if (status)
        return status;
    do {
        write->rows_written = write->rows; /* as qetl has it: who takes all need not say so */
        status = t->component->sink->write(t->self, write);
    } while (status == QETL_BUSY && test_wait(t));
    rejected = t->n_rejected - rejected;
    if (status == QETL_OK && write->rows_written + rejected != write->rows)
        return test_broken(t, "of %lld rows %lld were written and %lld rejected",
                           (long long)write->rows, (long long)write->rows_written,
                           (long long)rejected);
    return status;
}
