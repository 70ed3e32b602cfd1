/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind of a transform of rows.
 *
 * Invariant: after OK the row's readers, builders and plan are those of this input.
 * Ownership: the row's.
 * Threads:   [control]
 */
#ifndef QETL_SDK_ROW_BIND_H
#define QETL_SDK_ROW_BIND_H

#include "row.h"

#include <qetl/row_transform.h>

int32_t qetl_sdk_row_bind(struct qetl_row *row, const struct qetl_row_transform *spec,
                          const struct ArrowSchema *input, struct qetl_binder *binder);

#endif
