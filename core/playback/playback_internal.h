/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a replay share: the instances that are played, and the step at hand.
 *
 * Invariant: a step is one CALL of the recording, with what was asked in it and its RETURN.
 * Ownership: the replay owns its players, a player its instance.
 * Threads:   one.
 */
#ifndef QETL_CORE_PLAYBACK_INTERNAL_H
#define QETL_CORE_PLAYBACK_INTERNAL_H

#include "border/border.h"
#include "host/instance.h"
#include "host/poller.h"
#include "playback.h"
#include "record/recorder.h"
#include "ring/parker.h"

struct player {
    const struct qetl_recorded_guest *recorded;
    struct qetl_plugin_use use;
    struct qetl_node node;
    struct qetl_instance_env env;
    struct qetl_ctx *ctx;
    const struct qetl_component *component; /* watched by the replay's border */
    bool endless;                           /* what qetl.run/1 said */
    bool readied;                           /* it was told which rows come: bind, open, … */
    bool over;                              /* it is played no further, and a note says why */
    uint64_t *handle_epochs;                /* of each handle that it prepared here … */
    struct qetl_blob *handles;              /* … which is owned */
    struct qetl_blob *recorded_handles;     /* as they were then; borrowed */
    size_t n_handles;
    void *chunk; /* the pool's buffer of the chunk that was decoded last */
};

/* A split or position of a source: as it was, borrowed from the recording, and as it is now. */
struct qetl_position_pair {
    const char *component;
    struct qetl_blob then, now;
};

struct replay {
    const struct qetl_playback_options *options;
    struct qetl_playback_result *result;
    struct qetl_findings *findings;
    struct qetl_border *border;
    struct qetl_recorder *recorder;
    struct qetl_pack captured; /* frames of the call that was made */
    bool captured_failed;
    struct qetl_pool *pool;
    struct qetl_parker parker;
    struct qetl_poller *poller;
    atomic_int stopping;
    atomic_uint epoch_requests;
    struct player *players;
    size_t n_players;
    struct qetl_position_pair *positions;
    size_t n_positions;
};

struct step {
    struct replay *replay;
    struct player *player;
    const struct qetl_entry *call, *answer; /* answer NULL: it never came back */
    struct qetl_values in;
    const struct qetl_entry **asked;
    size_t n_asked;
};

/* ---- play_*.c: a call is made; nonzero: it cannot be, and findings or notes say why. ---- */
typedef int play_fn(struct step *);
play_fn *qetl_play_find(uint32_t kind, const char *call);
extern const struct play {
    const char *call;
    play_fn *fn;
} qetl_plays_common[], qetl_plays_source[], qetl_plays_transform[], qetl_plays_sink[],
    qetl_plays_format[], qetl_plays_extension[];

int qetl_step_fail(const struct step *, const char *message);
/* What a stream gave then, of calls to the host of this name, one behind the other. */
struct qetl_pack qetl_step_stream(const struct step *, const char *call);
/* A reader over such a stream. */
struct step_reader {
    struct qetl_reader base;
    struct qetl_pack bytes;
    size_t at;
};
void qetl_step_reader(struct step_reader *, const struct step *, const char *call);
extern const struct qetl_writer qetl_step_writer; /* takes all */
/* An aligned copy, freed by the caller; NULL: there was none, or no memory. */
void *qetl_value_copy(const struct qetl_value *);

/* player.c */
int qetl_players_make(struct replay *);
void qetl_players_free(struct replay *);

/* compare.c: 0: the same; 1: the result has the difference; -1: no memory. */
int qetl_step_compare(struct step *);
/* compare_value.c: likewise, of one piece of cargo. */
int qetl_value_compare(struct step *, const struct qetl_value *expected,
                       const struct qetl_value *got);
int qetl_step_differs(struct step *, char *what, char *expected, char *got);

/* positions.c: where a source has other options than then; itself where it gave out no such one. */
struct qetl_blob qetl_position_now(const struct step *, struct qetl_blob then);
/* Behind next. 0, or -1 … */
int qetl_position_note(struct step *, struct qetl_blob now);
/* … and what plan_splits writes to. */
struct qetl_position_splits {
    struct qetl_writer base;
    struct step *step;
    size_t at; /* of what it asked then */
};
void qetl_position_splits(struct qetl_position_splits *, struct step *);
void qetl_positions_free(struct replay *);

/* source_gone.c: whether it answered so for want of what it read then; says that, and answers -1.
 */
bool qetl_step_source_is_gone(const struct step *, int64_t status);
int qetl_step_source_gone(const struct step *);

void qetl_playback_note(struct replay *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
