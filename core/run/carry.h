/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns on their way past a transform: those that it does not make are taken from its input, by
 * the row map that it answered.
 *
 * Invariant: what is carried is shared, or gathered into memory of its own; nothing is changed.
 * Ownership: what comes out is the caller's reference. Failures are reported.
 * Threads:   the one that runs the op's task.
 */
#ifndef QETL_CORE_CARRY_H
#define QETL_CORE_CARRY_H

#include "op.h"

/* Rows map[i] of a column (map NULL: all), in the wanted forms. */
int32_t qetl_carry_column(struct qetl_op *, const struct qetl_batch_column *in,
                          const struct ArrowSchema *field, uint32_t wanted, const int32_t *map,
                          int64_t rows, struct qetl_batch_column *out);
/* Of rows from an input that lacks the column. */
int32_t qetl_carry_nulls(struct qetl_op *, const struct ArrowSchema *field, uint32_t wanted,
                         int64_t rows, struct qetl_batch_column *out);
/* Which records the rows came from. */
int32_t qetl_carry_records(struct qetl_op *, const struct qetl_batch *input, const int32_t *map,
                           struct qetl_batch *out);
/* The index-th column that the plugin made, moved out of the output, by its derived map. */
int32_t qetl_carry_derived(struct qetl_op *, struct qetl_output *, int64_t index,
                           const struct ArrowSchema *field, struct qetl_batch_column *out);

#endif
