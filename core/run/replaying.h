/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run over dead letters: other things stand in the place of its source, and what it rejects, and
 * that its letters count as replayed, is decided with its rows.
 *
 * Invariant: with the run's last epoch the mark is durable, and not without it.
 * Ownership: all is borrowed for the run, but for the file, which the run takes over.
 * Threads:   as tagged.
 */
#ifndef QETL_CORE_REPLAYING_H
#define QETL_CORE_REPLAYING_H

#include "data/dead_letter.h"
#include "data/letter_file.h"
#include "pipeline/pipeline.h"

#include <qetl/plugin.h>

struct qetl_replaying {
    void *arg;
    /* [control] What stands in for a source, and for its format; NULL: the real one. */
    const struct qetl_component *(*source)(void *arg, const struct qetl_node *);
    const struct qetl_component *(*format)(void *arg, const struct qetl_node *);
    /* [control] Columns and dialect as they were when the letters were made: nonzero: *out is
     * filled, and the format is not asked. Else the sample may have been replaced. */
    int (*infer)(void *arg, const struct qetl_node *, struct qetl_sample *,
                 struct qetl_inferred *out);
    /* [any] May add to a letter of a row that is rejected again. */
    void (*letter)(void *arg, struct qetl_letter *);
    const char *mark; /* a line of JSON with its newline; NULL: nothing is decided, only shown */
    struct qetl_letter_file *file; /* open; or NULL */
    int64_t from;                  /* what replays left behind this number, nobody decided */
};

#endif
