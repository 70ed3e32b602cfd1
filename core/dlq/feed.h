/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in for a source while letters are replayed: it gives one object a letter, the bytes
 * behind the head of the object they came from, or the row, for a format that knows how those are
 * stored.
 *
 * Invariant: the n-th object is the n-th letter.
 * Ownership: the feed borrows the box and the letters' indices.
 * Threads:   one at a time is inside; letters are read from the box there.
 */
#ifndef QETL_CORE_FEED_H
#define QETL_CORE_FEED_H

#include "box.h"

#include <qetl/plugin.h>
#include <qetl/sdk.h>

struct qetl_feed {
    struct qetl_component component, format_component; /* first: an instance knows it by that */
    struct qetl_source source;
    struct qetl_format format;
    struct qetl_box *box;
    const size_t *letters; /* of the box's entries */
    size_t n;
    bool rows;                 /* of decoded rows; else of bytes */
    const char *fallback_head; /* of letters that do not know theirs */
    size_t fallback_size;
    struct ArrowSchema schema; /* of rows */
    char *spelled_by;          /* the format whose spelling the rows have; or NULL */

    size_t next; /* letter */
    char *text;  /* of the one before, and how far it was given */
    size_t size, given;
    int64_t offset;
    char *object;
};

/* A source of the letters; rows: with a format that reads them, whose columns are moved. */
void qetl_feed_init(struct qetl_feed *, struct qetl_box *, const size_t *letters, size_t n);
int qetl_feed_rows(struct qetl_feed *, const json_t *letter); /* nonzero without memory */
void qetl_feed_free(struct qetl_feed *);

/* row_format.c */
void qetl_row_format(struct qetl_feed *);

#endif
