/* SPDX-License-Identifier: Apache-2.0 */
/* Retries, breakers and rates, against what is promised of them; and the words that set them. */
#include "limits/limits.h"
#include "limits/rate.h"

#include <criterion/criterion.h>

static const int64_t MS = 1000000, S = 1000000000;

Test(retry, waits_are_full_jitter_below_a_doubling_ceiling)
{
    const struct qetl_retry_policy policy = {
        .budget_ns = 1000 * S, .first_ns = S, .most_ns = 8 * S};
    int64_t longest[8] = {0}, sum[8] = {0};
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct qetl_retry retry = {.noise = seed};
        for (int i = 0; i < 8; i++) {
            int64_t wait = qetl_retry_failed(&retry, &policy, 0, 0);
            cr_assert_geq(wait, 0);
            longest[i] = wait > longest[i] ? wait : longest[i];
            sum[i] += wait;
        }
    }
    for (int i = 0; i < 8; i++) {
        int64_t ceiling = i < 3 ? S << i : 8 * S;
        cr_expect_leq(longest[i], ceiling);
        cr_expect_gt(longest[i], ceiling - ceiling / 50);
        cr_expect_float_eq((double)sum[i] / 2000 / (double)ceiling, 0.5, 0.03, "wait %d", i);
    }
}

Test(retry, the_budget_and_the_attempts_end_it)
{
    struct qetl_retry_policy policy = {.budget_ns = 10 * S, .first_ns = S, .most_ns = S};
    struct qetl_retry retry = {.noise = 7};
    cr_expect_geq(qetl_retry_failed(&retry, &policy, 100 * S, 0), 0);
    cr_expect_geq(qetl_retry_failed(&retry, &policy, 109 * S - 1, 0), 0);
    cr_expect_eq(qetl_retry_failed(&retry, &policy, 110 * S + 1, 0), -1);
    qetl_retry_succeeded(&retry);
    cr_expect_geq(qetl_retry_failed(&retry, &policy, 200 * S, 0), 0, "its budget begins anew");
    cr_expect_eq(qetl_retry_failed(&retry, &policy, 200 * S, 11 * S), -1, "after the budget's end");
    policy.attempts = 3;
    qetl_retry_succeeded(&retry);
    cr_expect_geq(qetl_retry_failed(&retry, &policy, 0, 0), 0);
    cr_expect_geq(qetl_retry_failed(&retry, &policy, 0, 0), 0);
    cr_expect_eq(qetl_retry_failed(&retry, &policy, 0, 0), -1);
    const struct qetl_retry_policy none = {0};
    cr_expect_eq(qetl_retry_failed(&(struct qetl_retry){0}, &none, 5, 0), -1);
}

Test(retry, what_the_other_side_asks_for_is_kept)
{
    const struct qetl_retry_policy policy = {.budget_ns = 100 * S, .first_ns = 1, .most_ns = 1};
    struct qetl_retry retry = {.noise = 1};
    cr_expect_eq(qetl_retry_failed(&retry, &policy, 0, 30 * S), 30 * S);
    const struct qetl_retry_policy large = {
        .budget_ns = INT64_MAX, .first_ns = INT64_MAX / 2 + 5, .most_ns = INT64_MAX};
    for (int i = 0; i < 70; i++)
        cr_expect_geq(qetl_retry_failed(&retry, &large, 0, 0), 0, "no overflow");
}

Test(breaker, opens_probes_and_closes)
{
    struct qetl_breaker b;
    int64_t left;
    qetl_breaker_init(&b, &(struct qetl_breaker_policy){3, 10 * S, 35 * S});
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(qetl_breaker_ask(&b, 0), 0);
        cr_expect_not(qetl_breaker_failed(&b, 0));
    }
    qetl_breaker_succeeded(&b); /* in a row, that is */
    for (int i = 0; i < 3; i++)
        cr_expect_eq(qetl_breaker_failed(&b, S), i == 2);
    cr_expect_eq(qetl_breaker_look(&b, 4 * S, &left), QETL_BREAKER_OPEN);
    cr_expect_eq(left, 7 * S);
    cr_expect_eq(qetl_breaker_ask(&b, 4 * S), 7 * S);
    cr_expect_eq(qetl_breaker_ask(&b, 11 * S), 0, "the probe");
    cr_expect_gt(qetl_breaker_ask(&b, 11 * S), 0, "one alone");
    cr_expect_eq(qetl_breaker_look(&b, 11 * S, &left), QETL_BREAKER_HALF_OPEN);
    qetl_breaker_withdrawn(&b);
    cr_expect_eq(qetl_breaker_ask(&b, 11 * S), 0, "another probe");
    cr_expect(qetl_breaker_failed(&b, 12 * S));
    cr_expect_eq(qetl_breaker_ask(&b, 12 * S), 20 * S, "twice as long");
    cr_expect_eq(qetl_breaker_ask(&b, 32 * S), 0);
    cr_expect(qetl_breaker_failed(&b, 32 * S));
    cr_expect_eq(qetl_breaker_ask(&b, 32 * S), 35 * S, "no longer than that");
    cr_expect_eq(qetl_breaker_ask(&b, 67 * S), 0);
    qetl_breaker_succeeded(&b);
    cr_expect_eq(qetl_breaker_look(&b, 67 * S, &left), QETL_BREAKER_CLOSED);
    cr_expect_eq(b.opened, 3);
    for (int i = 0; i < 3; i++)
        qetl_breaker_failed(&b, 100 * S);
    cr_expect_eq(qetl_breaker_ask(&b, 100 * S), 10 * S, "the pause begins anew");
    qetl_breaker_clear(&b);
    qetl_breaker_init(&b, &(struct qetl_breaker_policy){0});
    for (int i = 0; i < 100; i++)
        cr_expect_not(qetl_breaker_failed(&b, 0), "never");
    qetl_breaker_clear(&b);
}

