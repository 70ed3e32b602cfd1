/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No more than so many requests a second: a virtual clock says when the next may go.
 *
 * Invariant: over any time T, what went is at most rate * T + 2, and no less than rate * T - 1
 * where there was always one to go. Ownership: plain values. Threads:   one at a time.
 */
#ifndef HTTP_PACE_H
#define HTTP_PACE_H

#include <stdint.h>

struct http_pace {
    int64_t step_ns; /* between two; 0: no limit */
    int64_t due_ns;
};

void http_pace_init(struct http_pace *, double per_second);
/* 0: it goes now, and counts. Else how long it has to wait. */
int64_t http_pace_take(struct http_pace *, int64_t now_ns);

#endif
