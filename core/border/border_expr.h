/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as a watched plugin gets them: each handle knows who compiled it.
 *
 * Invariant: what is computed is the host's; of batches and values nothing is told but counts.
 * Ownership: as plugin.h says of qetl.expr/1.
 * Threads:   as there.
 */
#ifndef QETL_CORE_BORDER_EXPR_H
#define QETL_CORE_BORDER_EXPR_H

#include "border_internal.h"

extern const struct qetl_expr_host qetl_border_expr;

#endif
