/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "parker.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAY_SLEEP = 1, EPOCH = 2 };

bool qetl_parker_asymmetric;
static pthread_once_t barrier_once = PTHREAD_ONCE_INIT;

static void barrier_choose(void)
{
    long offered = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    qetl_parker_asymmetric =
        offered >= 0 && (offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED) &&
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/* HEAVY: pairs with LIGHT in qetl_parker_may_sleep. */
static void barrier_heavy(struct qetl_parker *p)
{
    if (QETL_PLANTED(NO_BARRIER))
        return;
    if (!qetl_parker_asymmetric) {
        QETL_PARKER_FENCE(p);
        return;
    }
    /* Notifiers already rely on this call, so there is nothing to fall back to: a process that
     * cannot tell whether it lost a wake-up is better dead than asleep. */
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
        abort();
}

static long futex_wait(struct qetl_parker *p, uint32_t expected, const struct timespec *timeout)
{
    return syscall(SYS_futex, &p->word, FUTEX_WAIT_PRIVATE, expected, timeout, NULL, 0);
}

static long futex_wake(struct qetl_parker *p, int count)
{
    return syscall(SYS_futex, &p->word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void qetl_parker_init(struct qetl_parker *p)
{
    pthread_once(&barrier_once, barrier_choose);
    atomic_init(&p->word, 0);
    atomic_init(&p->waiters, 0);
}

uint32_t qetl_parker_prepare(struct qetl_parker *p)
{
    atomic_fetch_add_explicit(&p->waiters, 1, memory_order_relaxed);
    /* Acquire pairs with the release in wake_one and wake_all: a ticket of a later epoch sees the
     * condition of the notification that began it. Release carries waiters to parker_leave. */
    uint32_t ticket =
        atomic_fetch_or_explicit(&p->word, MAY_SLEEP, memory_order_acq_rel) | MAY_SLEEP;
    barrier_heavy(p);
    return ticket;
}

/*
 * The last to leave clears the bit, so that notifiers stop paying for a sleeper who is not there.
 * A newcomer may have counted itself and taken the same ticket meanwhile. Acquire on the exchange
 * pairs with the release of its announcement: its count is seen here, and it is woken to try again.
 */
static void parker_leave(struct qetl_parker *p)
{
    uint32_t before = atomic_fetch_sub_explicit(&p->waiters, 1, memory_order_acq_rel);
    assert(before != 0);
    if (before != 1)
        return;
    uint32_t seen = atomic_load_explicit(&p->word, memory_order_relaxed);
    if (!(seen & MAY_SLEEP) ||
        !atomic_compare_exchange_strong_explicit(&p->word, &seen, seen + MAY_SLEEP,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return;
    if (atomic_load_explicit(&p->waiters, memory_order_relaxed) && !QETL_PLANTED(LEAVE_SILENT))
        futex_wake(p, INT_MAX);
}

void qetl_parker_cancel(struct qetl_parker *p)
{
    parker_leave(p);
}

int qetl_parker_wait(struct qetl_parker *p, uint32_t ticket, int64_t timeout_ns)
{
    assert(ticket & MAY_SLEEP);
    struct timespec timeout = {.tv_sec = timeout_ns / 1000000000,
                               .tv_nsec = timeout_ns % 1000000000};
    int timed_out =
        futex_wait(p, ticket, timeout_ns < 0 ? NULL : &timeout) != 0 && errno == ETIMEDOUT;
    parker_leave(p);
    return timed_out;
}

/* Clearing the bit always goes with waking everyone: whoever stays asleep would not be seen. The
 * odd word plus one is the even word of the next epoch, so every ticket out there is stale. */
void qetl_parker_wake_all(struct qetl_parker *p)
{
    uint32_t seen = atomic_load_explicit(&p->word, memory_order_relaxed);
    while (seen & MAY_SLEEP) {
        if (atomic_compare_exchange_strong_explicit(&p->word, &seen, seen + MAY_SLEEP,
                                                    memory_order_release, memory_order_relaxed)) {
            futex_wake(p, INT_MAX);
            return;
        }
    }
}

/* Others may stay asleep, so the bit stays set and only the epoch moves on. */
void qetl_parker_wake_one(struct qetl_parker *p)
{
    uint32_t step = QETL_PLANTED(ONE_KEEPS_QUIET) ? MAY_SLEEP : EPOCH;
    uint32_t seen = atomic_load_explicit(&p->word, memory_order_relaxed);
    while (seen & MAY_SLEEP) {
        if (atomic_compare_exchange_strong_explicit(&p->word, &seen, seen + step,
                                                    memory_order_release, memory_order_relaxed)) {
            futex_wake(p, 1);
            return;
        }
    }
}
