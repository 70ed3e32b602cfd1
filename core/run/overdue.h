/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that last too long (a component's `call_timeout`): the instance is interrupted, and what it
 * then answers means that its epoch has to be repeated. Who does not even heed that is named, and
 * the run ends.
 *
 * Invariant: no thread is ended from outside; an instance is interrupted once for that.
 * Ownership: looks at the run's instances, under its lock.
 * Threads:   one of its own, where a component asks for it; the rest as tagged.
 */
#ifndef QETL_CORE_OVERDUE_H
#define QETL_CORE_OVERDUE_H

#include <stdbool.h>
#include <stdint.h>

struct qetl_run;
struct qetl_ctx;
struct qetl_op;
struct qetl_overdue;

/* Negative: reported. *out NULL: no call is looked after. */
int32_t qetl_overdue_start(struct qetl_run *, struct qetl_overdue **out);
void qetl_overdue_stop(struct qetl_overdue *); /* accepts NULL */

/* [any] What an instance answered that was interrupted for the sake of time: its own status, or
 * that of an epoch that has to be repeated; its error then tells so. */
int32_t qetl_overdue_status(struct qetl_ctx *, int32_t status);
/* [worker] The same of an answer that is no failure: nothing comes of waiting, or was lost. */
bool qetl_overdue_spoils(const struct qetl_op *, int32_t answer);

#endif
