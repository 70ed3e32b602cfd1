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

/* What holds for a whole run. */
struct qetl_expr_session {
    const char *timezone; /* the zone that dates and times without one are of; NULL: UTC */
    int64_t now_us;       /* when the run began, in microseconds since 1970 */
};

const struct qetl_expr_host *qetl_expr_service(void);

/* The runtime provides it: the host that belongs to an instance's handle. */
const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx);
/* Likewise: what holds for the instance's run. */
struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx);

#endif
