/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace of the border: a line for each call between core and plugins, for people or machines.
 *
 * Invariant: a line is written whole, when its call has ended, and holds neither a secret nor a
 *            value of a row: of rows and bytes it says how many there are.
 * Ownership: the trace owns its file, and borrows the mask.
 * Threads:   opened and closed by one; lines come from any.
 */
#ifndef QETL_CORE_TRACE_H
#define QETL_CORE_TRACE_H

#include "border/border.h"
#include "config/mask.h"

struct qetl_trace;

/* path NULL: stderr. JSON, where the name ends in .ndjson, .jsonl or .json. NULL: errno says why.
 */
struct qetl_trace *qetl_trace_open(const char *path, const struct qetl_mask *);
struct qetl_border_watcher qetl_trace_watcher(struct qetl_trace *);
/* 0, or the errno for which a line could not be written. Accepts NULL. */
int qetl_trace_close(struct qetl_trace *);
/* Async-signal-safe: the call that this thread is in, for who ends the program. */
void qetl_trace_crashed(void);

#endif
