/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators do at a barrier, so that a run may be resumed there, and how they go on from it.
 *
 * Invariant: an operator hands in before it passes a barrier or its end on.
 * Ownership: what is handed in belongs to the epochs of the run.
 * Threads:   the one that runs the operator's task; restoring: set-up.
 */
#ifndef QETL_CORE_CHECKPOINT_H
#define QETL_CORE_CHECKPOINT_H

#include "epoch/epochs.h"
#include "op.h"

struct qetl_op_memory { /* what an operator itself remembers, beside its plugin */
    bool ended;         /* it has given out all there was */
    bool begun;         /* sinks: the header is written */
    int64_t rows_held;
    uint64_t ended_ports; /* of which the plugin knows: a bit each */
};

/* The parts of a component's STATE entries: its replicas, replicas of which each holds a share, and
 * the encoder of a sink. */
enum { QETL_PART_WHOLE = 0, QETL_PART_SHARE = 0x10000, QETL_PART_ENCODER = 0x20000 };

/* The barrier of this epoch (or the end, in it) goes through the operator: what it has counted is
 * handed in, with *more (may be NULL; moves). */
int32_t qetl_op_hand_in(struct qetl_op *, uint64_t epoch, bool ended, struct qetl_handed *more);
/* A barrier or end goes through an operator that keeps nothing, and on. */
int32_t qetl_op_pass(struct qetl_op *, const struct qetl_message *);
/* Adds the memory and, if the component has save and did not end, what that writes. */
int32_t qetl_op_save(struct qetl_op *, const struct qetl_op_memory *, struct qetl_handed *);
/* As it is called by who saves more than one component. Adds to pack; negative: reported. */
int32_t qetl_ctx_save(struct qetl_run *, const struct qetl_node *, struct qetl_ctx *,
                      uint32_t *version, struct qetl_pack *);

/* What the run goes on from says of this component; found: there is such a thing. Negative:
 * reported. */
int32_t qetl_op_remember(struct qetl_run *, const struct qetl_node *, uint32_t part,
                         struct qetl_op_memory *, bool *found);
/* Calls the instance's restore with what lies under part; nothing, if there is none. */
int32_t qetl_ctx_restore(struct qetl_run *, const struct qetl_node *, struct qetl_ctx *,
                         uint32_t part);
/* What the component itself wrote, of such an entry; false: nothing. */
bool qetl_state_saved(const void *data, size_t size, struct qetl_blob *saved);
/* A transform's replica of n, once it is bound. */
int32_t qetl_transform_restore(struct qetl_op *, uint32_t replicas, struct qetl_op_memory *);

/* op_transform.c, op_sink.c: before anything is fed. */
int32_t qetl_transform_resume_at(struct qetl_op *, const struct qetl_op_memory *);
int32_t qetl_sink_resume_at(struct qetl_op *, const struct qetl_op_memory *);

/* cut.c: where the source stands, for the barrier or the end that it is about to send. */
int32_t qetl_source_cut(struct qetl_op *, uint64_t epoch, bool ended);
/* Opens the splits where the run goes on. */
int32_t qetl_source_go_on(struct qetl_op *, const struct qetl_stand *);

#endif
