/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead letters: rejected rows with reason and origin, one JSON object a line, in a file that
 * appears with the first of them.
 *
 * Invariant: every letter that was counted is in the file, or the run fails.
 * Ownership: a letter owns its strings and bytes; the store takes letters over.
 * Threads:   any may post; the store has one lock.
 */
#ifndef QETL_CORE_DEAD_LETTER_H
#define QETL_CORE_DEAD_LETTER_H

#include <stdbool.h>
#include <stdint.h>

enum { QETL_LETTER_BYTES_MAX = 64 * 1024 };

struct qetl_origin;

struct qetl_letter {
    const char *component;      /* the node's id, borrowed from the pipeline */
    struct qetl_origin *origin; /* borrowed while posted by it; NULL: of no source */
    int64_t record;             /* ordinal in the origin; row number is base_row + record + 1 */
    int64_t row;                /* from 1; set when resolved; 0 unknown */
    char *code, *message, *column;
    uint8_t *bytes;     /* original bytes, at most QETL_LETTER_BYTES_MAX */
    int64_t bytes_size; /* kept */
    int64_t bytes_total;
    bool bytes_cut;       /* the record goes on behind bytes_total */
    int64_t bytes_offset; /* in the object; -1 unknown */
    bool masked;          /* the bytes held a secret, which is no longer in them */
    struct qetl_letter *next;
};

struct qetl_letter *qetl_letter_new(const char *component, const char *code, const char *message,
                                    const char *column);
/* Keeps at most QETL_LETTER_BYTES_MAX of the original bytes. */
int qetl_letter_set_bytes(struct qetl_letter *, const void *bytes, int64_t size, int64_t offset);
/* Secrets become *** in message and bytes. */
struct qetl_mask;
void qetl_letter_hide(struct qetl_letter *, const struct qetl_mask *);
void qetl_letter_free(struct qetl_letter *);

struct qetl_letter_store;

/* path NULL: dead-letters/NAME-TIME-PID.ndjson. Nothing is created before the first letter. */
struct qetl_letter_store *qetl_letter_store_new(const char *path, const char *pipeline,
                                                bool enabled);
/* Secrets become *** also in the names of objects from now on; the mask must outlive the store. */
void qetl_letter_store_hide(struct qetl_letter_store *, const struct qetl_mask *);
/* Takes the letter. 0, or an errno; the first failure is kept and answered ever after. */
int qetl_letter_store_put(struct qetl_letter_store *, struct qetl_letter *);
int qetl_letter_store_flush(struct qetl_letter_store *); /* to the disk */
/* The file's path once it holds letters, all that were put; else NULL. */
const char *qetl_letter_store_path(const struct qetl_letter_store *);
const char *qetl_letter_store_name(const struct qetl_letter_store *); /* the path, in any case */
void qetl_letter_store_free(struct qetl_letter_store *);

#endif
