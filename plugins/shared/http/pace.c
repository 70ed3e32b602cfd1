/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

void http_pace_init(struct http_pace *pace, double per_second)
{
    *pace = (struct http_pace){.step_ns = per_second > 0 ? (int64_t)(1e9 / per_second) : 0};
}

/* Who comes late for one step may make up for it: a timer never fires early. */
int64_t http_pace_take(struct http_pace *pace, int64_t now_ns)
{
    if (!pace->step_ns)
        return 0;
    if (pace->due_ns > now_ns)
        return pace->due_ns - now_ns;
    if (pace->due_ns < now_ns - pace->step_ns)
        pace->due_ns = now_ns - pace->step_ns;
    pace->due_ns += pace->step_ns;
    return 0;
}
