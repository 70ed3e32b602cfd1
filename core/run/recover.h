/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going on where a run was cut short: what its store says, before anything is started.
 *
 * Invariant: `resumes` holds only while `recovered` is a decided epoch that was not final.
 * Ownership: the run owns what was recovered; entries point into it.
 * Threads:   the control thread.
 */
#ifndef QETL_CORE_RECOVER_H
#define QETL_CORE_RECOVER_H

#include "epoch/stand.h"
#include "flow.h"
#include "state/store.h"

struct qetl_run;

struct qetl_remembered {        /* of a source */
    struct qetl_stand **stands; /* one a reader */
    size_t n_stands;
    struct qetl_blob *splits;
    size_t n_splits;
    char *instead, *why; /* the format that took the stand of its own, or NULL */
    struct ArrowSchema schema;
    void *prologue;
    size_t prologue_size;
};
void qetl_remembered_free(struct qetl_remembered *);

const struct qetl_entry *qetl_record_find(const struct qetl_record *, enum qetl_entry_kind,
                                          const char *component, uint32_t part);

/* letters.c: how far dead letters count; false: the record does not say. */
struct qetl_letter_length;
bool qetl_record_letters(const struct qetl_record *, struct qetl_letter_length *);

/* It was decided in the run that goes on, or is to be completed. */
static inline bool qetl_record_is_unfinished(const struct qetl_record *record)
{
    return record->stage == QETL_STAGE_DECIDED || record->stage == QETL_STAGE_COMMITTED;
}

/* What a component had counted; nothing, where the record does not say. */
void qetl_record_counts(const struct qetl_record *, const char *component, struct qetl_counts *,
                        int64_t *batches);

/* Opens the store and reads it. Negative: reported, the run has ended. */
int32_t qetl_run_recover(struct qetl_run *);
/* Reads what was decided, for another attempt. Negative: as above. */
int32_t qetl_run_recall(struct qetl_run *);
/* Of a sink that is started: what was decided is committed, what was not is aborted. Negative:
 * reported. */
int32_t qetl_sink_recover(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
/* A sink that decides is asked how far it came, before anything else is set up. Negative: reported.
 */
int32_t qetl_run_ask_sinks(struct qetl_run *);
/* The epoch was the last of its run: nothing is left to do but that the sinks commit it. Negative:
 * reported. */
int32_t qetl_run_complete(struct qetl_run *);

/* schemas.c: what the sources were found to be, for who goes on; and a source that goes on. */
int32_t qetl_sources_note(struct qetl_run *);
int32_t qetl_source_remember(struct qetl_run *, size_t node);
/* The format's schema and prologue, as they were inferred. Negative: reported. */
int32_t qetl_source_recall(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
/* Of one that is loaded incrementally, and of which no row came that has columns: those of the run
 * before, if that had any. */
void qetl_source_recall_columns(struct qetl_run *, const struct qetl_node *,
                                struct qetl_node_flow *);

/* identity.c: a JSON object, by component, of digests of what it is; the caller's. NULL without
 * memory. */
char *qetl_run_identity(const struct qetl_pipeline *);

#endif
