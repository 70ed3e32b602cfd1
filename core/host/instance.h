/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One plugin component at work in one replica: its state, its options, and its side of the host.
 *
 * Invariant: destroy is called exactly once for each create; the plugin's state is zeroed before
 * create. Ownership: the instance owns the plugin's state and the options' canonical text. Threads:
 * see plugin.h; one thread at a time calls into it, wake and error come from any.
 */
#ifndef QETL_CORE_INSTANCE_H
#define QETL_CORE_INSTANCE_H

#include "data/pool.h"
#include "data/tally.h"
#include "pipeline/pipeline.h"

#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <pthread.h>
#include <stdatomic.h>

struct qetl_bell;
struct qetl_notes;
struct qetl_poller;
struct qetl_parker;

/* What all instances of a run share. */
struct qetl_instance_env {
    struct qetl_pool *pool;
    struct qetl_parker *parker; /* notified by wake */
    struct qetl_poller *poller; /* for qetl.poll/1 */
    struct qetl_notes *notes;   /* for qetl.board; NULL: there is none */
    const atomic_int *stopping; /* answers cancelled */
    atomic_uint *epoch_requests;
    void (*log)(void *arg, const char *component, int32_t level, const char *message);
    bool (*endless)(void *arg);
    bool resumes;      /* where a run that was cut short stood; settled before the first instance */
    bool checkpoints;  /* epochs are decided before the end; settled before sinks are opened */
    const char *state; /* folder of what is kept of the pipeline; NULL: nothing is */
    void (*output)(void *arg, const char *uri, int64_t rows, int64_t bytes);
    void *arg;
    const char *timezone; /* of the run's expressions, or NULL */
    int64_t now_us;       /* when the run began, since 1970 */
};

/* interrupt() never meets an instance whose create has not come to its end. */
enum qetl_life { QETL_LIFE_MAKING, QETL_LIFE_MADE, QETL_LIFE_INTERRUPTED };

struct qetl_rejected { /* one call of host->reject, copied */
    int64_t row, column;
    int32_t port;
    char *code, *message;
    uint8_t *bytes; /* at most QETL_LETTER_BYTES_MAX */
    int64_t bytes_size, bytes_kept, bytes_offset;
    bool bytes_cut;
    char sha256[65]; /* of all bytes, where fewer are kept; else "" */
};

struct qetl_ctx { /* an instance, as plugins know it */
    const struct qetl_instance_env *env;
    const struct qetl_node *node;
    const struct qetl_plugin_use *use; /* the node's, or its format's */
    const struct qetl_component *component;
    void *self;
    char *config;
    char *owner; /* as qetl.run/1 names it; NULL: was not asked for */
    json_t *options;
    bool created, started;
    bool retired;    /* another has taken its place */
    bool binding;    /* mistakes in several options may be told, and all are kept */
    atomic_int life; /* enum qetl_life */
    struct qetl_tally tally;
    atomic_uint wakes;
    const struct qetl_bell *_Atomic bell; /* (ring/bell.h) that wake rings; NULL: none */
    const char *_Atomic doing;            /* the call that a thread is in; NULL: none */
    bool timed;                           /* its calls must not last for ever */
    atomic_llong since_ns;                /* timed: when the call began; 0: none is under way */
    atomic_bool overdue;       /* one lasted too long: the instance was interrupted, and is lost */
    const char *_Atomic waits; /* what it answered that it must be woken for; NULL: nothing */

    pthread_mutex_t lock; /* of the error */
    struct qetl_error_report {
        int32_t code;
        char *message, *suggestion, *option, *vendor_code;
        int64_t retry_after_ms;
        char *text; /* with the part at fault; NULL: all of the option */
        int64_t text_begin, text_end;
        struct qetl_error_report *earlier; /* another mistake in the options, told before this */
    } error;

    struct qetl_rejected *rejected; /* of the call under way, in order */
    size_t n_rejected, rejected_room;
    bool reject_failed; /* a rejected row could not be kept for want of memory */

    struct qetl_ctx *alive_next; /* culprit.h's */
};

/* NULL without memory. The plugin's create is not called yet. */
struct qetl_ctx *qetl_instance_new(const struct qetl_instance_env *, const struct qetl_node *,
                                   const struct qetl_plugin_use *, const struct qetl_component *);
int32_t qetl_instance_create(struct qetl_ctx *);
int32_t qetl_instance_start(struct qetl_ctx *);
int32_t qetl_instance_stop(struct qetl_ctx *); /* once, if it was started */
void qetl_instance_interrupt(struct qetl_ctx *);
void qetl_instance_free(struct qetl_ctx *); /* destroys; accepts NULL */

void qetl_instance_drop_rejected(struct qetl_ctx *);
void qetl_instance_forget_rejected(struct qetl_ctx *, size_t from); /* those from there on */
/* Moves the error out; zeroed if none was reported. */
struct qetl_error_report qetl_instance_take_error(struct qetl_ctx *);
/* Moves it back in. */
void qetl_instance_give_error(struct qetl_ctx *, struct qetl_error_report *);
/* What it reported is told with `(more)` behind it; mend: where it has told none, or NULL. */
void qetl_instance_amend_error(struct qetl_ctx *, const char *more, const char *mend);
void qetl_error_report_free(struct qetl_error_report *); /* the earlier ones, too */
struct qetl_env qetl_instance_sdk_env(struct qetl_ctx *);

#endif
