/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plugin call each thread is in, so that a crash can be laid at the right door.
 *
 * Invariant: between enter and leave of one thread the note names the call; calls do not nest, but
 * for the host's own services. Ownership: borrows the instance and the call's name. Threads:   each
 * its own note.
 */
#ifndef QETL_CORE_CALL_H
#define QETL_CORE_CALL_H

struct qetl_ctx;

struct qetl_call_note {
    const struct qetl_ctx *ctx; /* NULL: the thread is in the host */
    const char *name;
};

extern _Thread_local struct qetl_call_note qetl_call_note;

static inline void qetl_call_enter(const struct qetl_ctx *ctx, const char *name)
{
    qetl_call_note.ctx = ctx;
    qetl_call_note.name = name;
}

static inline void qetl_call_leave(void)
{
    qetl_call_note.ctx = 0;
}

/* For programs, not for embedding: a fatal signal names the component and ends the process.
 */
void qetl_call_report_crashes(int exit_code);

#endif
