/* SPDX-License-Identifier: Apache-2.0 */
/* How an operator's failure reaches the run. */
#include "op.h"
#include "run_internal.h"

#include <stdarg.h>
#include <stdio.h>

int32_t qetl_op_fail(struct qetl_op *op, const char *call, int32_t status)
{
    return qetl_run_fail(op->run, op->node, op->instance, call, status);
}

int32_t qetl_op_fault(struct qetl_op *op, const char *code, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return qetl_run_fault(op->run, op->node, code, message);
}
