/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead letter: a rejected row with its reason, its origin, and what is needed to try it again.
 *
 * Invariant: what a letter holds of a row is whole, or the letter says what it lacks.
 * Ownership: a letter owns its strings and bytes, but for those that are said to be borrowed.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_DEAD_LETTER_H
#define QETL_CORE_DEAD_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QETL_LETTER_BYTES_MAX = 64 * 1024, QETL_LETTER_ROW_MAX = 1024 * 1024 };

struct json_t;
struct qetl_mask;
struct qetl_origin;

struct qetl_letter {
    const char *component; /* the node's id, borrowed from the pipeline */
    const char *plugin; /* that rejected it: the component's, or its format's; borrowed; or NULL */
    struct qetl_origin *origin; /* borrowed while posted by it; NULL: of no source */
    uint64_t epoch;             /* whose barrier the row lies before at its component */
    int64_t record;             /* ordinal in the origin; row number is base_row + record + 1 */
    int64_t row;                /* from 1; set when resolved; 0 unknown */
    int64_t time_us;            /* since 1970 */
    int64_t again, attempts;    /* the letter that it was before, and how often; 0: none */
    char *code, *message, *column;
    uint8_t *bytes;     /* original bytes, at most QETL_LETTER_BYTES_MAX */
    int64_t bytes_size; /* kept */
    int64_t bytes_total;
    char sha256[65];      /* of all that was there, where less is kept; else "" */
    bool bytes_cut;       /* the record goes on behind bytes_total */
    int64_t bytes_offset; /* in the object; -1 unknown */
    bool masked;          /* it held a secret, which is no longer in it */
    bool withheld;        /* something in it is never to be stored */
    struct json_t *more;  /* members that its line has beside: the decoded row, say; or NULL */
    struct qetl_letter *next;
};

struct qetl_letter *qetl_letter_new(const char *component, const char *code, const char *message,
                                    const char *column);
/* SHA-256 in hexadecimal. */
void qetl_letter_digest(const void *bytes, int64_t size, char hex[65]);
/* What is said of a row, or of the bytes that would have become one; moves more. */
void qetl_letter_set_more(struct qetl_letter *, struct json_t *more);
/* The bytes and the words that may quote them go: they hold what is never to be stored. */
void qetl_letter_withhold(struct qetl_letter *);
/* Keeps at most QETL_LETTER_BYTES_MAX of the original bytes, and a digest of all where that cuts.
 */
int qetl_letter_set_bytes(struct qetl_letter *, const void *bytes, int64_t size, int64_t offset);
/* Secrets become *** in message and bytes. */
void qetl_letter_hide(struct qetl_letter *, const struct qetl_mask *);
void qetl_letter_free(struct qetl_letter *);

struct qetl_letter_sender { /* what all letters of a run say; borrowed */
    const char *pipeline, *run;
    const char *state;            /* whose epochs they are of; NULL: nobody remembers them */
    const struct qetl_mask *mask; /* or NULL */
    bool replay;                  /* it is one of dead letters */
};

/* One line of JSON, with its newline but without the number that comes first in the file. NULL
 * without memory. */
char *qetl_letter_text(const struct qetl_letter *, const struct qetl_letter_sender *, size_t *size);

#endif
