/* SPDX-License-Identifier: Apache-2.0 */
#include "retry.h"

/* splitmix64, begun with an address and a time: two processes shall not wait alike. */
static uint64_t noise_next(struct qetl_retry *retry, int64_t now_ns)
{
    if (!retry->noise)
        retry->noise = (uint64_t)now_ns ^ (uint64_t)(uintptr_t)retry;
    retry->noise += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = retry->noise;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The longest wait behind so many failures. */
static int64_t ceiling_ns(const struct qetl_retry_policy *policy, int failures)
{
    int64_t ceiling = policy->first_ns;
    for (int i = 1; i < failures && ceiling < policy->most_ns; i++)
        ceiling = ceiling > policy->most_ns / 2 ? policy->most_ns : ceiling * 2;
    return ceiling < policy->most_ns ? ceiling : policy->most_ns;
}

int64_t qetl_retry_failed(struct qetl_retry *retry, const struct qetl_retry_policy *policy,
                          int64_t now_ns, int64_t after_ns)
{
    if (!retry->failures++)
        retry->since_ns = now_ns;
    if (policy->attempts && retry->failures >= policy->attempts)
        return -1;
    int64_t ceiling = ceiling_ns(policy, retry->failures);
    int64_t wait = (int64_t)(noise_next(retry, now_ns) % ((uint64_t)ceiling + 1));
    wait = wait > after_ns ? wait : after_ns;
    int64_t spent = now_ns - retry->since_ns;
    return !policy->budget_ns || wait > policy->budget_ns - spent ? -1 : wait;
}

void qetl_retry_succeeded(struct qetl_retry *retry)
{
    retry->failures = 0;
}
