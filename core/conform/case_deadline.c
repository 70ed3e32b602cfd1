/* SPDX-License-Identifier: Apache-2.0 */
/* A source that has little time: what waits behind it (a barrier, an end) waits as long as next. */
#include "cases.h"

enum { TRIES_LEAST = 2, TRIES_MOST = 5, DEMAND_MS = 50, GRACE_MS = 200, MS = 1000000 };

/* The best of several tries counts: what is late by itself is late in each of them, and what a disk
 * or a server took once is not. A try ends where it was late. */
void conform_case_deadline(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_DEADLINE_RULE;
    struct conform_knobs k = {.answer_ns = (int64_t)DEMAND_MS * MS,
                              .late_most_ns = (int64_t)GRACE_MS * MS};
    int64_t least = INT64_MAX;
    int32_t status = QETL_OK;
    int tries = 0;
    while (tries < TRIES_MOST && least > k.late_most_ns &&
           (tries < TRIES_LEAST || conform_may_try(t))) {
        struct conform_bench b;
        status = conform_try(&b, t, &k);
        least = b.late_ns < least ? b.late_ns : least;
        conform_bench_close(&b);
        tries++;
    }
    if (least > k.late_most_ns)
        conform_break(t->record, rule,
                      "next: answered %lld ms later than its deadline, which was %d ms ahead, and "
                      "no earlier in any of %d runs; IDLE is an answer, too",
                      (long long)(least / MS), DEMAND_MS, tries);
    else if (status)
        conform_skip(t->record, rule, "the run fails");
    else
        conform_hold(t->record, rule);
}
