/* SPDX-License-Identifier: Apache-2.0 */
/* What a path can promise, from what its ends can do. */
#include "run/describe.h"

#include <qetl/plugin.h>

#include <criterion/criterion.h>
#include <string.h>

TestSuite(describe, .timeout = 60);

Test(describe, a_promise_is_no_better_than_its_ends)
{
    static const struct {
        uint32_t source, sink;
        enum qetl_guarantee guarantee;
    } cases[] = {
        {QETL_REPLAYABLE, QETL_TRANSACTIONAL, QETL_EXACTLY_ONCE},
        {QETL_REPLAYABLE, QETL_IDEMPOTENT, QETL_EXACTLY_ONCE},
        {QETL_REPLAYABLE, QETL_APPEND, QETL_AT_LEAST_ONCE},
        {QETL_ACKABLE, QETL_TRANSACTIONAL, QETL_AT_LEAST_ONCE},
        {QETL_ACKABLE, QETL_APPEND, QETL_AT_LEAST_ONCE},
        {QETL_LOSSY, QETL_TRANSACTIONAL, QETL_BEST_EFFORT},
        {QETL_LOSSY, QETL_APPEND, QETL_BEST_EFFORT},
        {QETL_REPLAYABLE, 0, QETL_AT_LEAST_ONCE}, /* a sink that says nothing promises nothing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(qetl_guarantee_of(cases[i].source, cases[i].sink), cases[i].guarantee,
                     "case %zu", i);
}

Test(describe, rows_that_move_may_be_missed_whatever_the_ends_can_do)
{
    struct qetl_path_ends ends = {.given = QETL_REPLAYABLE, .taken = QETL_TRANSACTIONAL};
    struct qetl_run_path path = {.source = 1, .sink = 2};
    qetl_path_judge(&path, &ends);
    cr_expect_eq(path.guarantee, QETL_EXACTLY_ONCE);
    ends.moves = true;
    ends.rivals = true;
    qetl_path_judge(&path, &ends);
    cr_expect_eq(path.guarantee, QETL_BEST_EFFORT);
    cr_expect_eq(path.culprit, 1);
    cr_expect(strstr(path.why, "missed"));
}
