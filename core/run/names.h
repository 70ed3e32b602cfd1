/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the columns that a component hands on.
 *
 * Invariant: no two columns of one schema, and no two fields of one struct within it, have the same
 *            name, byte for byte: a reader could tell neither from the other.
 * Ownership: none.
 * Threads:   as qetl_run_refuse.
 */
#ifndef QETL_CORE_NAMES_H
#define QETL_CORE_NAMES_H

#include "run_internal.h"

/* Negative: reported. */
int32_t qetl_names_check(struct qetl_run *, const struct qetl_node *, const struct ArrowSchema *);

#endif
