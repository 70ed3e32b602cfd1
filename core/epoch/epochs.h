/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The epochs that are under way: what each operator left behind at their barriers, until they are
 * decided.
 *
 * Invariant: an epoch is complete once every sink has handed in for it, or came to its end before;
 *            whoever feeds a sink has handed in before it. What an operator handed in counts until
 *            it hands in again, so that the base is always the whole state of a run.
 * Ownership: what is handed in moves here; the base belongs to who decides.
 * Threads:   hand_in, begin and the questions from any; merge and base from one, who decides.
 */
#ifndef QETL_CORE_EPOCHS_H
#define QETL_CORE_EPOCHS_H

#include "data/tally.h"
#include "stand.h"

#include <qetl/plugin.h>

struct qetl_epoch_slot { /* an operator */
    const char *component;
    bool sink;
};

struct qetl_handed {
    struct qetl_counts counts;
    int64_t batches;
    struct qetl_stand *stand; /* sources */
    bool has_state;
    uint32_t version; /* of the plugin's own part of the state */
    void *state;
    size_t state_size;
    struct qetl_blob *handles; /* sinks; those of merged epochs add up */
    size_t n_handles;
    bool ended;     /* nothing comes behind it */
    bool satisfied; /* and it wants nothing */
};

void qetl_handed_clear(struct qetl_handed *);
/* Copies a handle; negative without memory. */
int32_t qetl_handed_add(struct qetl_handed *, const void *handle, size_t size);
void qetl_handed_cut(struct qetl_handed *, size_t n_handles); /* drops those behind the first n */

struct qetl_epochs;

struct qetl_epochs *qetl_epochs_new(const struct qetl_epoch_slot *, size_t n);
void qetl_epochs_free(struct qetl_epochs *); /* accepts NULL */

/* Takes *moved, be it that there is no memory (negative). */
int32_t qetl_epochs_hand_in(struct qetl_epochs *, size_t slot, uint64_t epoch,
                            struct qetl_handed *moved);
/* The newest epoch that is complete, and not merged yet; 0: none. Once all sinks ended it is the
 * last that anyone handed in for. */
uint64_t qetl_epochs_complete(struct qetl_epochs *);
bool qetl_epochs_over(struct qetl_epochs *); /* all sinks ended */

/* Who has not handed in for the oldest epoch that is not complete, the first in the order of the
 * slots; SIZE_MAX: nobody owes anything. */
size_t qetl_epochs_debtor(struct qetl_epochs *, uint64_t *epoch, int64_t *since_ns);

/* All that was handed in for epochs up to this one is the base. */
void qetl_epochs_merge(struct qetl_epochs *, uint64_t upto);
struct qetl_handed *qetl_epochs_base(struct qetl_epochs *, size_t slot);
/* The base was decided, and its handles are committed: they are not asked for again. */
void qetl_epochs_settle(struct qetl_epochs *);

#endif
