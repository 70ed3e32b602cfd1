/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of a source of which something is asked.
 *
 * Invariant: as drive.h. Ownership: borrows. Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_SOURCE_H
#define QETL_CORE_CONFORM_SOURCE_H

#include "drive.h"

struct conform_pushing {
    int64_t n_columns; /* -1: all */
    const int64_t *columns;
    int64_t limit; /* -1: none */
    int32_t columns_answer, limit_answer;
};

/* Of a started instance; push NULL: nothing is asked. */
int32_t conform_source_run(struct conform_bench *, struct conform_pushing *push);

#endif
