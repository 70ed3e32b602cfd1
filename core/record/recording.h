/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording, read back: all entries of a folder, in their order.
 *
 * Invariant: entries stand by `seq`, each once, and every one of them is whole. What is missing is
 *            told: the end (the run was killed), a piece behind the base (the ring wrapped).
 * Ownership: entries borrow the recording's bytes.
 * Threads:   immutable once it was opened.
 */
#ifndef QETL_CORE_RECORDING_H
#define QETL_CORE_RECORDING_H

#include "config/finding.h"
#include "entry.h"

struct qetl_recorded_guest {
    uint32_t number, kind;
    const char *component, *id; /* in the pipeline; the plugin's */
    const char *plugin, *version, *options;
};

struct qetl_recording {
    struct qetl_entry *entries;
    size_t n_entries;
    struct qetl_recorded_guest *guests;
    size_t n_guests;
    const char *pipeline, *version, *timezone; /* timezone NULL: UTC */
    int64_t now_us;
    bool ended;        /* by the run's own end */
    bool wrapped;      /* its first files gave way: that entries are missing is as it should be */
    uint64_t gap_from; /* seq of the first entry that is missing within; 0: none is */
    uint64_t gap_upto; /* … and of the last */
    void **files;      /* bytes of the files */
    size_t n_files;
};

/* NULL with findings. */
struct qetl_recording *qetl_recording_open(const char *folder, struct qetl_findings *);
/* One file's bytes: its entries are added. Number 0 is the base. 0, or -1 with a finding. */
int qetl_recording_read(struct qetl_recording *, const char *name, const void *data, size_t size,
                        bool last, struct qetl_findings *);
/* Sorts, looks at the whole. 0, or -1 with a finding. */
int qetl_recording_settle(struct qetl_recording *, const char *name, struct qetl_findings *);
void qetl_recording_free(struct qetl_recording *); /* accepts NULL */

const struct qetl_recorded_guest *qetl_recording_guest(const struct qetl_recording *,
                                                       uint32_t number);

#endif
