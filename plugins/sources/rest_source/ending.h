/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which value of a page says that it is the last one.
 *
 * Invariant: a page that has no such value is not the last for that.
 * Ownership: borrowed from the options.
 * Threads:   immutable once read.
 */
#ifndef REST_SOURCE_ENDING_H
#define REST_SOURCE_ENDING_H

#include "../../shared/http/scan.h"

#include <qetl/sdk.h>

struct ending {
    struct qetl_env env;
    const char *at; /* JSON pointer; NULL: none does */
};

/* Of the option /pagination/ends. OK, or a failure that was reported. */
int32_t ending_read(struct ending *, struct qetl_env);
/* 1: what was found there is such a value; 0: it is not; -1: no memory. */
int ending_is(const struct ending *, const struct scan_target *);

#endif
