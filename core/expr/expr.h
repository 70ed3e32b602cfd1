/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression engine as the host service qetl.expr/1.
 *
 * Invariant: an expression that compiled never fails a run: what goes wrong in a row rejects the
 * row. Ownership: the service is static; a compiled expression is freed by its free(). Threads:
 * compile on any thread; evaluate and select by one thread at a time per expression.
 */
#ifndef QETL_EXPR_H
#define QETL_EXPR_H

#include <qetl/plugin.h>

const struct qetl_expr_host *qetl_expr_service(void);

/* The runtime provides it: the host that belongs to an instance's handle. */
const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx);

#endif
