/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source operator's two halves: drawing from the source (op_source.c) and framing bytes
 * (frame.c).
 *
 * Invariant: the unframed bytes are buffer[start, end); nothing before start is written to again,
 * since chunks refer to it. Ownership: the state holds one reference to its buffer and object.
 * Threads:   the one that runs the source's task; before that, set-up.
 */
#ifndef QETL_CORE_OP_SOURCE_H
#define QETL_CORE_OP_SOURCE_H

#include "op.h"

struct qetl_kept { /* a position that the source handed out */
    uint64_t at;   /* bytes that came before it in this process */
    uint64_t objects;
    uint32_t split;
    bool begun; /* false: the split's beginning */
    void *data;
    size_t size;
};

struct qetl_source_state {
    struct qetl_blob *splits; /* of all readers, in turn; owned copies */
    size_t n_splits, next_split, n_readers;
    uint32_t split;  /* that is open */
    bool together;   /* no split can be gone on with: there is no cut before the end */
    uint8_t *buffer; /* a pool buffer, or NULL */
    int64_t capacity, start, end;
    int64_t offset; /* of buffer[start] in the object */
    struct qetl_object *object;
    int64_t numbered;            /* objects that have begun */
    struct qetl_object **paused; /* those that go on later, of a source without end */
    size_t n_paused;
    bool object_started; /* the framer has not seen the object's first bytes yet */
    bool object_ended;   /* buffer[start, end) is the rest of the object */
    bool end_told;       /* and the framer knows */
    bool starts_rows;    /* the next chunk is the object's first: rows count from 1 */
    bool want_more;      /* no whole record in what there is */
    int64_t since_ns;    /* when the first byte came that may be framed; 0: there is none */
    int64_t in_vain;     /* in so many bytes from start no record ends */
    bool exhausted;      /* the source has no more bytes */
    bool at_cut, ended;
    int64_t awaited_ns;    /* since then for the next item; 0: not yet */
    bool comes_soon;       /* the last one was not waited for longer than may be dwelt for it */
    int64_t in_vain_calls; /* that brought nothing, one after the other … */
    uint64_t in_vain_at;   /* … and a position of this hash */
    bool coarse;           /* bytes: not every item is one to resume behind */
    bool uncut;            /* something came, or went out, since the last barrier */
    uint64_t epoch;

    /* For the place at a barrier: the newest position that lies not behind the first unframed byte,
     * and those behind it. */
    struct qetl_kept *kept;
    size_t n_kept, kept_room;
    uint64_t drawn;    /* bytes that came in this process */
    int64_t object_at; /* of them before the object at hand; -1: it began in another process */
    uint64_t objects;  /* that began */
    int64_t skip;      /* bytes to be passed over, which another process has framed */
    bool resumed;      /* nothing was drawn yet of what another process has begun */
    bool drained;      /* it ends where it is, and may go on there */
};

struct qetl_source_state *qetl_source_state_new(void);
void qetl_source_state_free(struct qetl_source_state *); /* accepts NULL */

