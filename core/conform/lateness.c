/* SPDX-License-Identifier: Apache-2.0 */
#include "lateness.h"

#include "host/call.h"

#include <inttypes.h>
#include <stdio.h>

enum { LOOKS_MOST = 16 };

/* For a processor, by this thread so far; 0 where the kernel does not count it. */
static int64_t waited_ns(void)
{
    int64_t waited = 0;
    FILE *file = fopen("/proc/thread-self/schedstat", "re");
    if (file && fscanf(file, "%*d %" SCNd64, &waited) != 1)
        waited = 0;
    if (file)
        fclose(file);
    return waited;
}

void conform_lateness_begin(struct conform_lateness *l, int64_t deadline_ns)
{
    *l = (struct conform_lateness){deadline_ns, waited_ns()};
}

/* The clock counts only where the thread did not wait between two looks at what it has waited: a
 * wait between the clock and the look would be taken off though it came after. */
int64_t conform_lateness_end(const struct conform_lateness *l)
{
    int64_t waited = waited_ns(), looked, now;
    int looks = 0;
    do {
        looked = waited;
        now = qetl_call_now_ns();
        waited = waited_ns();
    } while (waited != looked && ++looks < LOOKS_MOST);
    int64_t late = now - l->deadline_ns;
    if (late > 0)
        late -= looked - l->waited_ns;
    return late > 0 ? late : 0;
}
