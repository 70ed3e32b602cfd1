/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the columns of an aggregate know so far, as bytes.
 *
 * Invariant: a state that is cut off, changed, or of other columns changes nothing (UNSUPPORTED).
 * Ownership: nothing is kept.
 * Threads:   one at a time.
 */
#ifndef QETL_AGGREGATE_STATE_H
#define QETL_AGGREGATE_STATE_H

#include "items.h"

int32_t items_save(const struct items *, const struct qetl_writer *out);
int32_t items_merge(struct items *, const struct qetl_reader *in);

#endif
