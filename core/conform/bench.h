/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance on the bench: the component at work for a host that looks at every call.
 *
 * Invariant: each call into the plugin goes through conform_call, and is counted, timed, and
 * checked; destroy is called once for each create. Ownership: the bench owns the instance and what
 * the run gave out as text. Threads:   one drives; interrupt comes from any.
 */
#ifndef QETL_CORE_CONFORM_BENCH_H
#define QETL_CORE_CONFORM_BENCH_H

#include "cells.h"
#include "check.h"
#include "guard.h"
#include "host/instance.h"
#include "record.h"
#include "relay.h"
#include "ring/parker.h"
#include "text.h"
#include "tree.h"

#include <poll.h>

/* Of a case that tries the same in many ways: what it may use, and what it has used. */
struct conform_budget {
    int64_t share_ns, from_ns, tries;
};

/* One component and what it is tried with: the same for all cases. */
struct conform_trial {
    struct conform_record *record;
    const struct qetl_manifest_component *promised;
    const struct qetl_component *component;
    struct conform_check *check;
    const char *scratch; /* a folder, emptied before each run */
    uint64_t seed;
    bool further;        /* not the first of the component's checks */
    int64_t patience_ns; /* how long a call may last that should return soon */
    struct conform_budget *budget;
};

/* Of a format's columns these, and in this order. */
enum conform_pick {
    CONFORM_PICK_ALL,
    CONFORM_PICK_NONE,
    CONFORM_PICK_FIRST,
    CONFORM_PICK_LAST,
    CONFORM_PICK_SECONDS,
    CONFORM_PICK_BACKWARDS,
    CONFORM_PICKS
};

/* One of all rows, or one behind each write: by one instance, or by one each. */
enum conform_epochs { CONFORM_EPOCHS_ONE, CONFORM_EPOCHS_STAYING, CONFORM_EPOCHS_RENEWED };

/* How a run differs from a plain one. */
struct conform_knobs {
    int64_t rows, bytes;  /* of a batch or demand; 0: as many as there are */
    int64_t offset;       /* of the arrays that are handed in */
    bool migrate;         /* each call on a thread of its own */
    bool grown;           /* structs as a later minor version has them */
    const char *without;  /* an extension that the host lacks; "": it has none */
    bool poison;          /* what was lent is shut behind the call */
    uint8_t unseen;       /* what stands where nobody may look */
    int64_t fail_buffer;  /* the n-th buffer is refused; 0: none … */
    bool fail_after;      /* … and all behind it */
    int64_t leave_at;     /* the run is given up at that call; 0: never … */
    int64_t leave_ns;     /* … and at that time, behind its first calls */
    int64_t interrupt_at; /* before that call; 0: never */
    int64_t answer_ns;    /* that a source's next has; 0: as usual … */
    int64_t late_most_ns; /* … and the run is given up where it is later than that; 0: never */
    int64_t cut_at;       /* at the n-th chance a new instance goes on; 0: never … */
    int64_t cut_every;    /* … and from there at each so-manieth, some times; 0: once */
    int damage;           /* of the state that is restored: see conform_restore_state; 5: a new
                             instance is given an unknown one before it begins */
    int damage_position;  /* of a source, likewise: 1, 2 */
    bool resumes;         /* as if another process had been here before */
    bool stranger;        /* of another pipeline */
    enum conform_epochs epochs; /* of a sink */
    bool split_each;            /* an instance for each split of a source */
    bool keep_arrays;           /* what was given out is released behind destroy */
    bool only;                  /* of a transform's output only one derived column is taken … */
    uint32_t only_port, only_column;
    uint64_t keep;               /* … and of its input these columns alone are as they were */
    enum conform_pick pick;      /* of a format's columns these alone come out … */
    bool picks_late;             /* … though all were wanted … */
    bool numbered;               /* … and their rows begin with the numbers of their records */
    struct conform_cells *cells; /* where what comes out is kept, too; or NULL */
    const json_t *options;       /* in place of the check's */
    const char *name;            /* of the component in its pipeline; NULL: "check" */
    struct conform_relay *relay; /* calls are made in turns with another run; or NULL … */
    int runner;                  /* … as which of the two */
};

enum { CONFORM_OUTS = 8, CONFORM_WATCHES = 64, CONFORM_SCHEMAS = 64 };