/* splits.c: asks what there is to open, and how many readers share it, and opens the first. */
int32_t qetl_source_open(struct qetl_op *);
/* Of another reader, which has been told of the splits: opens its first. */
int32_t qetl_source_open_share(struct qetl_op *);
bool qetl_source_has_split(const struct qetl_source_state *); /* that its reader did not open yet */
int32_t qetl_source_open_next(struct qetl_op *);
void qetl_splits_drop(struct qetl_source_state *);
/* One more, copied; as the write of a qetl_writer. */
int32_t qetl_splits_add(void *state, const void *data, size_t size);
/* Before that, of a source of batches: tells it which columns are wanted. */
int32_t qetl_source_negotiate(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
/* The same of another instance, which has to answer alike. */
int32_t qetl_source_negotiate_again(struct qetl_run *, const struct qetl_node *,
                                    const struct qetl_node_flow *, struct qetl_ctx *);
/* begin.c: both; flow is the op's. A source of bytes is told what is new. */
int32_t qetl_source_begin(struct qetl_op *, struct qetl_node_flow *);
/* Asks the source, which hardly waits: a positive answer of next, or a failure that was reported.
 * After IDLE the op waits for a wake. */
int32_t qetl_source_draw(struct qetl_op *, void *space, int64_t room, struct qetl_item *item);

/* dwell.c: until then its next may wait; what became of that call, which began then. */
int64_t qetl_source_dwell(const struct qetl_op *, int64_t now_ns);
void qetl_source_note_wait(struct qetl_op *, bool idle, int64_t called_ns, int64_t now_ns);

/* in_vain.c: of what next answered, and how long it took; negative, reported: there is nothing in
 * it that could have been waited for. */
int32_t qetl_source_check_vain(struct qetl_op *, int32_t answer, const struct qetl_item *,
                               int64_t took_ns);

/* Bytes that the next step may cost, down to the sink: a long record is copied and encoded. */
int64_t qetl_source_appetite(const struct qetl_op *);

/* Nobody takes its rows any more: it ends where it is. */
bool qetl_source_unwanted(const struct qetl_op *);
/* There is something to do for a source that was not woken. */
bool qetl_source_has_news(const struct qetl_op *);

/* survey.c: reads the source through, for a format that says that its columns may grow; the flow's
 * schema is whole afterwards, and its reader stands at the beginning. Negative: reported. */
int32_t qetl_source_survey(struct qetl_op *, struct qetl_node_flow *);

/* pause.c: the object that an item without OBJECT_START goes on in, taken from those that pause, or
 * NULL; the object at hand pauses (its reference moves; negative without memory). id 0: it is known
 * by its name. */
struct qetl_object *qetl_object_go_on(struct qetl_source_state *, const char *name, uint64_t id);
int32_t qetl_object_pause(struct qetl_source_state *, struct qetl_object *);

/* added.c: of what the source says of its objects, the columns; those behind the format's; the
 * values of the object at hand, if they are not known yet. Negative: reported. */
int32_t qetl_added_ask(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_added_join(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_added_know(struct qetl_op *, struct qetl_object *);

/* cut.c: an item came, whose bytes stand in the buffer; a split begins. Negative
 * without memory. */
int32_t qetl_source_keep(struct qetl_op *, const struct qetl_item *);
int32_t qetl_source_keep_start(struct qetl_op *);
/* What of an item another process has framed already is passed over. */
void qetl_source_pass_over(struct qetl_source_state *, int64_t bytes);
void qetl_source_kept_free(struct qetl_source_state *);
/* What was framed so far ends where the source can be resumed. */
bool qetl_source_is_at_cut(const struct qetl_op *);
/* The run drains, and would end where the source cannot be resumed: it has to go on to its next
 * cut. */
bool qetl_source_owes_cut(const struct qetl_op *);

/* frame.c */
/* Draws until the sample is large enough, the object ends, or nothing more comes for now; but a
 * line ends behind its first `known` bytes, of which the format said that they are too few. IDLE:
 * more has to come first; the same call goes on once the op may resume, or at *quiet_until_ns,
 * which is INT64_MAX before the first. */
int32_t qetl_frame_sample(struct qetl_op *, int64_t sample_bytes, int64_t known,
                          int64_t *quiet_until_ns);
/* What waits for more to come is let go, since those who take it have nothing to do. */
bool qetl_frame_is_ripe(const struct qetl_op *);
bool qetl_frame_is_empty(const struct qetl_op *); /* no bytes wait, and nothing has to be told */
/* It answered IDLE, and has nothing to hand on: it goes on once it is woken, its time comes, or
 * qetl_source_has_news for others' sake. */
bool qetl_source_only_waits(const struct qetl_op *);
/* Draws or frames once; DONE, IDLE or a failure. */
int32_t qetl_frame_step(struct qetl_op *);

#endif
