/* SPDX-License-Identifier: Apache-2.0 */
#include "poller.h"

#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct qetl_poller {
    pthread_mutex_t lock; /* of the start */
    bool running;
    pthread_t thread;
    int epoll_fd, stop_fd;
};

struct qetl_poller *qetl_poller_new(void)
{
    struct qetl_poller *poller = calloc(1, sizeof *poller);
    if (!poller)
        return NULL;
    pthread_mutex_init(&poller->lock, NULL);
    poller->epoll_fd = poller->stop_fd = -1;
    return poller;
}

static void *poller_main(void *arg)
{
    struct qetl_poller *poller = arg;
    for (;;) {
        struct epoll_event events[16];
        int n = epoll_wait(poller->epoll_fd, events, 16, -1);
        if (n < 0 && errno != EINTR)
            return NULL;
        for (int i = 0; i < n; i++) {
            struct qetl_ctx *ctx = events[i].data.ptr;
            if (!ctx)
                return NULL;
            qetl_ctx_host(ctx)->wake(ctx);
        }
    }
}

static int32_t poller_start(struct qetl_poller *poller)
{
    if (poller->running)
        return QETL_OK;
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = NULL};
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    poller->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poller->epoll_fd < 0 || poller->stop_fd < 0 ||
        epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, poller->stop_fd, &stop))
        return QETL_E_ENVIRONMENT;
    if (pthread_create(&poller->thread, NULL, poller_main, poller))
        return QETL_E_ENVIRONMENT;
    poller->running = true;
    return QETL_OK;
}

static int32_t poller_add(struct qetl_poller *poller, struct qetl_ctx *ctx, int fd, uint32_t events)
{
    struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = ctx};
    event.events |= events & QETL_POLL_IN ? EPOLLIN : 0;
    event.events |= events & QETL_POLL_OUT ? EPOLLOUT : 0;
    if (!epoll_ctl(poller->epoll_fd, EPOLL_CTL_MOD, fd, &event))
        return QETL_OK;
    if (errno == ENOENT && !epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        return QETL_OK;
    if (errno != EPERM)
        return QETL_E_ENVIRONMENT;
    qetl_ctx_host(ctx)->wake(ctx);
    return QETL_OK;
}

int32_t qetl_poller_watch(struct qetl_poller *poller, struct qetl_ctx *ctx, int fd, uint32_t events)
{
    pthread_mutex_lock(&poller->lock);
    int32_t status = poller_start(poller);
    pthread_mutex_unlock(&poller->lock);
    return status ? status : poller_add(poller, ctx, fd, events);
}

void qetl_poller_free(struct qetl_poller *poller)
{
    if (!poller)
        return;
    if (poller->running) {
        uint64_t one = 1;
        while (write(poller->stop_fd, &one, sizeof one) < 0 && errno == EINTR)
            ;
        pthread_join(poller->thread, NULL);
    }
    if (poller->epoll_fd >= 0)
        close(poller->epoll_fd);
    if (poller->stop_fd >= 0)
        close(poller->stop_fd);
    pthread_mutex_destroy(&poller->lock);
    free(poller);
}
