/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "store_internal.h"

#include <assert.h>
#include <errno.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- open and close ---- */

struct qetl_store *qetl_store_open(const char *folder, const char *pipeline, const char *identity,
                                   struct qetl_findings *findings)
{
    struct qetl_store *store = calloc(1, sizeof *store);
    if (!store) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    store->in_memory = !folder;
    store->folder = (struct state_folder){.fd = -1, .lock = -1};
    store->identity = identity ? strdup(identity) : NULL;
    if (identity && !store->identity)
        qetl_findings_no_memory(findings);
    else if (!folder || !qetl_state_folder_open(&store->folder, folder, pipeline, findings)) {
        qetl_store_enter(store);
        return store;
    }
    qetl_store_close(store);
    return NULL;
}

void qetl_store_close(struct qetl_store *store)
{
    if (!store)
        return;
    qetl_state_db_close(&store->db);
    qetl_state_folder_close(&store->folder);
    qetl_state_blobs_free(&store->decided_blobs);
    qetl_state_blobs_free(&store->prepared_blobs);
    free(store->aside);
    free(store->identity);
    free(store);
}

uint64_t qetl_store_generation(const struct qetl_store *store)
{
    return store->generation;
}

const char *qetl_store_path(const struct qetl_store *store)
{
    return store->folder.path;
}

const char *qetl_store_reason(const struct qetl_store *store)
{
    return store->reason;
}

const char *qetl_store_identity(const struct qetl_store *store)
{
    return store->identity;
}

int32_t qetl_store_identify(struct qetl_store *store, const char *identity)
{
    char *copy = strdup(identity);
    if (!copy)
        return QETL_E_NO_MEMORY;
    free(store->identity);
    store->identity = copy;
    return QETL_OK;
}

/* ---- an epoch becomes a row ---- */

/* The first time also what a process left that was killed. */
static void sweep(struct qetl_store *store, bool had_some)
{
    const struct state_blobs *const keep[] = {&store->decided_blobs, &store->prepared_blobs};
    if ((had_some || !store->is_swept) && !store->in_memory)
        qetl_state_blobs_sweep(&store->folder, keep, 2);
    store->is_swept = true;
}

static int32_t outside_write(struct qetl_store *store, const struct qetl_entry *entry,
                             struct state_outside *outside, struct state_blobs *blobs)
{
    int error = qetl_state_blob_write(&store->folder, entry->data, entry->size, outside->digest);
    if (!error)
        error = qetl_state_blobs_add(blobs, outside->digest);
    outside->is = true;
    return error ? qetl_store_failed_file(store, error, "cannot write a file") : 0;
}

