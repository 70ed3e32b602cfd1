/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of rows: what a row was, from when to when.
 *
 * Invariant: of each key one version is current; where a version ends the next one begins, and none
 * lasts no time. A row that cannot follow leaves the versions as they were. Ownership: the
 * statements are the history's. Threads: as the database.
 */
#ifndef SQLITE_SINK_HISTORY_H
#define SQLITE_SINK_HISTORY_H

#include "bind.h"
#include "table.h"

enum history_turn {
    HISTORY_NEW,     /* its key was not there */
    HISTORY_SAME,    /* it is there as it is */
    HISTORY_CHANGED, /* the current version ends with it */
    HISTORY_AGAIN,   /* it is of the very time of the current version, which it overwrites */
    HISTORY_LATE     /* the current version is a later one */
};

struct history {
    struct table_history columns;
    const char *at; /* the column of the rows that says from when on they hold; NULL: the clock */
    int time;       /* the parameter */
    char now[48];   /* of the transaction: its rows hold from one moment on */
    sqlite3_stmt *look, *known, *end, *again;
    int64_t same; /* rows that changed nothing */
};

void history_options(struct history *h, struct qetl_env env);
/* A new transaction begins. */
void history_now(struct history *h);
/* The statements; n_keys of the binders are the key's, the last is the time's if there is `at`. */
int32_t history_prepare(struct history *h, struct database *d, const char *table, int64_t n_binders,
                        const struct binder *binders, int64_t n_keys);
/* The row is bound to `look`: SQLite's code, or 0 and what to do with it. */
int history_turn(struct history *h, enum history_turn *turn);
/* The row is bound to `known`: one that is late may be there already. */
int history_known(struct history *h, enum history_turn *turn);
void history_clear(struct history *h);

#endif
