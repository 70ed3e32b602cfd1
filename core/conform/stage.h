/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An epoch of a sink, as far as cases want it: here, or in a process that is gone behind it.
 *
 * Invariant: the scratch folder is the caller's to empty. Ownership: the caller closes.
 * Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_STAGE_H
#define QETL_CORE_CONFORM_STAGE_H

#include "cases.h"
#include "sink.h"

struct conform_stage {
    struct conform_bench bench;
    struct conform_sinking s;
};

/* An instance that is ready for open, in the process of that generation; from 1. */
int32_t conform_stage_ready(struct conform_stage *, const struct conform_trial *,
                            uint64_t generation);
/* It opens, and writes rows of its own generation's. */
int32_t conform_stage_write(struct conform_stage *);
/* It prepares, and saves. */
int32_t conform_stage_prepare(struct conform_stage *);
/* Both, and commits. */
int32_t conform_stage_whole(struct conform_stage *);
void conform_stage_close(struct conform_stage *);
/* Whether the sink is TWO_PHASE; else the rule is not tried. */
bool conform_stage_has_phases(const struct conform_trial *, const struct conform_stage *,
                              enum conform_rule_id);

/* All of these but close, in a process that ends as if it were killed, of which handles and state
 * are handed on to the stage: one that was not opened. */
int32_t conform_stage_elsewhere(struct conform_stage *, const struct conform_trial *,
                                bool prepares);

#endif
