/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators: the components of a stage's replica, chained by direct calls. A message goes down the
 * tree of operators until it reaches the edges that leave the stage, or a sink.
 *
 * Invariant: an operator never blocks on another component. What cannot go on now is left pending
 * in the operator, and its stage resumes it, the deepest first, before it feeds anything else.
 * Ownership: a message's payload belongs to the operator that it is fed to.
 * Threads:   the one that runs the task.
 */
#ifndef QETL_CORE_OP_H
#define QETL_CORE_OP_H

#include "bind.h"
#include "data/batch.h"
#include "edge.h"
#include "flow.h"
#include "host/call.h"
#include "host/instance.h"
#include "limits/retry.h"
#include "lookout.h"
#include "patience.h"

struct qetl_run;
struct qetl_op;
struct qetl_task;

struct qetl_message {
    enum qetl_slot_kind kind;
    uint32_t port; /* of the operator it is fed to */
    void *payload;
    uint64_t epoch; /* BARRIER */
};

/* Answers of feed, resume and step: negative is a failure that has been reported to the run. */
enum qetl_step { QETL_STEP_DONE = 0, QETL_STEP_PENDING = 1 /* resume again */, QETL_STEP_IDLE = 2 };

struct qetl_op_class {
    /* Takes the message in. What is left over is pending. */
    int32_t (*feed)(struct qetl_op *, struct qetl_message *);
    /* (opt) Goes on with what is pending; IDLE: waits for a wake. Sources produce here. */
    int32_t (*resume)(struct qetl_op *);
    void (*free)(struct qetl_op *); /* (opt) the class's own state, not the op */
    bool shows;                     /* what it emits are the rows of its node's output */
};

struct qetl_target {
    struct qetl_op *op; /* in the same replica, or NULL */
    uint32_t port;      /* of op */
    struct qetl_edge *edge;
};

struct qetl_out_port {
    struct qetl_target *targets;
    size_t n_targets;
    int64_t batches, rows; /* that left by it, of this replica */
};

struct qetl_op {
    const struct qetl_op_class *class;
    struct qetl_run *run;
    const struct qetl_node *node;
    const struct qetl_node_flow *flow;
    struct qetl_ctx *instance; /* the run's; NULL: an operator of the host's own (a relay) */
    size_t slot;               /* among those that hand in at a barrier */
    uint32_t replica;
    uint32_t reader; /* sources: which of those that share its splits */
    uint64_t epoch;  /* of the last barrier that it has passed on: its rows lie behind that */
    uint32_t take;   /* which of the node's inputs: encode its own, others of what is under way */
    struct qetl_out_port *out;
    size_t n_out;
    bool pending;
    bool partial;   /* its state is merged at the end: it gives out nothing itself */
    bool satisfied; /* it answered END: it wants no more rows */
    /* While idle: not before the instance was woken or this time came. */
    bool idle;
    uint32_t wakes_seen;
    int64_t idle_until_ns;
    struct qetl_retry retry; /* of the call that failed last */
    int64_t retry_at_ns;     /* before which it is not made again; 0: whenever it is called */
    bool piece;         /* decoders: what is fetched late is of a piece of the last batch, … */
    int64_t piece_from; /* … that begins at this row of it */
    struct qetl_op *decoder; /* transforms: the one in front, if columns are fetched from it late */
    void *state;             /* the class's */
};

extern const struct qetl_op_class qetl_op_source;
extern const struct qetl_op_class qetl_op_gather; /* of a source with several readers */
extern const struct qetl_op_class qetl_op_decode; /* or a relay, where the source emits batches */
extern const struct qetl_op_class qetl_op_transform;
extern const struct qetl_op_class qetl_op_encode;
extern const struct qetl_op_class qetl_op_sink;

/* op_emit.c: hands a message to all targets of an output port; takes the payload. */
int32_t qetl_op_emit(struct qetl_op *, uint32_t out_port, enum qetl_slot_kind, void *payload);
int32_t qetl_op_emit_all(struct qetl_op *, enum qetl_slot_kind, uint64_t epoch); /* control */
void qetl_payload_free(enum qetl_slot_kind, void *payload);
/* Marks the op idle as of `wakes` (read before the call that answered so): not before it was woken,
 * or this time has come (INT64_MAX: never). */
