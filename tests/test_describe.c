/* SPDX-License-Identifier: Apache-2.0 */
/* What a path can promise, from what its ends can do. */
#include "run/describe.h"

#include <qetl/plugin.h>

#include <criterion/criterion.h>

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
