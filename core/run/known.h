/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin answers or says of itself, and this version of the ABI does not know.
 *
 * Invariant: nothing unknown is taken for something known.
 * Ownership: none.
 * Threads:   as qetl_run_fault.
 */
#ifndef QETL_CORE_KNOWN_H
#define QETL_CORE_KNOWN_H

#include "run_internal.h"

/* Of a call that answers OK or a failure: any other outcome is a fault of the plugin. */
int32_t qetl_known_done(struct qetl_run *, const struct qetl_node *, const char *call,
                        int32_t status);
/* What describe said. */
int32_t qetl_known_source(struct qetl_run *, const struct qetl_node *,
                          const struct qetl_source_info *);
int32_t qetl_known_sink(struct qetl_run *, const struct qetl_node *, const struct qetl_sink_info *);

#endif
