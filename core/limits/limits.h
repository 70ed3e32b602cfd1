/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a component's words retry, breaker, rate_limit and call_timeout say: how the host treats its
 * failures, and how hard it drives it.
 *
 * Invariant: after qetl_limits_read found nothing wrong, every number is within its bounds.
 * Ownership: plain values.
 * Threads:   immutable once read.
 */
#ifndef QETL_CORE_LIMITS_H
#define QETL_CORE_LIMITS_H

#include "breaker.h"
#include "retry.h"

#include <jansson.h>

struct qetl_limits {
    struct qetl_retry_policy retry;
    struct qetl_breaker_policy breaker;
    int64_t call_timeout_ns; /* a call that takes longer is interrupted; 0: none is */
    double rows_per_second, bytes_per_second, calls_per_second; /* 0: no limit */
};

/* What a component without these words has. */
void qetl_limits_default(struct qetl_limits *);
/* The words' schemas by their names, for the schema of a component; a new reference. */
json_t *qetl_limits_schema(void);
/* From a component's mapping. NULL, or what is wrong: *pointer ("/retry/budget", at most 63 bytes)
 * says where, and *mend how it is written. */
const char *qetl_limits_read(const json_t *component, struct qetl_limits *, char pointer[64],
                             const char **mend);

#endif