/* What is too large goes into files, which are durable before the transaction names them. */
static int32_t outside_make(struct qetl_store *store, const struct qetl_record *record,
                            struct state_outside *outside, struct state_blobs *blobs,
                            uint64_t *bytes)
{
    int32_t status = 0;
    for (size_t i = 0; i < record->n_entries && !status; i++)
        if (record->entries[i].size > STATE_INSIDE_MOST && !store->in_memory) {
            status = outside_write(store, &record->entries[i], &outside[i], blobs);
            *bytes += record->entries[i].size;
        }
    int error = status || !blobs->count ? 0 : qetl_state_folder_sync(&store->folder, false);
    return error ? qetl_store_failed_file(store, error, "cannot write a file") : status;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int32_t row_make(struct qetl_store *store, const struct qetl_record *record,
                        enum qetl_epoch_stage stage, struct state_row *row,
                        struct state_blobs *blobs)
{
    struct state_outside *outside = calloc(record->n_entries + 1, sizeof *outside);
    *row = (struct state_row){.number = record->number,
                              .stage = stage,
                              .final = record->final,
                              .at_ms = now_ms(),
                              .rows = record->rows,
                              .identity = strdup(store->identity ? store->identity : "{}")};
    int32_t status = outside && row->identity
                         ? outside_make(store, record, outside, blobs, &row->outside)
                         : QETL_E_NO_MEMORY;
    if (!status && qetl_state_encode(record, outside, &row->body, &row->size))
        status = QETL_E_NO_MEMORY;
    free(outside);
    return status;
}

/* ---- changes ---- */

static int32_t done(struct qetl_store *store, int rc)
{
    return rc ? qetl_store_failed(store, rc, "cannot write the database") : 0;
}

static void head_decided(struct state_head *head, uint64_t number)
{
    head->decided = number;
    if (head->prepared <= number) {
        head->prepared = 0;
        memset(head->prepared_digest, 0, STATE_DIGEST);
    }
    if (head->last < number)
        head->last = number;
}

static int32_t decide(struct qetl_store *store, struct state_head *head,
                      const struct state_row *row)
{
    head_decided(head, row->number);
    int rc = qetl_state_db_epoch_put(&store->db, row, head->decided_digest);
    if (!rc)
        rc = qetl_state_db_epochs_keep(&store->db, head->decided, head->prepared);
    if (!rc)
        rc = qetl_state_db_past_put(&store->db, row);
    return done(store, rc);
}

static int32_t prepare(struct qetl_store *store, struct state_head *head,
                       const struct state_row *row)
{
    head->prepared = row->number;
    if (head->last < row->number)
        head->last = row->number;
    int rc = qetl_state_db_epoch_put(&store->db, row, head->prepared_digest);
    if (!rc)
        rc = qetl_state_db_epochs_keep(&store->db, head->decided, head->prepared);
    return done(store, rc);
}

static void blobs_move(struct state_blobs *to, struct state_blobs *from)
{
    qetl_state_blobs_free(to);
    *to = *from;
    *from = (struct state_blobs){0};
}

static int32_t row_write(struct qetl_store *store, const struct state_row *row,
                         struct state_blobs *blobs)
{
    struct state_change change;
    bool decides = row->stage != QETL_STAGE_PREPARED;
    bool had_some = store->decided_blobs.count || store->prepared_blobs.count;
    int32_t status = qetl_store_begin(store, true, &change);
    if (!status)
        status = decides ? decide(store, &change.head, row) : prepare(store, &change.head, row);
    status = qetl_store_end(store, &change, status);
    if (status)
        return status;
    blobs_move(decides ? &store->decided_blobs : &store->prepared_blobs, blobs);
    if (!change.head.prepared)
        qetl_state_blobs_free(&store->prepared_blobs);
    sweep(store, had_some);
    return 0;
}

static int32_t record_write(struct qetl_store *store, const struct qetl_record *record,
                            enum qetl_epoch_stage stage)
{
    struct state_row row;
    struct state_blobs blobs = {0};
    assert(record->number > 0);
    if (store->trouble || store->broken)
        return QETL_E_ENVIRONMENT;
    int32_t status = row_make(store, record, stage, &row, &blobs);
    if (!status)
        status = row_write(store, &row, &blobs);
    qetl_state_blobs_free(&blobs);
    qetl_state_row_free(&row);
    return status;
}

int32_t qetl_store_prepare(struct qetl_store *store, const struct qetl_record *record)
{
    return record_write(store, record, QETL_STAGE_PREPARED);
}

int32_t qetl_store_decide(struct qetl_store *store, const struct qetl_record *record)
{
    return record_write(store, record, QETL_STAGE_DECIDED);
}

/* ---- what becomes of an epoch ---- */

static int32_t stage_change(struct qetl_store *store, uint64_t number, uint8_t digest[STATE_DIGEST],
                            enum qetl_epoch_stage stage)
{
    struct state_row row;
    int rc = qetl_state_db_epoch_get(&store->db, number, digest, &row);
    if (rc)
        return qetl_store_failed(store, rc, "cannot read the database");
    row.stage = stage == QETL_STAGE_COMMITTED && row.final ? QETL_STAGE_FINISHED : stage;
    rc = qetl_state_db_epoch_put(&store->db, &row, digest);
    if (!rc)
        rc = qetl_state_db_past_put(&store->db, &row);
    qetl_state_row_free(&row);
    return done(store, rc);
}

static int32_t settle(struct qetl_store *store, struct state_head *head, bool decided)
{
    if (decided) {
        int32_t status =
            stage_change(store, head->prepared, head->prepared_digest, QETL_STAGE_DECIDED);
        if (status)
            return status;
        memcpy(head->decided_digest, head->prepared_digest, STATE_DIGEST);
        head->decided = head->prepared;
    }
    head->prepared = 0;
    memset(head->prepared_digest, 0, STATE_DIGEST);
    return done(store, qetl_state_db_epochs_keep(&store->db, head->decided, 0));
}

int32_t qetl_store_settle(struct qetl_store *store, uint64_t number, bool decided)
{
    struct state_change change;
    bool had_some = store->prepared_blobs.count;
    if (store->trouble || !store->is_open)
        return QETL_E_ENVIRONMENT;
    int32_t status = qetl_store_begin(store, true, &change);
    assert(status || change.head.prepared == number);
    if (!status)
        status = settle(store, &change.head, decided);
    status = qetl_store_end(store, &change, status);
    if (status)
        return status;
    if (decided)
        blobs_move(&store->decided_blobs, &store->prepared_blobs);
    else
        qetl_state_blobs_free(&store->prepared_blobs);
    sweep(store, had_some);
    return 0;
}

int32_t qetl_store_committed(struct qetl_store *store, uint64_t number)
{
    struct state_change change;
    if (store->trouble || !store->is_open)
        return QETL_E_ENVIRONMENT;
    int32_t status = qetl_store_begin(store, false, &change);
    /* One that was decided since says more. */
    if (!status && change.head.decided == number)
        status = stage_change(store, number, change.head.decided_digest, QETL_STAGE_COMMITTED);
    return qetl_store_end(store, &change, status);
}

int32_t qetl_store_clear(struct qetl_store *store)
{
    struct state_change change;
    bool is_lost = store->trouble == TROUBLE_ASIDE || store->trouble == TROUBLE_GONE;
    if (store->trouble && !is_lost)
        return QETL_E_ENVIRONMENT;
    if (!store->is_open && !is_lost)
        return 0;
    store->trouble = TROUBLE_NONE;
    int32_t status = is_lost ? qetl_store_owner_drop(store) : 0;
    if (status)
        return status;
    status = qetl_store_begin(store, true, &change);
    if (!status && !is_lost)
        status = qetl_store_owner_clear(store, change.head.decided);
    if (!status) {
        change.head.decided = change.head.prepared = 0;
        memset(change.head.decided_digest, 0, STATE_DIGEST);
        memset(change.head.prepared_digest, 0, STATE_DIGEST);
        status = done(store, qetl_state_db_epochs_keep(&store->db, 0, 0));
    }
    status = qetl_store_end(store, &change, status);
    if (status)
        return status;
    qetl_state_blobs_free(&store->decided_blobs);
    qetl_state_blobs_free(&store->prepared_blobs);
    sweep(store, true);
    return 0;
}
