/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands over states share: which folder, which pipeline, and its words.
 *
 * Invariant: a command that changes a state holds its lock; those that look do not.
 * Ownership: looks and stores are the caller's.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_STATES_H
#define QETL_CORE_STATES_H

#include "cli.h"
#include "state/look.h"
#include "state/watermark.h"

struct qetl_states_own { /* every such command's own struct begins so */
    const char *folder;
};
extern const struct qetl_option_group qetl_options_states; /* --state */
extern const struct qetl_exit qetl_exits_states[];

/* states.c: the folder of all states, the caller's; NULL with findings. */
char *qetl_states_folder(const struct qetl_cli *, struct qetl_findings *);
/* What there is of the pipeline that the first operand names: 0, or -1 with findings. */
int qetl_states_look(const struct qetl_cli *, struct qetl_state_look *, struct qetl_findings *);
/* Its store, locked and read. makes: it need not be there. NULL with findings. */
struct qetl_store *qetl_states_open(const struct qetl_cli *, bool makes,
                                    struct qetl_record *decided, struct qetl_findings *);
/* A change that was asked for: the store's failure as a finding. */
void qetl_states_failed(const struct qetl_store *, int32_t status, struct qetl_findings *);
/* What the next run goes on from, with other entries; as the run left it otherwise. Entries of
 * both are lent. */
int32_t qetl_states_put(struct qetl_store *, const struct qetl_record *before,
                        const struct qetl_entry *, size_t n_entries);
/* y or yes on the terminal; false with a finding where there is none to ask. */
bool qetl_states_confirm(const char *question, struct qetl_findings *);

/* states_words.c */
const char *qetl_states_status(const struct qetl_state_look *);
const char *qetl_states_stage(enum qetl_epoch_stage);
const char *qetl_states_kind(enum qetl_entry_kind);
enum { QETL_STATES_TIME = 32 };
char *qetl_states_time(int64_t at_ms, char text[QETL_STATES_TIME]); /* "2026-11-21T15:04:05Z" */
json_t *qetl_states_summary_json(const struct qetl_state_look *);
/* What an entry says, for people: the caller's; NULL without memory. */
char *qetl_states_says(const struct qetl_entry *);

#endif
