/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as SQLite holds them, each of whatever class it pleases, into columns of one type.
 *
 * Invariant: a value goes in as it is, or not at all. Ownership: the builder is the taker's.
 * Threads: one at a time.
 */
#ifndef SQLITE_SOURCE_TAKE_H
#define SQLITE_SOURCE_TAKE_H

#include <qetl/sdk.h>
#include <sqlite3.h>

enum take_way {
    TAKE_BOOL,
    TAKE_INT,
    TAKE_UINT,
    TAKE_REAL,
    TAKE_DECIMAL,
    TAKE_TEXT,
    TAKE_JSON,
    TAKE_BINARY,
    TAKE_DATE,
    TAKE_TIME,
    TAKE_TIMESTAMP
};

struct taker {
    enum take_way way;
    int32_t digits; /* decimals: the scale; times: of the fraction */
    bool zoned;
    sqlite3_stmt *valid; /* of TAKE_JSON: says whether a text is JSON */
    struct qetl_builder builder;
};

/* How values of the type are taken; opens nothing. */
int32_t taker_way(struct taker *t, const struct ArrowSchema *field);
/* UNSUPPORTED: no value of SQLite's is of this type. */
int32_t taker_open(struct taker *t, struct qetl_env env, sqlite3 *db,
                   const struct ArrowSchema *field, int64_t capacity);
void taker_free(struct taker *t);
/* Of the statement's row, column i. DATA: it is none of the type; nothing was appended. */
int32_t taker_take(struct taker *t, sqlite3_stmt *row, int i);

#endif
