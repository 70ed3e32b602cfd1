/* SPDX-License-Identifier: Apache-2.0 */
#include "keep.h"

#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

void qetl_decisions_free(struct qetl_decisions *kept)
{
    qetl_record_free(&kept->decided);
    qetl_record_free(&kept->prepared);
    *kept = (struct qetl_decisions){0};
}

static int entry_copy(const struct qetl_entry *from, struct qetl_entry *to)
{
    char *component = strdup(from->component);
    void *data = malloc(from->size + 1);
    *to = *from;
    to->component = component;
    to->data = data;
    if (!component || !data)
        return -1;
    if (from->size)
        memcpy(data, from->data, from->size);
    return 0;
}

/* In the place of what was there. */
static int32_t record_copy(const struct qetl_record *from, struct qetl_record *to)
{
    struct qetl_record copy = *from;
    int failed = 0;
    copy.n_entries = 0;
    copy.entries = calloc(from->n_entries + 1, sizeof *copy.entries);
    for (size_t i = 0; copy.entries && !failed && i < from->n_entries; i++)
        failed = entry_copy(&from->entries[i], &copy.entries[copy.n_entries++]);
    if (!copy.entries || failed) {
        qetl_record_free(&copy);
        return QETL_E_NO_MEMORY;
    }
    qetl_record_free(to);
    *to = copy;
    return QETL_OK;
}

int32_t qetl_keep_prepare(struct qetl_run *run, const struct qetl_record *record)
{
    return run->store ? qetl_store_prepare(run->store, record)
                      : record_copy(record, &run->kept.prepared);
}

int32_t qetl_keep_decide(struct qetl_run *run, const struct qetl_record *record)
{
    return run->store ? qetl_store_decide(run->store, record)
                      : record_copy(record, &run->kept.decided);
}

int32_t qetl_keep_settle(struct qetl_run *run, uint64_t number, bool decided)
{
    struct qetl_decisions *kept = &run->kept;
    if (run->store)
        return qetl_store_settle(run->store, number, decided);
    if (decided) {
        qetl_record_free(&kept->decided);
        kept->decided = kept->prepared;
        kept->decided.stage = QETL_STAGE_DECIDED;
    } else {
        qetl_record_free(&kept->prepared);
    }
    kept->prepared = (struct qetl_record){0};
    return QETL_OK;
}

int32_t qetl_keep_committed(struct qetl_run *run, uint64_t number)
{
    if (run->store)
        return qetl_store_committed(run->store, number);
    run->kept.decided.stage = QETL_STAGE_COMMITTED;
    return QETL_OK;
}

int32_t qetl_keep_recover(struct qetl_run *run, struct qetl_record *decided,
                          struct qetl_record *prepared)
{
    if (run->store)
        return qetl_store_recover(run->store, decided, prepared, run->findings);
    int32_t status = record_copy(&run->kept.decided, decided);
    return status ? status : record_copy(&run->kept.prepared, prepared);
}
