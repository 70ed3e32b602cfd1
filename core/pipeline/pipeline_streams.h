/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word `streams` of a source.
 *
 * Invariant: none. Ownership: nothing is kept. Threads: any.
 */
#ifndef QETL_CORE_PIPELINE_STREAMS_H
#define QETL_CORE_PIPELINE_STREAMS_H

#include <stdbool.h>

/* `*`, `sales_*`: which there are the source has to say. NULL: none. */
bool qetl_stream_is_pattern(const char *name);

#endif
