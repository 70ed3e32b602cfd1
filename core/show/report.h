/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's report, for people (a table of 80 columns, a progress line) and for machines (JSON).
 *
 * Invariant: both say the same numbers.
 * Ownership: the report is borrowed.
 * Threads:   the caller's.
 */
#ifndef QETL_CORE_REPORT_H
#define QETL_CORE_REPORT_H

#include "run/run.h"

#include <jansson.h>
#include <stdio.h>

enum { QETL_NUMBER_MAX = 32 };

/* width: columns that the table may take; colour: nonzero for a terminal that shows them. */
void qetl_report_print(const struct qetl_run_report *, FILE *out, int width, int colour);
/* One line without a newline, for a terminal of so many columns. elapsed_s: since processing began.
 */
void qetl_report_progress(const struct qetl_run_report *, double elapsed_s, char *line,
                          size_t size);

json_t *qetl_report_summary_json(const struct qetl_run_report *);
json_t *qetl_report_result_json(const struct qetl_run_report *);

/* "1,234,567" and "1.2 GB"; both answer the buffer. */
char *qetl_number_text(int64_t number, char text[QETL_NUMBER_MAX]);
char *qetl_bytes_text(int64_t bytes, char text[QETL_NUMBER_MAX]);
double qetl_report_rows_per_batch(const struct qetl_component_report *); /* 0: no batches */
const char *qetl_kind_word(uint32_t kind);                               /* "source" */

#endif
