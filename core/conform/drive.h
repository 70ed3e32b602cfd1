/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of one component from create to destroy, as a host would make it.
 *
 * Invariant: what a run gives out depends on component, check and seed alone; how it is made, on
 * the knobs. Ownership: the bench's, which the caller closes. Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_DRIVE_H
#define QETL_CORE_CONFORM_DRIVE_H

#include "bench.h"

/* Opens the bench and runs it, all but conform_bench_close. bench->status: 0, or the failure. */
int32_t conform_drive(struct conform_bench *, const struct conform_trial *,
                      const struct conform_knobs *);

/* drive_NAME.c: behind create. */
int32_t conform_drive_source(struct conform_bench *);
int32_t conform_drive_transform(struct conform_bench *);
int32_t conform_drive_merge(struct conform_bench *); /* two halves, merged by a third */
int32_t conform_drive_sink(struct conform_bench *);
int32_t conform_drive_format(struct conform_bench *);

/* ---- what they share ---- */

bool conform_due(struct conform_bench *); /* the chance to go on with a new instance is taken */

struct conform_saved { /* by a component's save */
    bool any;
    uint32_t version;
    struct conform_text bytes;
};
int32_t conform_save_state(struct conform_bench *, struct conform_saved *);
/* With the knobs' damage: 0; 1: half of it, 2: other bytes, 3: nothing, 4: an unknown version. By
 * restore, or merge. */
int32_t conform_restore_state(struct conform_bench *, const struct conform_call *,
                              const struct conform_saved *);
/* Where the knobs say 5: the instance refuses a state that it does not know. */
void conform_restore_unknown(struct conform_bench *);
void conform_saved_free(struct conform_saved *);

/* Checks an array that was given out, has it released by another thread, and takes its rows. */
void conform_take_batch(struct conform_bench *, const char *call, const struct ArrowSchema *,
                        struct ArrowArray *, struct conform_text *);
/* The same, with these of its columns. */
void conform_take_columns(struct conform_bench *, const char *call, const struct ArrowSchema *,
                          struct ArrowArray *, const int64_t *columns, int64_t n,
                          struct conform_text *);
bool conform_check_schema(struct conform_bench *, const char *call, const struct ArrowSchema *);
/* Has another thread release it, or keeps it for later, as the knobs say. */
void conform_release_away(struct conform_bench *, const char *call, struct ArrowArray *);
/* The bytes where nobody may look, as the knobs say. */
void conform_fill_unseen(struct conform_bench *, const struct ArrowSchema *, struct ArrowArray *);
/* The schema for one call: itself, or, where the knobs say so, a copy of which the words are others
 * once it was taken back, though it stays. */
const struct ArrowSchema *conform_schema_lend(struct conform_bench *, const struct ArrowSchema *);
void conform_schema_take_back(struct conform_bench *);
/* Shuts what was lent, where the knobs say so, or releases it. */
void conform_take_back(struct conform_bench *, struct ArrowArray *);
struct qetl_env conform_lender(struct conform_bench *); /* whose buffers are the checker's */
/* Whether a batch that was lent is there with all its columns; NULL: there was none. */
bool conform_is_whole(const struct ArrowArray *);
/* Waits for a wake. False: none came in time. */
bool conform_await(struct conform_bench *, const char *call);

/* forms.c: a batch in the forms that were asked for; which: children, n of them. */
int32_t conform_forms_batch(struct conform_bench *, const struct ArrowSchema *,
                            struct ArrowArray *moved, int64_t n, const struct qetl_want *,
                            struct ArrowArray *out);
/* The schema that goes with it. */
int32_t conform_forms_schema(const struct ArrowSchema *, int64_t n, const struct qetl_want *,
                             const char *format, struct ArrowSchema *out);

#endif
