/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a format of rows: where its records end, and what is in them.
 *
 * Invariant: frame and decode find the same records. Ownership: nothing is kept. Threads: as the
 * component's.
 */
#ifndef QETL_SDK_ROW_FORMAT_H
#define QETL_SDK_ROW_FORMAT_H

#include "row.h"

#include <qetl/row_format.h>

int32_t qetl_sdk_row_frame(void *self, struct qetl_frame *io);
/* Of the first record, with its end; 0: that is not there yet; or a failure, reported. */
int64_t qetl_sdk_record_size(struct qetl_row *row, const uint8_t *data, int64_t size, bool ended);
/* Without its end. */
struct qetl_text qetl_sdk_record_text(const struct qetl_row *row, const uint8_t *data,
                                      int64_t size);

#endif
