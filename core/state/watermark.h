/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far incremental loading came, as the WATERMARK entry of a source tells the next run, and
 * people.
 *
 * Invariant: the value is text as a cast to its type reads it.
 * Ownership: qetl_watermark_free frees the texts.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_STATE_WATERMARK_H
#define QETL_CORE_STATE_WATERMARK_H

#include "store.h"

enum { QETL_WATERMARK_VALUE = 0, QETL_WATERMARK_VERSION = 1 };

struct qetl_watermark {
    char *cursor; /* the column; NULL: set by hand, before a run knew */
    char *type;   /* of the column, "timestamp"; NULL: as cursor */
    char *value;  /* NULL: no row had one yet */
};

/* 0, ENOMEM or EBADMSG. */
int qetl_watermark_read(const void *data, size_t size, struct qetl_watermark *);
/* JSON text, the caller's; NULL without memory. */
char *qetl_watermark_write(const struct qetl_watermark *);
void qetl_watermark_free(struct qetl_watermark *);

#endif
