/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

static const int64_t BURST_NS = 50000000; /* what one may make up for who was called too late */

void http_pace_init(struct http_pace *pace, double per_second)
{
    *pace = (struct http_pace){.step_ns = per_second > 0 ? (int64_t)(1e9 / per_second) : 0,
                               .due_ns = INT64_MIN};
}

int64_t http_pace_take(struct http_pace *pace, int64_t now_ns)
{
    if (!pace->step_ns)
        return 0;
    if (pace->due_ns == INT64_MIN) /* the first: there is nothing to make up for */
        pace->due_ns = now_ns;
    if (pace->due_ns > now_ns)
        return pace->due_ns - now_ns;
    if (pace->due_ns < now_ns - BURST_NS)
        pace->due_ns = now_ns - BURST_NS;
    pace->due_ns += pace->step_ns;
    return 0;
}