Test(rate, holds_within_its_burst)
{
    struct qetl_rate rate;
    int64_t now = 50 * S, spent = 0;
    qetl_rate_init(&rate, 1000, 20 * MS);
    while (now < 60 * S) {
        int64_t wait = qetl_rate_ask(&rate, now);
        if (wait) {
            now += wait;
            continue;
        }
        int64_t n = 1 + now % 37; /* a call's, known behind it */
        qetl_rate_spend(&rate, n, now);
        spent += n;
        now += 1000;
    }
    cr_expect_leq(spent, 10000 + 20 + 37);
    cr_expect_geq(spent, 10000 - 37);
    now += 100 * S;
    spent = 0;
    while (!qetl_rate_ask(&rate, now)) {
        qetl_rate_spend(&rate, 1, now);
        spent++;
    }
    cr_expect_leq(spent, 21, "an idle time is not made up for: %ld", (long)spent);
    qetl_rate_spend(&rate, INT64_MAX, now);
    cr_expect_gt(qetl_rate_ask(&rate, now), 1000 * S);
    qetl_rate_init(&rate, 0, 0);
    qetl_rate_spend(&rate, 1000000, now);
    cr_expect_eq(qetl_rate_ask(&rate, now), 0, "no limit");
}

static const char *read(const char *text, struct qetl_limits *limits, char pointer[64])
{
    json_t *json = json_loads(text, 0, NULL);
    const char *mend, *wrong;
    cr_assert(json);
    wrong = qetl_limits_read(json, limits, pointer, &mend);
    cr_expect_eq(wrong == NULL, mend == NULL);
    json_decref(json);
    return wrong;
}

Test(limits, words)
{
    struct qetl_limits l;
    char at[64];
    cr_expect_null(read("{}", &l, at));
    cr_expect_eq(l.retry.budget_ns, 300 * S);
    cr_expect_eq(l.breaker.failures, 8);
    cr_expect_null(read("{\"retry\":false,\"breaker\":false}", &l, at));
    cr_expect_eq(l.retry.budget_ns, 0);
    cr_expect_eq(l.breaker.failures, 0);
    cr_expect_null(
        read("{\"retry\":{\"attempts\":4,\"budget\":\"1h\",\"first\":\"1s\",\"most\":"
             "\"2m\"},\"breaker\":{\"failures\":2,\"pause\":\"5s\",\"most\":\"6s\"},"
             "\"rate_limit\":{\"rows\":\"60/m\",\"bytes\":\"2KiB/s\",\"calls\":\"36/h\"}}",
             &l, at));
    cr_expect_eq(l.retry.attempts, 4);
    cr_expect_eq(l.retry.budget_ns, 3600 * S);
    cr_expect_eq(l.retry.first_ns, S);
    cr_expect_eq(l.retry.most_ns, 120 * S);
    cr_expect_eq(l.breaker.failures, 2);
    cr_expect_eq(l.breaker.pause_ns, 5 * S);
    cr_expect_eq(l.breaker.most_ns, 6 * S);
    cr_expect_float_eq(l.rows_per_second, 1, 1e-9);
    cr_expect_float_eq(l.bytes_per_second, 2048, 1e-9);
    cr_expect_float_eq(l.calls_per_second, 0.01, 1e-9);
    cr_expect_null(read("{\"rate_limit\":\"1000/s\"}", &l, at));
    cr_expect_float_eq(l.rows_per_second, 1000, 1e-9);
}

Test(limits, what_is_wrong_is_named)
{
    static const char *const cases[][2] = {
        {"{\"retry\":{\"budget\":\"5\"}}", "/retry/budget"},
        {"{\"retry\":{\"first\":\"0\"}}", "/retry/first"},
        {"{\"retry\":{\"most\":\"366d\"}}", "/retry/most"},
        {"{\"breaker\":{\"pause\":\"x\"}}", "/breaker/pause"},
        {"{\"breaker\":{\"pause\":\"6m\"}}", "/breaker/most"},
        {"{\"rate_limit\":\"10\"}", "/rate_limit"},
        {"{\"rate_limit\":\"0/s\"}", "/rate_limit"},
        {"{\"rate_limit\":\"10/ms\"}", "/rate_limit"},
        {"{\"rate_limit\":\"/s\"}", "/rate_limit"},
        {"{\"rate_limit\":\"1KiB/s\"}", "/rate_limit"},
        {"{\"rate_limit\":{\"rows\":\"1.5/s\"}}", "/rate_limit/rows"},
        {"{\"rate_limit\":{\"bytes\":\"-1/s\"}}", "/rate_limit/bytes"},
        {"{\"rate_limit\":{\"calls\":\"99999999999999999999999999999999999/s\"}}",
         "/rate_limit/calls"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qetl_limits l;
        char at[64] = "";
        cr_expect(read(cases[i][0], &l, at), "%s", cases[i][0]);
        cr_expect_str_eq(at, cases[i][1], "%s", cases[i][0]);
    }
}
