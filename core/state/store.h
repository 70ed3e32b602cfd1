/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pipeline's runs remember from one process to the next: the decided epochs. One folder a
 * pipeline, one SQLite database in it; what an entry means is its writer's affair.
 *
 * Invariant: decide is one transaction, durable when it returns; a process whose generation is not
 * the newest changes nothing (QETL_E_FENCED); what cannot be read is set aside, never deleted.
 * Ownership: records read out are freed with qetl_record_free; those passed in are lent.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_STORE_H
#define QETL_CORE_STORE_H

#include "config/finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qetl_store;

enum qetl_entry_kind {
    QETL_ENTRY_SCHEMA = 1,   /* of a source: columns, dialect and format, as they were inferred */
    QETL_ENTRY_POSITION = 2, /* of a source, one a split: where its rows go on */
    QETL_ENTRY_STATE = 3,    /* what a component's save wrote, one a replica */
    QETL_ENTRY_HANDLE = 4,   /* of a sink's prepare */
    QETL_ENTRY_COUNTS = 5,   /* of a component's ledger */
    QETL_ENTRY_LETTERS = 6,  /* how far the dead letters count */
    QETL_ENTRY_WATERMARK = 7 /* of incremental loading */
};

struct qetl_entry {
    enum qetl_entry_kind kind;
    const char *component; /* its id in the pipeline, or "" */
    uint32_t part;         /* replica, split or handle: with kind and component, one of a kind */
    uint32_t version;      /* of the data's layout, as its writer counts */
    const void *data;
    size_t size;
};

/* How far an epoch came. PREPARED: a sink that commits in one phase decides, and did not say yet;
 * DECIDED: handles may not be committed yet; FINISHED: so was the run, there is nothing to resume.
 */
enum qetl_epoch_stage {
    QETL_STAGE_NONE,
    QETL_STAGE_PREPARED,
    QETL_STAGE_DECIDED,
    QETL_STAGE_COMMITTED,
    QETL_STAGE_FINISHED
};

struct qetl_record { /* an epoch */
    uint64_t number;
    enum qetl_epoch_stage stage;
    bool final;    /* no rows come behind it in its run */
    int64_t rows;  /* that the sinks have taken in this run so far, for people */
    int64_t at_ms; /* when it was written; set by the store */
    struct qetl_entry *entries;
    size_t n_entries;
};

/* `folder` holds the folders of all pipelines; NULL: nothing outlives the process (the same calls
 * over a database in memory). identity: a JSON object, for each component a text, or an object of
 * texts whose keys are shown when they differ ({"plugin": …, "options": …}); NULL: whoever asks.
 * Takes the pipeline's lock and its next generation, and makes nothing on disk but folder and lock.
 * A generation is later than all before it by the clock, too, so that it grows where a state was
 * lost. NULL: found, with the mend, in findings. */
struct qetl_store *qetl_store_open(const char *folder, const char *pipeline, const char *identity,
                                   struct qetl_findings *);
void qetl_store_close(struct qetl_store *); /* accepts NULL */
uint64_t qetl_store_generation(const struct qetl_store *);
const char *qetl_store_path(const struct qetl_store *); /* of its folder; NULL: in memory */

/* The newest decided epoch (NONE: there is none; its number is still the last that was given) and,
 * if a sink that decides may have to be asked, the PREPARED one behind it. That of a FINISHED run
 * is there for its watermarks. 0; QETL_E_NO_MEMORY; or a failure that stands in findings:
 * QETL_E_ENVIRONMENT: what is there cannot be read (it was set aside, and no run begins before
 * clear), or is of a later version; QETL_E_CONFIG: the run was cut short in a pipeline with another
 * identity. The mend offers --full-refresh, which is clear. Neither record is to be freed then. */
int32_t qetl_store_recover(struct qetl_store *, struct qetl_record *decided,
                           struct qetl_record *prepared, struct qetl_findings *);
void qetl_record_free(struct qetl_record *);

/* All three are durable when they return 0; QETL_E_FENCED, QETL_E_NO_MEMORY, or QETL_E_ENVIRONMENT:
 * the disk failed, and nobody knows what is on it, so that the process must not go on. */
int32_t qetl_store_prepare(struct qetl_store *, const struct qetl_record *);
int32_t qetl_store_decide(struct qetl_store *, const struct qetl_record *);
/* The prepared epoch was decided (by its sink), or given up. */
int32_t qetl_store_settle(struct qetl_store *, uint64_t number, bool decided);

/* All handles of the epoch are committed; final: the run is over. Durable by what comes next at the
 * latest: who asks twice does no harm. */
int32_t qetl_store_committed(struct qetl_store *, uint64_t number);
/* Forgets the run that was cut short, or cannot be read (--full-refresh); watermarks too. Instead
 * of recover, or behind it. Outputs stay as they are. */
int32_t qetl_store_clear(struct qetl_store *);

enum { QETL_STORE_OWNER = 16 };
struct qetl_store_owner {
    char name[QETL_STORE_OWNER + 1];
    uint64_t epoch; /* the newest decided one that clear made the state forget */
};
/* A name of the state's own, for what its runs write elsewhere: the same for all of them, until the
 * state is lost. 0 or QETL_E_ENVIRONMENT: nobody knows it any more. */
int32_t qetl_store_owner(struct qetl_store *, struct qetl_store_owner *);
/* It is durable. As above. */
int32_t qetl_store_owner_keep(struct qetl_store *);

/* What the records belong to; NULL: nobody said so, and none was found. */
const char *qetl_store_identity(const struct qetl_store *);
/* Of records to come; 0 or QETL_E_NO_MEMORY. */
int32_t qetl_store_identify(struct qetl_store *, const char *identity);

/* Why the last call failed, for people; "" where there is nothing to say. */
const char *qetl_store_reason(const struct qetl_store *);

#endif
