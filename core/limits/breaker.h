/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circuit breaker: after so many failures in a row nobody calls for a while, then one call tries
 * whether it is over. It stops pulling and never drops. Source: M. Nygard, "Release It!" (2007).
 *
 * Invariant: while it is OPEN no call is let through; while it is HALF_OPEN one at a time is. Each
 * call that was let through is followed by succeeded, failed or withdrawn.
 * Ownership: plain values; one for all replicas of a component.
 * Threads:   any, under its own lock.
 */
#ifndef QETL_CORE_BREAKER_H
#define QETL_CORE_BREAKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum qetl_breaker_state { QETL_BREAKER_CLOSED, QETL_BREAKER_OPEN, QETL_BREAKER_HALF_OPEN };

struct qetl_breaker_policy {
    int failures;     /* in a row that open it; 0: never */
    int64_t pause_ns; /* how long it stays open; twice as long each time the probe fails … */
    int64_t most_ns;  /* … up to this */
};

struct qetl_breaker {
    pthread_mutex_t lock;
    struct qetl_breaker_policy policy;
    enum qetl_breaker_state state;
    int failures; /* in a row */
    bool probing; /* HALF_OPEN: a call is under way */
    int64_t pause_ns, until_ns;
    int64_t opened; /* how often */
};

void qetl_breaker_init(struct qetl_breaker *, const struct qetl_breaker_policy *);
void qetl_breaker_clear(struct qetl_breaker *);

/* 0: call now. Otherwise how long nobody may call, or, while another's probe is under way, when to
 * ask again. */
int64_t qetl_breaker_ask(struct qetl_breaker *, int64_t now_ns);
/* Of a call that was let through. failed answers whether that opened it. withdrawn: it said nothing
 * about the other side. */
void qetl_breaker_succeeded(struct qetl_breaker *);
bool qetl_breaker_failed(struct qetl_breaker *, int64_t now_ns);
void qetl_breaker_withdrawn(struct qetl_breaker *);

enum qetl_breaker_state qetl_breaker_look(struct qetl_breaker *, int64_t now_ns, int64_t *left_ns);
const char *qetl_breaker_word(enum qetl_breaker_state);

#endif
