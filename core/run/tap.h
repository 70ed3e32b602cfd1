/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tap: copies of the rows at one place of a running pipeline, while somebody reads them.
 *
 * Invariant: a tap sees what the run decodes of a row, and changes nothing of the run. Rows come in
 * the order of their batches; what was missed is counted. Ownership: a tap is closed before its run
 * is freed; it may outlive the run's end. Threads:   one reader a tap; open from any.
 */
#ifndef QETL_CORE_TAP_H
#define QETL_CORE_TAP_H

#include "config/finding.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_run;
struct qetl_tap;

/* place: COMPONENT or COMPONENT.PORT; of a sink, what arrives there (PORT is then the number of an
 * input, from 1). where: an expression over the visible columns, or NULL. NULL: a finding says why;
 * its code is "not_running" while the run is being set up. */
struct qetl_tap *qetl_tap_open(struct qetl_run *, const char *place, const char *where,
                               struct qetl_findings *);
void qetl_tap_close(struct qetl_tap *); /* accepts NULL */

/* [{name, type, visible}]: a column that nothing downstream wants is not decoded, and invisible. */
json_t *qetl_tap_columns(const struct qetl_tap *);

/* Hands over at most so many rows as JSON objects. Answers how many; 0: none for now. */
int64_t qetl_tap_read(struct qetl_tap *, int64_t most,
                      void (*row)(void *arg, const char *json, size_t size), void *arg);
/* No more rows will come: what was there was read, and the run is over. */
bool qetl_tap_over(struct qetl_tap *);
/* Rows that passed while there was no room, and rows that the expression failed on. */
int64_t qetl_tap_missed(struct qetl_tap *);
int64_t qetl_tap_failed(const struct qetl_tap *);

#endif
