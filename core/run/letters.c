/* SPDX-License-Identifier: Apache-2.0 */
/* The dead letters' part in a decision. */
#include "decider.h"
#include "recover.h"
#include "run_internal.h"

#include <errno.h>
#include <stdio.h>

enum { UNKEPT = ENOTRECOVERABLE }; /* the state has said why */

static int32_t fault(struct qetl_run *run, int error, const char *what, const char *reason)
{
    char message[800];
    if (!reason)
        reason = error == UNKEPT ? qetl_store_reason(run->store) : qetl_letter_store_reason(error);
    snprintf(message, sizeof message, "the dead letters in '%.200s' cannot be %s: %s",
             qetl_letter_store_name(run->letters), what, reason);
    return qetl_run_fault(run, NULL, "dead_letters", message);
}

static int keep(void *arg)
{
    struct qetl_run *run = arg;
    int32_t status = qetl_store_owner_keep(run->store);
    return status == QETL_E_NO_MEMORY ? ENOMEM : status ? UNKEPT : 0;
}

/* A length, and 1 where the letters are not in the pipeline's file. */
int32_t qetl_run_letters_seal(struct qetl_run *run, uint64_t epoch, struct qetl_pack *pack)
{
    struct qetl_letter_length length;
    int error = qetl_letter_store_seal(run->letters, epoch, &length);
    qetl_pack_i64(pack, length.last);
    qetl_pack_i64(pack, length.apart);
    return error ? fault(run, error, "kept", NULL) : QETL_OK;
}

bool qetl_record_letters(const struct qetl_record *record, struct qetl_letter_length *length)
{
    const struct qetl_entry *entry = qetl_record_find(record, QETL_ENTRY_LETTERS, "", 0);
    *length = (struct qetl_letter_length){0};
    if (!entry)
        return false;
    struct qetl_unpack unpack = qetl_unpack_from(entry->data, entry->size);
    length->last = qetl_unpack_i64(&unpack);
    length->apart = entry->size > sizeof(int64_t) && qetl_unpack_i64(&unpack);
    return true;
}

static int32_t own(struct qetl_run *run, uint64_t *epoch)
{
    struct qetl_store_owner owner;
    int32_t status = qetl_store_owner(run->store, &owner);
    if (status)
        return qetl_run_store_failed(run, status);
    *epoch = *epoch > owner.epoch ? *epoch : owner.epoch;
    int error = qetl_letter_store_own(run->letters, owner.name, keep, run);
    return error ? fault(run, error, "gone on with", NULL) : QETL_OK;
}

int32_t qetl_run_letters_begin(struct qetl_run *run, bool goes_on)
{
    const struct qetl_record *record = &run->attempt.recovered;
    struct qetl_letter_length length;
    bool known = qetl_record_letters(record, &length) && goes_on;
    uint64_t epoch = record->stage == QETL_STAGE_NONE ? 0 : record->number;
    int32_t status = run->store && !run->options.replaying ? own(run, &epoch) : QETL_OK;
    if (status)
        return status;
    int error = qetl_letter_store_begin(run->letters, epoch, known ? &length : NULL);
    return !error ? QETL_OK
                  : fault(run, error, "gone on with",
                          error == ENOENT ? "letters that were decided are not there any more: put "
                                            "the file back as it was, or begin anew with "
                                            "--full-refresh"
                                          : NULL);
}
