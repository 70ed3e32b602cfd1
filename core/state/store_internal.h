/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store from inside: its transactions, and how an epoch becomes a row.
 *
 * Invariant: between begin and end nobody else writes, and the newest generation is ours.
 * Ownership: as in store.h.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STORE_INTERNAL_H
#define QETL_CORE_STORE_INTERNAL_H

#include "blob.h"
#include "database.h"
#include "folder.h"
#include "store.h"

#define STATE_FILE "state.db"
#define STATE_OWNER_FILE "owner"

/* Of what is there; after ASIDE and GONE one can begin anew. */
enum state_trouble {
    TROUBLE_NONE,
    TROUBLE_ASIDE,
    TROUBLE_GONE,
    TROUBLE_LATER,
    TROUBLE_ENVIRONMENT
};

struct qetl_store {
    char *identity;
    bool in_memory;
    struct state_folder folder;
    struct state_db db;
    bool is_open, is_new; /* the database; it does not bear its name yet */
    uint64_t generation;
    uint8_t token[STATE_TOKEN];
    struct qetl_store_owner owner; /* its name "": not asked for yet */
    bool owner_kept;
    enum state_trouble trouble;
    char *aside; /* name of what was set aside, by whomever */
    int version;
    bool is_swept;
    bool broken; /* nobody knows what is on the disk */
    char reason[512];
    struct state_blobs decided_blobs, prepared_blobs;
};

struct state_change {
    struct state_head head;
    bool durable;
    bool creates; /* the database: after a failure, there is none */
};

/* Opens what is there and takes the next generation; trouble is kept for recover. */
void qetl_store_enter(struct qetl_store *);
int32_t qetl_store_begin(struct qetl_store *, bool durable, struct state_change *);
/* Commits if status is 0, else takes it back; the status, or why that failed. */
int32_t qetl_store_end(struct qetl_store *, struct state_change *, int32_t status);
/* What a result code of SQLite means for the run. */
int32_t qetl_store_failed(struct qetl_store *, int rc, const char *what);
int32_t qetl_store_failed_file(struct qetl_store *, int error, const char *what);
/* An errno where the database's files cannot be read, which is noted; else they hold what they say.
 */
int qetl_store_try_reading(struct qetl_store *);
/* store_owner.c: what there is, without drawing one; EBADMSG, or another errno. */
int qetl_state_owner_read(const struct state_folder *, struct qetl_store_owner *);
/* Epochs up to this one are forgotten, though they were decided. */
int32_t qetl_store_owner_clear(struct qetl_store *, uint64_t decided);
/* Of a state that is lost: nobody knows which of its epochs were. */
int32_t qetl_store_owner_drop(struct qetl_store *);
/* Notes that the database cannot be believed, and sets it aside. */
void qetl_store_set_aside(struct qetl_store *);

#endif
