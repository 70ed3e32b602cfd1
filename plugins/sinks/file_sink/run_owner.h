/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a staged file is, where a state may name it.
 *
 * Invariant: each process that goes on with a run has the same owner, and no other run has it.
 * Ownership: the text is the host's. Threads:   control.
 */
#ifndef FILE_SINK_RUN_OWNER_H
#define FILE_SINK_RUN_OWNER_H

#include <qetl/sdk.h>

#include <stddef.h>

/* NULL: nothing of the run is kept. */
static inline const char *run_owner(struct qetl_env env)
{
    const struct qetl_run_facts *run = env.host->get_extension(env.ctx, QETL_EXT_RUN);
    bool knows = run && run->struct_size > offsetof(struct qetl_run_facts, owner) && run->owner;
    return knows ? run->owner(env.ctx) : NULL;
}

#endif
