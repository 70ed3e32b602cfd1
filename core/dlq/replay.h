/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters go through their pipeline again, from the component on that rejected them: bytes by their
 * source's format, rows at the component's input.
 *
 * Invariant: a letter counts as replayed exactly when the rows that it became are in the outputs;
 * what is rejected again is a new letter that names the old one.
 * Ownership: plans own their groups; a group's run is over when its call returns.
 * Threads:   one, beside those of the run.
 */
#ifndef QETL_CORE_REPLAY_H
#define QETL_CORE_REPLAY_H

#include "box.h"
#include "pipeline/pipeline.h"
#include "run/run.h"

struct qetl_replay_group { /* letters that one run takes */
    char *key;             /* what they have in common */
    const struct qetl_node *node;
    size_t input; /* of rows: which of the node's */
    bool rows;
    int64_t *ids;
    size_t n, room;
    json_t *first; /* of the letters: types, dialect, head */
};

struct qetl_replay_plan {
    const struct qetl_pipeline *pipeline;
    struct qetl_replay_group *groups;
    size_t n_groups;
    size_t n_letters, n_skipped;
    char why_skipped[300]; /* the first's reason */
};

/* 0, or -1 with findings: a component is not in the pipeline any more, say. */
int qetl_replay_plan_make(struct qetl_replay_plan *, struct qetl_box *, const bool *meant,
                          const struct qetl_pipeline *, struct qetl_findings *);
/* A plan of one group, without its letters: that to which the letter belongs. As that. */
int qetl_replay_plan_one(struct qetl_replay_plan *, const struct qetl_pipeline *, json_t *letter,
                         struct qetl_findings *);
void qetl_replay_plan_clear(struct qetl_replay_plan *);

/* replay_graph.c: the part of the pipeline behind the group, with a source in front. NULL with
 * findings. Freed by free_. */
struct qetl_pipeline *qetl_replay_graph(const struct qetl_replay_plan *,
                                        const struct qetl_replay_group *,
                                        const struct qetl_registry *, struct qetl_findings *);
void qetl_replay_graph_free(struct qetl_pipeline *);

struct qetl_replay { /* how a group is run */
    const struct qetl_replay_plan *plan;
    const struct qetl_registry *registry;
    struct qetl_run_options options;
    const char *path; /* of the letters */
    char *intent;     /* of what is being replayed: beside them */
    bool dry;         /* nothing is written; observer says what would be */
    void *arg;        /* of the two */
    /* (opt) The graph is known, and options may still be changed; the run is over. */
    int (*begin)(void *arg, const struct qetl_pipeline *, struct qetl_run_options *);
    void (*end)(void *arg, const struct qetl_pipeline *, struct qetl_run *);
};

/* replay_resume.c: what an earlier replay was about when it was cut short is brought to its end, if
 * it was decided, else forgotten. Before anything is planned. An exit code. */
int qetl_replay_settle(const struct qetl_replay *, bool forget, struct qetl_findings *);
/* Notes what is about to be replayed, durably, and that it is over. 0 or an errno. */
int qetl_replay_note(const struct qetl_replay *, const struct qetl_replay_group *, int64_t from);
int qetl_replay_over(const struct qetl_replay *);
char *qetl_replay_intent(const char *path); /* NULL without memory */

/* from: replays behind that number do not count; INT64_MAX: all do.
 * Answers an exit code, with findings unless it is 0; *n: how many of its letters still waited. */
int qetl_replay_group(const struct qetl_replay *, const struct qetl_replay_group *, size_t *n,
                      int64_t from, struct qetl_findings *);

#endif
