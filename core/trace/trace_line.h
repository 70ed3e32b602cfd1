/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of the trace, for people (TIME THREAD COMPONENT/PLUGIN#N DIRECTION CALL …) or as JSON.
 *
 * Invariant: what was put in is masked; a line has one end of line, at its end.
 * Ownership: a line owns its bytes.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_TRACE_LINE_H
#define QETL_CORE_TRACE_LINE_H

#include "border/crossing.h"
#include "config/mask.h"

#include <stddef.h>
#include <sys/types.h>

struct qetl_trace_line {
    char *data;
    size_t size, room;
    bool failed; /* no memory */
    const struct qetl_mask *mask;
};

void qetl_trace_line_init(struct qetl_trace_line *, const struct qetl_mask *);
void qetl_trace_line_head(struct qetl_trace_line *, const struct qetl_crossing *, int64_t at_ns,
                          pid_t thread);
void qetl_trace_line_cargo(struct qetl_trace_line *, const struct qetl_crossing *, bool out);
void qetl_trace_line_answer(struct qetl_trace_line *, const struct qetl_crossing *);
void qetl_trace_line_json(struct qetl_trace_line *, const struct qetl_crossing *, int64_t at_ns,
                          pid_t thread); /* all of it */
void qetl_trace_line_end(struct qetl_trace_line *);
void qetl_trace_line_free(struct qetl_trace_line *);

/* "BATCH", "E_ROW"; NULL: it is no status of the ABI. */
const char *qetl_status_word(int64_t status);
/* The options of the instance, secrets masked, a new reference; NULL without memory. */
json_t *qetl_trace_options(const struct qetl_crossing *, const struct qetl_mask *);

#endif
