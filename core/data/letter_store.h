/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a run's dead letters go: they wait for the decision about their epoch, then stand in a file
 * that appears with the first of them.
 *
 * Invariant: every letter of a decided epoch is in the file, or the run fails; a letter says of
 * which state and epoch it is, so that who goes on knows which were not decided.
 * Ownership: the store takes letters over.
 * Threads:   any may put; seal, resume, close one at a time.
 */
#ifndef QETL_CORE_LETTER_STORE_H
#define QETL_CORE_LETTER_STORE_H

#include "dead_letter.h"

struct qetl_letter_store;

/* path NULL: dead-letters/NAME.ndjson, or NAME-TIME-PID.ndjson (of a state: NAME-OWNER.ndjson)
 * where that file is another process's; qetl-… where the pipeline has no name. Nothing is created
 * before letters are sealed. */
struct qetl_letter_store *qetl_letter_store_new(const char *path, const char *pipeline,
                                                bool enabled);
/* Secrets become *** also in the names of objects from now on; the mask must outlive the store. */
void qetl_letter_store_hide(struct qetl_letter_store *, const struct qetl_mask *);
/* EDQUOT: the file would have more than max_bytes (0: any number) with the letter. alarm: percent
 * of that, 0: none. */
void qetl_letter_store_limit(struct qetl_letter_store *, int64_t max_bytes, int alarm);
/* True once: the letters have passed the alarm; *percent says how far they are. */
bool qetl_letter_store_alarmed(struct qetl_letter_store *, int *percent);
/* The letters are those of a replay, and the mark (borrowed), a line that says so of others, is
 * sealed with the first of them. Moves the file, which is open; when the run begins, lines of
 * replays behind number `from` go. */
struct qetl_letter_file;
void qetl_letter_store_replay(struct qetl_letter_store *, const char *mark,
                              struct qetl_letter_file *moved, int64_t from);
/* Takes the letter. 0, or an errno; the first failure is kept and answered ever after. */
int qetl_letter_store_put(struct qetl_letter_store *, struct qetl_letter *);

/* The letters are those of a state with this name; keep makes the name durable, before the first of
 * them is, and answers 0 or an errno. 0 or ENOMEM. */
int qetl_letter_store_own(struct qetl_letter_store *, const char *owner, int (*keep)(void *arg),
                          void *arg);

struct qetl_letter_length {
    int64_t last; /* the number of the newest letter that counts */
    bool apart;   /* not in the pipeline's file, which another process had */
};

/* Letters of epochs up to this one are durable, and *length (may be NULL) says how far the file
 * counts with them. UINT64_MAX: all that were put. 0 or an errno. */
int32_t qetl_letter_store_seal(struct qetl_letter_store *, uint64_t epoch,
                               struct qetl_letter_length *length);
/* Before any letter is put, or when the run goes back to its last decision: letters of later epochs
 * go. length: as the decision says, where the run goes on from it; else NULL. ENOENT: the file is
 * shorter than that, or another's. 0 or an errno. */
int32_t qetl_letter_store_begin(struct qetl_letter_store *, uint64_t epoch,
                                const struct qetl_letter_length *length);
/* The end. What was not sealed is written all the same, for people; unless the run is good, it
 * says that its epoch was never decided. */
int32_t qetl_letter_store_close(struct qetl_letter_store *, bool good);

/* The file's path once it holds letters of this run; else NULL. */
const char *qetl_letter_store_path(const struct qetl_letter_store *);
const char *qetl_letter_store_name(const struct qetl_letter_store *); /* the path, in any case */
/* What went wrong, for people, and what to do about it: for an errno of the calls above. */
const char *qetl_letter_store_reason(int error);
void qetl_letter_store_free(struct qetl_letter_store *);

#endif
