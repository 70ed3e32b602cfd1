/* SPDX-License-Identifier: Apache-2.0 */
/* What a new process finds in a store, and what it says when that cannot be gone on from. */
#include "identity.h"
#include "store_internal.h"

#include <errno.h>
#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

/* ---- trouble ---- */

static int32_t tell_lost(struct qetl_store *store, struct qetl_findings *findings)
{
    const char *aside = store->trouble == TROUBLE_ASIDE ? store->aside : NULL;
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "state_unreadable", "the state of this pipeline %s%s%s",
        aside ? "cannot be read; it was set aside as `" : "is gone: there is no `" STATE_FILE "`",
        aside ? aside : "", aside ? "`" : " here any more");
    qetl_finding_at(finding, store->folder.path, 0, 0, NULL);
    qetl_finding_mend(finding, "what the last run decided is not known any more: look at its "
                               "outputs, then begin anew with --full-refresh, which leaves them "
                               "as they are");
    qetl_finding_environment(finding);
    return QETL_E_ENVIRONMENT;
}

static int32_t tell_later(struct qetl_store *store, struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "state_version",
        "this state was written by a later qetl (format %d; this one knows up to %d)",
        store->version, STATE_FORMAT);
    qetl_finding_at(finding, store->folder.path, 0, 0, NULL);
    qetl_finding_mend(finding, "run it with that qetl, or name another folder with --state; the "
                               "state was left as it is");
    qetl_finding_environment(finding);
    return QETL_E_ENVIRONMENT;
}

static int32_t tell_environment(struct qetl_store *store, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "state_folder", "%s", store->reason);
    qetl_finding_mend(finding, "the state was left as it is: mend what hinders, and run again");
    qetl_finding_environment(finding);
    return QETL_E_ENVIRONMENT;
}

static int32_t tell(struct qetl_store *store, struct qetl_findings *findings)
{
    switch (store->trouble) {
    case TROUBLE_ASIDE:
    case TROUBLE_GONE:
        return tell_lost(store, findings);
    case TROUBLE_LATER:
        return tell_later(store, findings);
    default:
        return tell_environment(store, findings);
    }
}

/* ---- records ---- */

struct fetching {
    struct qetl_store *store;
    struct state_blobs *blobs;
};

static int fetch(void *arg, const uint8_t digest[STATE_DIGEST], uint64_t size, void **data)
{
    struct fetching *fetching = arg;
    int error = qetl_state_blob_read(&fetching->store->folder, digest, size, data);
    return error ? error : qetl_state_blobs_add(fetching->blobs, digest);
}

static int error_of(int rc)
{
    return rc == SQLITE_NOMEM                                               ? ENOMEM
           : rc == SQLITE_IOERR_SHORT_READ || (rc & 0xff) == SQLITE_CORRUPT ? EBADMSG
                                                                            : EIO;
}

/* 0, ENOMEM, EBADMSG or EIO. */
static int record_read(struct qetl_store *store, uint64_t number,
                       const uint8_t digest[STATE_DIGEST], struct state_blobs *blobs,
                       struct qetl_record *record, char **identity)
{
    struct state_row row;
    struct fetching fetching = {store, blobs};
    *record = (struct qetl_record){.number = number};
    if (!number)
        return 0;
    int rc = qetl_state_db_epoch_get(&store->db, number, digest, &row);
    if (rc)
        return error_of(rc);
    record->stage = row.stage;
    record->final = row.final;
    record->rows = row.rows;
    record->at_ms = row.at_ms;
    int error = qetl_state_decode(row.body, row.size, fetch, &fetching, record);
    *identity = row.identity;
    row.identity = NULL;
    qetl_state_row_free(&row);
    return error;
}

struct found {
    struct qetl_record *decided, *prepared;
    char *decided_identity, *prepared_identity;
};

