/* SPDX-License-Identifier: Apache-2.0 */
#include "glance.h"

#include "run/observe.h"
#include "watch.h"

#include <pthread.h>
#include <time.h>

struct patience { /* a source that has nothing for long does not keep anybody waiting */
    pthread_mutex_t lock;
    pthread_cond_t over_changed;
    bool over;
    int64_t wait_ms;
    struct qetl_run *run;
};

static void *patience_main(void *arg)
{
    struct patience *patience = arg;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += patience->wait_ms / 1000;
    until.tv_nsec += patience->wait_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&patience->lock);
    int error = 0;
    while (!patience->over && !error)
        error = pthread_cond_timedwait(&patience->over_changed, &patience->lock, &until);
    bool out_of_time = !patience->over;
    pthread_mutex_unlock(&patience->lock);
    if (out_of_time)
        qetl_run_drain(patience->run);
    return NULL;
}

int qetl_glance(struct qetl_run *run, int64_t wait_ms)
{
    struct patience patience = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                .over_changed = PTHREAD_COND_INITIALIZER,
                                .wait_ms = wait_ms,
                                .run = run};
    struct qetl_watch *watch = qetl_watch_start(run, false);
    pthread_t thread;
    bool started = !pthread_create(&thread, NULL, patience_main, &patience);
    int exit_code = qetl_run_execute(run);
    pthread_mutex_lock(&patience.lock);
    patience.over = true;
    pthread_cond_signal(&patience.over_changed);
    pthread_mutex_unlock(&patience.lock);
    if (started)
        pthread_join(thread, NULL);
    qetl_watch_stop(watch);
    return exit_code;
}