struct conform_bench {
    const struct conform_trial *trial;
    struct conform_knobs knobs;
    struct qetl_ctx *ctx;
    void *self_owned; /* what the instance had before its self was guarded */
    struct conform_guard self;
    struct qetl_node node;
    struct qetl_plugin_use use;
    struct qetl_instance_env env;
    struct qetl_parker parker;
    struct qetl_pool *pool;
    union { /* as it says that it is; a later version has more behind it */
        struct qetl_host host;
        uint8_t room[sizeof(struct qetl_host) + 64];
    };
    struct conform_guard structs[8]; /* lent to the call that is under way */
    struct conform_guard *lists;     /* of children that were lent, one each … */
    size_t n_lists;                  /* … as a batch may be kept */
    atomic_int stopping;
    atomic_uint epochs;
    atomic_int life; /* interrupt may come: between create's and destroy's ends */
    pthread_mutex_t lock;
    const char *about; /* of what the calls are, where that is odd: " on …"; or NULL */
    int64_t calls, buffers, chances;
    int64_t row_base, rejected; /* rows before the batch at hand; rejected by the last call … */
    struct conform_text gone;   /* … which: an int64_t each */
    struct qetl_blob given;     /* what frame or decode, under way, is to look at */
    const struct conform_call *doing;
    struct pollfd watched[CONFORM_WATCHES]; /* given to qetl.poll/1: one shot each … */
    size_t n_watched;                       /* … between this call and the next */
    unsigned wakes;                         /* that were waited for */
    size_t splits;                          /* of a source */
    int64_t late_ns;                        /* likewise, by its worst next */
    bool emits_bytes;                       /* likewise */
    struct conform_guard *shut;             /* buffers of those that were lent and came back */
    size_t n_shut;
    struct ArrowSchema *schemas; /* copies that were lent, until the end */
    size_t n_schemas;
    struct ArrowArray kept[64];
    size_t n_kept;
    bool left;       /* the run was given up, as the knobs say */
    bool distrusted; /* an array was not released, as it is none */
    bool ran;        /* it came beyond create */
    bool blamed;     /* the last failure named an option */
    int32_t status;
    char error[300]; /* of the last failure */
    struct conform_text outs[CONFORM_OUTS], rejects;
    size_t encode_rejects;       /* of a format: so much of `rejects` came when it wrote … */
    struct conform_text encoded; /* … these bytes */
    struct conform_tree tree;    /* by a sink: the scratch folder, behind a run that went well */
};

/* Makes the instance and calls create: QETL_OK or its failure. conform_bench_close in any case. */
int32_t conform_bench_open(struct conform_bench *, const struct conform_trial *,
                           const struct conform_knobs *);
int32_t conform_bench_start(struct conform_bench *);
void conform_bench_stop(struct conform_bench *); /* where it was started */
/* Destroys the instance; what it gave out stays. A new one may be made on the same bench. */
void conform_bench_destroy(struct conform_bench *);
int32_t conform_bench_create(struct conform_bench *);
void conform_bench_close(struct conform_bench *);

/* ---- calls.c: every call into the plugin ---- */

struct conform_args { /* of a call; which are used depends on it */
    struct conform_bench *bench;
    void *self;
    const void *a, *b, *c;
    void *out;
    int64_t n;
    uint32_t version;
    struct qetl_blob blob;
    int64_t rows; /* of the batch at hand, which rejected rows lie in; -1: not known */
};

struct conform_call {
    const char *name;
    int32_t (*run)(struct conform_args *);
    bool moves;        /* [worker]: may come on any thread */
    bool rejects;      /* host->reject may be called in it */
    uint32_t outcomes; /* bits of the statuses that it may answer, bit 0: OK; 0: OK alone */
    uint32_t failures; /* bits of the negated failures beyond the general ones */
};

extern const struct conform_call conform_create, conform_start, conform_stop, conform_save,
    conform_restore, conform_describe_source, conform_negotiate, conform_plan, conform_open_source,
    conform_next, conform_ack, conform_nack, conform_process, conform_merge, conform_describe_sink,
    conform_forms_sink, conform_open_sink, conform_write, conform_prepare, conform_commit,
    conform_abort, conform_last_committed, conform_describe_format, conform_infer,
    conform_open_decode, conform_frame, conform_decode, conform_decode_late, conform_forms_format,
    conform_open_encode, conform_begin, conform_finish, conform_encode;

/* Repeats what is to be repeated; checks status and error. A failure, or what it answered. The
 * rejected rows of the call go to bench->rejects. QETL_E_CANCELLED where the run is given up. */
int32_t conform_call(struct conform_bench *, const struct conform_call *, struct conform_args);
void conform_interrupt(struct conform_bench *);
/* Of a failure: what was told of it. */
void conform_error_check(struct conform_bench *, const char *call, int32_t status);
/* Around what calls into the plugin in another way: in its turn, and counted. */
void conform_call_begin(struct conform_bench *, const char *name);
/* Whether this thread is the one that makes a call on the bench. */
bool conform_call_is_here(const struct conform_bench *);
void conform_call_end(struct conform_bench *);

/* ---- rejects.c ---- */

/* Of the call that answered so, with so many rows at hand; -1: that is not known. */
void conform_rejects_take(struct conform_bench *, int64_t rows, int32_t status);
bool conform_rejects_hold(const struct conform_bench *, int64_t row); /* of the last call's */

/* ---- double.c: the host ---- */

extern const struct qetl_host conform_host;

/* ---- structs of calls ---- */

/* A growable struct of `size` bytes, zeroed, with its struct_size: as it is, or with a tail that
 * the plugin does not know. Freed by conform_struct_free, which looks at the tail. */
void *conform_struct_new(struct conform_bench *, size_t size);
void conform_struct_free(struct conform_bench *, void *);

#endif