static int both_read(struct qetl_store *store, struct found *found)
{
    struct state_head head;
    int rc = qetl_state_db_head_get(&store->db, &head);
    if (rc)
        return error_of(rc);
    int error = record_read(store, head.decided, head.decided_digest, &store->decided_blobs,
                            found->decided, &found->decided_identity);
    if (!error)
        error = record_read(store, head.prepared, head.prepared_digest, &store->prepared_blobs,
                            found->prepared, &found->prepared_identity);
    if (!head.decided)
        found->decided->number = head.last;
    return error;
}

static void found_clear(struct found *found)
{
    qetl_record_free(found->decided);
    qetl_record_free(found->prepared);
    free(found->decided_identity);
    free(found->prepared_identity);
    found->decided_identity = found->prepared_identity = NULL;
}

/* What looks damaged is read again, if all can be read. */
static int read_found(struct qetl_store *store, struct found *found)
{
    int error = EBADMSG;
    for (int turn = 0; error == EBADMSG && turn < 2; turn++) {
        if (turn && qetl_store_try_reading(store))
            return EIO;
        found_clear(found);
        qetl_state_blobs_free(&store->decided_blobs);
        qetl_state_blobs_free(&store->prepared_blobs);
        error = both_read(store, found);
    }
    return error;
}

/* ---- whose they are ---- */

static int32_t identity_check(const struct qetl_store *store, const char *before, uint64_t number,
                              struct qetl_findings *findings)
{
    char *changes = NULL;
    if (!before || !store->identity)
        return 0;
    if (qetl_state_identity_compare(before, store->identity, &changes))
        return QETL_E_NO_MEMORY;
    if (!changes)
        return 0;
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "state_changed",
                         "a run of this pipeline was cut short behind epoch %llu, and the pipeline "
                         "has changed since: %s",
                         (unsigned long long)number, changes);
    qetl_finding_at(finding, store->folder.path, 0, 0, NULL);
    qetl_finding_mend(finding, "undo the change and let that run come to its end, or begin anew "
                               "with --full-refresh (outputs stay as they are)");
    free(changes);
    return QETL_E_CONFIG;
}

static int32_t identities_check(struct qetl_store *store, const struct found *found,
                                struct qetl_findings *findings)
{
    int32_t status = 0;
    if (found->decided->stage != QETL_STAGE_FINISHED)
        status = identity_check(store, found->decided_identity, found->decided->number, findings);
    if (!status)
        status = identity_check(store, found->prepared_identity, found->prepared->number, findings);
    return status;
}

static int32_t recover(struct qetl_store *store, struct found *found,
                       struct qetl_findings *findings)
{
    int error = read_found(store, found);
    if (!error)
        return identities_check(store, found, findings);
    if (error == ENOMEM)
        return QETL_E_NO_MEMORY;
    if (error == EBADMSG)
        qetl_store_set_aside(store);
    else {
        qetl_store_failed_file(store, error, "cannot read");
        store->trouble = TROUBLE_ENVIRONMENT;
    }
    return tell(store, findings);
}

int32_t qetl_store_recover(struct qetl_store *store, struct qetl_record *decided,
                           struct qetl_record *prepared, struct qetl_findings *findings)
{
    struct found found = {decided, prepared, NULL, NULL};
    *decided = *prepared = (struct qetl_record){0};
    if (store->trouble)
        return tell(store, findings);
    if (!store->is_open)
        return 0;
    int32_t status = recover(store, &found, findings);
    /* Who asks for no identity of its own keeps theirs. */
    if (!store->identity && !status) {
        store->identity = found.decided_identity ? found.decided_identity : found.prepared_identity;
        if (store->identity == found.decided_identity)
            found.decided_identity = NULL;
        else
            found.prepared_identity = NULL;
    }
    free(found.decided_identity);
    free(found.prepared_identity);
    if (status) {
        qetl_record_free(decided);
        qetl_record_free(prepared);
    }
    return status;
}
