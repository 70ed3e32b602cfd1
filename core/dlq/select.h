/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which letters are meant: by number, by reason, place and time, by an expression over their
 * columns.
 *
 * Invariant: a letter is selected where all that was asked for holds of it.
 * Ownership: filters borrow their texts; the selection is the caller's.
 * Threads:   one.
 */
#ifndef QETL_CORE_SELECT_H
#define QETL_CORE_SELECT_H

#include "box.h"

struct qetl_letter_filter { /* NULL, or 0: not asked for; texts may be patterns, with * and ? */
    const char *const *ids; /* "7", "3-9"; ended by NULL */
    const char *reason, *component, *object, *source, *run;
    const char *since;      /* "2h", "2026-01-31", "2026-01-31T12:00:00Z" */
    const char *older_than; /* as that */
    const char *where;      /* an expression over qetl_letter_columns */
    int64_t epoch;
    bool all; /* also what was replayed */
};

/* Anything but `all`. */
bool qetl_letter_filter_asks(const struct qetl_letter_filter *);

/* One a letter of the box: whether it is meant. NULL with findings, which say what was wrong with
 * the filter. */
bool *qetl_box_select(struct qetl_box *, const struct qetl_letter_filter *, struct qetl_findings *);

/* expression.c */
struct qetl_letter_where;
extern const char qetl_letter_columns[]; /* their names, for help */
/* NULL with findings. */
struct qetl_letter_where *qetl_letter_where_new(const char *text, struct qetl_findings *);
void qetl_letter_where_free(struct qetl_letter_where *); /* accepts NULL */
/* Nonzero: there is no memory. A letter for which the expression fails is not meant. */
int qetl_letter_where_holds(struct qetl_letter_where *, const json_t *letter, bool *holds);

#endif
