/* SPDX-License-Identifier: Apache-2.0 */
#include "rate.h"

void qetl_rate_init(struct qetl_rate *rate, double per_second, int64_t burst_ns)
{
    rate->per_second = per_second;
    rate->burst_ns = burst_ns;
    atomic_init(&rate->due_ns, INT64_MIN);
}

int64_t qetl_rate_ask(struct qetl_rate *rate, int64_t now_ns)
{
    long long due = atomic_load_explicit(&rate->due_ns, memory_order_relaxed);
    return rate->per_second <= 0 || due <= now_ns ? 0 : due - now_ns;
}

void qetl_rate_spend(struct qetl_rate *rate, int64_t n, int64_t now_ns)
{
    if (rate->per_second <= 0 || n <= 0)
        return;
    double takes = (double)n * 1e9 / rate->per_second;
    int64_t takes_ns = takes < 9e18 ? (int64_t)takes : INT64_MAX / 2;
    long long due = atomic_load_explicit(&rate->due_ns, memory_order_relaxed), next;
    do {
        long long from = due > now_ns - rate->burst_ns ? due : now_ns - rate->burst_ns;
        if (__builtin_add_overflow(from, takes_ns, &next))
            next = INT64_MAX;
    } while (!atomic_compare_exchange_weak_explicit(&rate->due_ns, &due, next, memory_order_relaxed,
                                                    memory_order_relaxed));
}
