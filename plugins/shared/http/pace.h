/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No more than so many requests a second, whichever client of the process makes them: a virtual
 * clock says when the next may go. Whoever comes first takes the moment; none is kept for anybody,
 * so that one who does not come holds nobody up.
 *
 * Invariant: over any time T, what went is at most rate * T + 2, and no less than rate * T - 1
 * where there was always one to go. Ownership: joined and left, as common.h has it. Threads: any.
 */
#ifndef HTTP_PACE_H
#define HTTP_PACE_H

#include "common.h"

struct http_pace {
    struct http_common common;
    int64_t step_ns; /* between two; 0: no limit */
    int64_t due_ns;
};

struct http_origin;

/* That of all who ask this server, with these credentials, for so many. OK, or a failure that was
 * reported. NULL in *out: there is no limit. */
int32_t http_pace_join(struct http_pace **out, struct qetl_env, const struct http_origin *,
                       double per_second);
void http_pace_leave(struct http_pace *); /* accepts NULL */

void http_pace_init(struct http_pace *, double per_second);
/* 0: it goes now, and counts. Else how long it has to wait. pace NULL: always 0. */
int64_t http_pace_take(struct http_pace *, int64_t now_ns);

#endif
