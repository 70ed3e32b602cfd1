/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets, and how they are kept out of whatever is shown: messages, logs, reports, dead letters.
 *
 * Invariant: hiding needs no memory, so it never fails; each secret becomes QETL_MASK_SIGN, as it
 *            stands, as JSON, a URL, CSV or SQL would spell it, line by line, and its beginning
 *            where an ellipsis follows.
 * Ownership: counted references; texts added are copied, and overwritten when the last goes.
 * Threads:   added to by one thread before a run begins; hides on any.
 */
#ifndef QETL_CORE_MASK_H
#define QETL_CORE_MASK_H

#include <jansson.h>
#include <stddef.h>

#define QETL_MASK_SIGN "***"
/* In place of a message about a word that is part of a secret. */
#define QETL_MASK_MESSAGE "the value of a secret is read as SQL here"
#define QETL_MASK_MEND "put it between quotes: '${secret:NAME}'"
enum { QETL_MASK_SHORTEST = 4 }; /* bytes: shorter ones would hide half of every text */

struct qetl_mask;

struct qetl_mask *qetl_mask_new(void);
struct qetl_mask *qetl_mask_retain(struct qetl_mask *mask);
void qetl_mask_release(struct qetl_mask *mask);

/* 0; 1 if it is too short to be hidden; -1 without memory. */
int qetl_mask_add(struct qetl_mask *mask, const char *secret);

int qetl_mask_is_empty(const struct qetl_mask *mask); /* NULL is */
/* In place; answers the new size. A mask of NULL hides nothing. */
size_t qetl_mask_hide(const struct qetl_mask *mask, char *bytes, size_t size);
/* What is a secret's beginning at the very end, too: of bytes that were cut off there. */
size_t qetl_mask_hide_begun(const struct qetl_mask *mask, char *bytes, size_t size);
/* Nonzero if bytes [begin, end) of the text are part of a secret. */
int qetl_mask_holds(const struct qetl_mask *mask, const char *text, size_t begin, size_t end);
void qetl_mask_text(const struct qetl_mask *mask, char *text); /* may be NULL */
/* All text in it, keys aside; in place. */
void qetl_mask_json(const struct qetl_mask *mask, json_t *json);

#endif
