/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is new since the last run, as a parameter of every request: by the condition with which the
 * host lets rows pass.
 *
 * Invariant: the host judges each row again, so that a server which answers with more does no harm.
 * Ownership: owns the value.
 * Threads:   one at a time.
 */
#ifndef REST_SOURCE_SINCE_H
#define REST_SOURCE_SINCE_H

#include "../../shared/http/asking.h"

struct since {
    struct qetl_env env;
    const char *param; /* NULL: none */
    const char *form, *text;
    char *value;  /* that is asked for; NULL: none */
    bool offered; /* the host loads what is new alone */
};

/* Of the option `since`. OK, or a failure that was reported. */
int32_t since_read(struct since *, struct qetl_env, const struct asking *);
void since_free(struct since *);
/* A condition on rows, as a syntax tree of qetl.expr/1: QETL_PUSH_PARTIAL, QETL_PUSH_NO where it
 * says nothing of that kind, or a failure that was reported. */
int32_t since_take(struct since *, const char *tree);
/* What all requests ask for from now on. OK, or a failure that was reported. */
int32_t since_apply(const struct since *, struct asking *);

#endif
