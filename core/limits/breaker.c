/* SPDX-License-Identifier: Apache-2.0 */
#include "breaker.h"

enum { PROBE_LOOK_NS = 10000000 };

void qetl_breaker_init(struct qetl_breaker *breaker, const struct qetl_breaker_policy *policy)
{
    *breaker = (struct qetl_breaker){.policy = *policy, .pause_ns = policy->pause_ns};
    pthread_mutex_init(&breaker->lock, NULL);
}

void qetl_breaker_clear(struct qetl_breaker *breaker)
{
    pthread_mutex_destroy(&breaker->lock);
}

static int64_t ask(struct qetl_breaker *b, int64_t now_ns)
{
    if (b->state == QETL_BREAKER_CLOSED)
        return 0;
    if (b->state == QETL_BREAKER_OPEN && now_ns < b->until_ns)
        return b->until_ns - now_ns;
    b->state = QETL_BREAKER_HALF_OPEN;
    if (b->probing)
        return PROBE_LOOK_NS;
    b->probing = true;
    return 0;
}

int64_t qetl_breaker_ask(struct qetl_breaker *b, int64_t now_ns)
{
    pthread_mutex_lock(&b->lock);
    int64_t wait = ask(b, now_ns);
    pthread_mutex_unlock(&b->lock);
    return wait;
}

void qetl_breaker_succeeded(struct qetl_breaker *b)
{
    pthread_mutex_lock(&b->lock);
    b->state = QETL_BREAKER_CLOSED;
    b->failures = 0;
    b->probing = false;
    b->pause_ns = b->policy.pause_ns;
    pthread_mutex_unlock(&b->lock);
}

static bool failed(struct qetl_breaker *b, int64_t now_ns)
{
    bool probe = b->state == QETL_BREAKER_HALF_OPEN;
    b->probing = false;
    b->failures++;
    if (!b->policy.failures || b->state == QETL_BREAKER_OPEN ||
        (!probe && b->failures < b->policy.failures))
        return false;
    if (probe)
        b->pause_ns = b->pause_ns > b->policy.most_ns / 2 ? b->policy.most_ns : b->pause_ns * 2;
    b->state = QETL_BREAKER_OPEN;
    b->until_ns = now_ns + b->pause_ns;
    b->opened++;
    return true;
}

bool qetl_breaker_failed(struct qetl_breaker *b, int64_t now_ns)
{
    pthread_mutex_lock(&b->lock);
    bool opened = failed(b, now_ns);
    pthread_mutex_unlock(&b->lock);
    return opened;
}

void qetl_breaker_withdrawn(struct qetl_breaker *b)
{
    pthread_mutex_lock(&b->lock);
    b->probing = false;
    pthread_mutex_unlock(&b->lock);
}

enum qetl_breaker_state qetl_breaker_look(struct qetl_breaker *b, int64_t now_ns, int64_t *left_ns)
{
    pthread_mutex_lock(&b->lock);
    enum qetl_breaker_state state = b->state;
    *left_ns = state == QETL_BREAKER_OPEN && b->until_ns > now_ns ? b->until_ns - now_ns : 0;
    pthread_mutex_unlock(&b->lock);
    return state;
}

const char *qetl_breaker_word(enum qetl_breaker_state state)
{
    return state == QETL_BREAKER_CLOSED ? "closed"
           : state == QETL_BREAKER_OPEN ? "open"
                                        : "half-open";
}
