/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client of a running pipeline: its requests, what is still to be sent, and its tap.
 *
 * Invariant: what waits to be sent is bounded: a slow client's tap is not read meanwhile.
 * Ownership: a session owns its descriptor, buffers and tap.
 * Threads:   the control's.
 */
#ifndef QETL_CORE_CONTROL_SESSION_H
#define QETL_CORE_CONTROL_SESSION_H

#include "control.h"

#include <stdint.h>

struct qetl_tap;

struct qetl_session {
    int fd;
    struct qetl_run *run;
    const struct qetl_pipeline *pipeline;
    char *in, *out;
    size_t n_in, out_at, out_end, out_room;
    struct qetl_tap *tap;
    int64_t left, given, missed; /* of the tap's rows */
    bool closing;                /* once all is sent */
    bool broken;
};

/* Takes the descriptor; NULL without memory. */
struct qetl_session *qetl_session_new(int fd, struct qetl_run *, const struct qetl_pipeline *);
void qetl_session_free(struct qetl_session *);

void qetl_session_read(struct qetl_session *); /* what the client sent */
void qetl_session_pump(struct qetl_session *); /* rows of the tap, as far as there is room */
void qetl_session_write(struct qetl_session *);
bool qetl_session_has_output(const struct qetl_session *);
bool qetl_session_is_done(const struct qetl_session *);

#endif