void qetl_op_set_idle(struct qetl_op *, uint32_t wakes, int64_t until_ns);
/* What it answered that it has to be woken for, for who asks why it does not move; until its next
 * call. */
static inline void qetl_op_waits(struct qetl_op *op, const char *what)
{
    atomic_store_explicit(&op->instance->waits, what, memory_order_relaxed);
}
bool qetl_op_may_resume(const struct qetl_op *, int64_t now_ns);
int64_t qetl_now_ns(void);

/* op_reject.c: turns what the instance rejected in the call just made into dead letters. For rows
 * of a batch, or of a chunk's records (batch NULL). Answers how many, or a failure. */
int64_t qetl_op_bury(struct qetl_op *, struct qetl_origin *, const struct qetl_batch *,
                     const struct ArrowSchema *columns);

/* op_want.c: whether anyone downstream still wants rows; the op wants none from now on; what that
 * means to the edges that a task takes from. */
bool qetl_op_wants(const struct qetl_op *);
void qetl_op_satisfy(struct qetl_op *);
void qetl_task_note_wants(struct qetl_task *);

/* op_partial.c: whether replicas may each hold a part of the state; a replica's END, with its
 * state; what its one successor does with those. */
bool qetl_flow_is_mergeable(const struct qetl_node *, const struct qetl_node_flow *);
int32_t qetl_partial_end(struct qetl_op *);
int32_t qetl_partial_merge(struct qetl_op *, struct qetl_saved *moved);

/* A call into the plugin: `status` as it answered. Reports and answers the failure. */
int32_t qetl_op_fail(struct qetl_op *, const char *call, int32_t status);
int32_t qetl_op_fault(struct qetl_op *, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* op_decode.c: the LATE columns of the batch that the decoder emitted last, for `rows` of its rows
 * (map NULL: all), into columns, one a column of the schema. */
int32_t qetl_decode_late(struct qetl_op *decoder, int64_t rows, const int32_t *map,
                         struct qetl_batch_column *columns);
/* For those who look on: the columns of the batch that the decoder is about to emit, LATE ones
 * too. NULL: there is no memory for it, which is no failure of the run. */
struct qetl_batch *qetl_decode_whole(struct qetl_op *decoder, const struct qetl_batch *);

/* op_decode.c: has the chunk decoded: OK, SCHEMA, MORE, or a failure that was reported. */
int32_t qetl_decode_call(struct qetl_op *decoder, const struct qetl_origin *, bool more,
                         struct qetl_decoded *);

/* added.c: the columns that the source adds, into the decoder's batch, but for the numbers of rows,
 * which are not known yet; whether somebody wants those; into it, once they are. */
int32_t qetl_added_fill(struct qetl_op *decoder, struct qetl_batch *);
bool qetl_added_numbers(const struct qetl_node_flow *);
int32_t qetl_added_number(struct qetl_op *decoder, struct qetl_batch *, int64_t base);

/* append.c: whether the sink's object has content already; whether the format's header is what that
 * begins with. Negative: reported. */
bool qetl_sink_continues(const struct qetl_op *sink);
int32_t qetl_sink_check_head(struct qetl_op *sink);

/* op_encode.c, for headers and footers, that a sink writes itself. */
struct qetl_block *qetl_encode_part(struct qetl_ctx *codec,
                                    int32_t (*part)(void *, struct qetl_space *), int32_t *status);

/* parts.c: what a sink that spreads its rows takes from an input; what its objects begin and end
 * with. */
int32_t qetl_flow_take_parts(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *,
                             const struct ArrowSchema *, struct qetl_take_flow *);
int32_t qetl_flow_frame_parts(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
/* Of a format that writes one whole: each object will have an encoder of its own. */
int32_t qetl_flow_whole_parts(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *,
                              uint32_t encode);

#endif
