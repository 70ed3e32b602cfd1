/* SPDX-License-Identifier: Apache-2.0 */
/* The dead letters' part in a decision. */
#include "run_internal.h"

#include <stdio.h>

static int32_t fault(struct qetl_run *run, int error, const char *what)
{
    char message[400];
    snprintf(message, sizeof message, "the dead letters in '%s' cannot be %s: %s",
             qetl_letter_store_name(run->letters), what, qetl_letter_store_reason(error));
    return qetl_run_fault(run, NULL, "dead_letters", message);
}

int32_t qetl_run_letters_seal(struct qetl_run *run, uint64_t epoch, int64_t *length)
{
    int error = qetl_letter_store_seal(run->letters, epoch, length);
    return error ? fault(run, error, "kept") : QETL_OK;
}

int32_t qetl_run_letters_rewind(struct qetl_run *run)
{
    int error = qetl_letter_store_rewind(run->letters);
    return error ? fault(run, error, "gone on with") : QETL_OK;
}

int32_t qetl_run_letters_resume(struct qetl_run *run, int64_t length)
{
    int error = qetl_letter_store_resume(run->letters, length);
    return error ? fault(run, error, "gone on with") : QETL_OK;
}
