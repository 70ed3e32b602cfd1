/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host as plugins see it: the table of plugin.h and its extensions.
 *
 * Invariant: nothing here knows a connector.
 * Ownership: constant data.
 * Threads:   as plugin.h says of each call.
 */
#ifndef QETL_CORE_HOST_H
#define QETL_CORE_HOST_H

#include <qetl/files.h>
#include <qetl/plugin.h>

extern const struct qetl_host qetl_host_table;
extern const struct qetl_options qetl_host_options; /* host_options.c */
extern const struct qetl_files qetl_host_files;     /* host_files.c */

/* For services of the core that report through an instance. */
const struct qetl_host *qetl_ctx_host(struct qetl_ctx *);

#endif
