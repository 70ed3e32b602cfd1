/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of dead letters as people work with it: which letters there are, what became of them, and
 * what is added about them.
 *
 * Invariant: a letter is shown as it was edited last; what it was before stays in the file.
 * Ownership: the box owns its entries and the lock on its file; letters read out are the caller's.
 * Threads:   one.
 */
#ifndef QETL_CORE_BOX_H
#define QETL_CORE_BOX_H

#include "config/finding.h"
#include "data/letter_file.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum qetl_letter_state {
    QETL_LETTER_WAITING,
    QETL_LETTER_REPLAYED,
    QETL_LETTER_UNDECIDED /* of a run that failed or was killed: its rows will come again */
};

struct qetl_box_entry {
    int64_t id, offset;
    size_t size;
    enum qetl_letter_state state;
    int64_t edit; /* of its last edit, the offset; -1: none */
    size_t edit_size;
    int edits;
};

struct qetl_box {
    char *path;
    FILE *in;
    struct qetl_letter_file file; /* open only to change something */
    struct qetl_box_entry *entries;
    size_t n, room;
    int64_t bytes;
    int64_t replays_until; /* replays behind this number do not count */
};

/* locked: nobody else changes it meanwhile. NULL with findings. */
struct qetl_box *qetl_box_open(const char *path, bool locked, struct qetl_findings *);
/* As that of a file that is not there: no letters. */
struct qetl_box *qetl_box_none(const char *path, struct qetl_findings *);
/* As qetl_box_open, as if nothing had been replayed behind number `from`. */
struct qetl_box *qetl_box_open_before(const char *path, bool locked, int64_t from,
                                      struct qetl_findings *);
/* Letters that nobody decided are undecided. 0 or -1 with findings. */
int qetl_box_judge(struct qetl_box *, const struct qetl_letters_behind *, struct qetl_findings *);
void qetl_box_free(struct qetl_box *); /* accepts NULL */
const char *qetl_letter_state_word(enum qetl_letter_state);

/* As it stands, edits included, with "status" and, if there are any, "edits". NULL with findings.
 */
json_t *qetl_box_letter(struct qetl_box *, const struct qetl_box_entry *, struct qetl_findings *);
/* obstacle.c. Why it can never be replayed, with what to do instead; NULL: it can. */
const char *qetl_letter_obstacle(const json_t *letter);
/* The original bytes; NULL: it has none. size: of them. The caller's. */
char *qetl_letter_original(const json_t *letter, size_t *size);
/* As that, of the member `key`, or `key`_base64. */
char *qetl_letter_member(const json_t *letter, const char *key, size_t *size);

/* Of a locked box: one line more, with the time; moves the mark. Nonzero with findings. */
int qetl_box_add(struct qetl_box *, json_t *mark, struct qetl_findings *);
/* Without these letters, and what was noted about them. drops: one a letter. */
int qetl_box_drop(struct qetl_box *, const bool *drops, struct qetl_findings *);

#endif
