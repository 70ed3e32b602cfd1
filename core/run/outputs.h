/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run has shown: the objects that its sinks name, with their rows.
 *
 * Invariant: what a sink names in an epoch that has to be committed again is counted once.
 * Ownership: a list owns its items.
 * Threads:   note from any; the run's lock guards both lists.
 */
#ifndef QETL_CORE_OUTPUTS_H
#define QETL_CORE_OUTPUTS_H

#include <stddef.h>
#include <stdint.h>

struct qetl_run;

struct qetl_output_list {
    struct qetl_output_report *items;
    size_t n;
};

/* A sink names one. Bytes -1: nobody can say. */
void qetl_outputs_note(void *run, const char *uri, int64_t rows, int64_t bytes);
/* What the attempt has named stays. */
void qetl_outputs_keep(struct qetl_run *);
void qetl_outputs_free(struct qetl_output_list *);

#endif
