/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_stress.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { WAKES_MOST = 4096 };

struct wake {
    const struct qetl_host *host;
    struct qetl_ctx *ctx;
    int64_t delay_ns;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct wake wakes[WAKES_MOST];
static int first, count;
static bool busy, stopping;
static pthread_t thread;

static void *waker_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (!count && !stopping)
            pthread_cond_wait(&changed, &lock);
        if (!count)
            break;
        struct wake wake = wakes[first];
        first = (first + 1) % WAKES_MOST;
        count--;
        busy = true;
        pthread_mutex_unlock(&lock);
        nanosleep(&(struct timespec){.tv_nsec = wake.delay_ns}, NULL);
        wake.host->wake(wake.ctx);
        pthread_mutex_lock(&lock);
        busy = false;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

void toy_waker_start(void)
{
    stopping = false;
    if (pthread_create(&thread, NULL, waker_main, NULL))
        abort();
}

void toy_wake_later(const struct qetl_host *host, struct qetl_ctx *ctx, int64_t delay_ns)
{
    pthread_mutex_lock(&lock);
    if (count == WAKES_MOST)
        abort();
    wakes[(first + count++) % WAKES_MOST] = (struct wake){host, ctx, delay_ns};
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void toy_waker_drain(void)
{
    pthread_mutex_lock(&lock);
    while (count || busy)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void toy_waker_stop(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}
