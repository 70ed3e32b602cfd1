/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite database of a state: one head, at most two epochs, and what past ones amounted to.
 *
 * Invariant: the head says which epochs there are and their digests, and has one of its own, so
 *            that a row that changed or went missing is noticed (SQLITE_CORRUPT).
 * Ownership: state_row_free frees what epoch_get answered.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STATE_DATABASE_H
#define QETL_CORE_STATE_DATABASE_H

#include "record.h"

#include <sqlite3.h>

enum { STATE_APPLICATION = 0x7165746c, STATE_FORMAT = 1, STATE_TOKEN = 16, STATE_HISTORY = 100 };
enum { STATE_STATEMENTS = 10 };

struct state_db {
    sqlite3 *db;
    sqlite3_stmt *statements[STATE_STATEMENTS];
    int level; /* of durability: 0 unknown, 1 relaxed, 2 full */
};

struct state_head {
    uint64_t sequence;          /* of transactions */
    uint64_t generation;        /* of the process that wrote, … */
    uint8_t token[STATE_TOKEN]; /* … and drawn by it: no other has both */
    uint64_t last;              /* the highest number an epoch ever had */
    uint64_t decided, prepared; /* numbers; 0: none */
    uint8_t decided_digest[STATE_DIGEST], prepared_digest[STATE_DIGEST];
};

struct state_row { /* an epoch */
    uint64_t number;
    enum qetl_epoch_stage stage;
    bool final;
    int64_t at_ms, rows;
    char *identity;
    void *body;
    size_t size;
    uint64_t outside; /* bytes in files of their own */
};

/* All answer a result code of SQLite. */
/* Not durable; NULL: in memory. */
int qetl_state_db_create(struct state_db *, const char *path);
int qetl_state_db_open(struct state_db *, const char *path, bool only_look);
void qetl_state_db_close(struct state_db *);

/* SQLITE_NOTADB: no state of ours; SQLITE_MISMATCH: of a later version, *version. */
int qetl_state_db_check(struct state_db *, int *version);
/* SQLITE_CORRUPT: a page is missing, or says what it cannot say. size_alone: of the file, where it
 * has no log beside it; else -1. */
int qetl_state_db_whole(struct state_db *, int64_t size_alone);
int qetl_state_db_begin(struct state_db *, bool durable);
int qetl_state_db_commit(struct state_db *);
void qetl_state_db_rollback(struct state_db *);

int qetl_state_db_head_get(struct state_db *, struct state_head *);
int qetl_state_db_head_put(struct state_db *, const struct state_head *);
int qetl_state_db_epoch_get(struct state_db *, uint64_t number, const uint8_t digest[STATE_DIGEST],
                            struct state_row *);
int qetl_state_db_epoch_put(struct state_db *, const struct state_row *,
                            uint8_t digest[STATE_DIGEST]);
/* Forgets all epochs but those two. */
int qetl_state_db_epochs_keep(struct state_db *, uint64_t decided, uint64_t prepared);
void qetl_state_row_free(struct state_row *);

/* What past epochs amounted to: for people only. */
int qetl_state_db_past_put(struct state_db *, const struct state_row *);
int qetl_state_db_past_each(struct state_db *, void (*each)(void *arg, const struct state_row *),
                            void *arg);

#endif
