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

/* Who waits for a descriptor: several instances may. */
struct watch {
    int fd;
    struct qetl_ctx *ctx;
    uint32_t events; /* QETL_POLL_ */
};

struct qetl_poller {
    pthread_mutex_t lock;
    bool running;
    pthread_t thread;
    int epoll_fd, stop_fd;
    struct watch *watches;
    size_t n_watches, room;
    void (*hangup)(void *arg, struct qetl_ctx *);
    void *arg;
};

struct qetl_poller *qetl_poller_new(void (*hangup)(void *arg, struct qetl_ctx *), void *arg)
{
    struct qetl_poller *poller = calloc(1, sizeof *poller);
    if (!poller)
        return NULL;
    pthread_mutex_init(&poller->lock, NULL);
    poller->epoll_fd = poller->stop_fd = -1;
    poller->hangup = hangup;
    poller->arg = arg;
    return poller;
}

/* Of all that wait for the descriptor. */
static uint32_t wanted_events(const struct qetl_poller *poller, int fd)
{
    uint32_t events = EPOLLONESHOT;
    for (size_t i = 0; i < poller->n_watches; i++) {
        if (poller->watches[i].fd != fd)
            continue;
        events |= poller->watches[i].events & QETL_POLL_IN ? (uint32_t)EPOLLIN : 0;
        events |= poller->watches[i].events & QETL_POLL_OUT ? (uint32_t)EPOLLOUT : 0;
    }
    return events;
}

static int arm(struct qetl_poller *poller, int fd)
{
    struct epoll_event event = {.events = wanted_events(poller, fd), .data.fd = fd};
    if (!epoll_ctl(poller->epoll_fd, EPOLL_CTL_MOD, fd, &event))
        return 0;
    if (errno == ENOENT && !epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        return 0;
    return errno;
}

/* A watch is over once it has fired; one for the hang-up of an output stays until then. */
static bool watch_fires(const struct watch *watch, uint32_t events, struct qetl_ctx **hung_up)
{
    bool gone = events & (EPOLLERR | EPOLLHUP);
    if (watch->events & QETL_POLL_HANGUP && gone)
        *hung_up = watch->ctx;
    return gone || (watch->events & QETL_POLL_IN && events & EPOLLIN) ||
           (watch->events & QETL_POLL_OUT && events & EPOLLOUT);
}

static void wake_watchers(struct qetl_poller *poller, int fd, uint32_t events)
{
    struct qetl_ctx *hung_up = NULL;
    bool left = false;
    size_t kept = 0;
    pthread_mutex_lock(&poller->lock);
    for (size_t i = 0; i < poller->n_watches; i++) {
        struct watch watch = poller->watches[i];
        if (watch.fd == fd && watch_fires(&watch, events, &hung_up)) {
            qetl_ctx_host(watch.ctx)->wake(watch.ctx);
            continue;
        }
        left |= watch.fd == fd;
        poller->watches[kept++] = watch;
    }
    poller->n_watches = kept;
    if (left)
        arm(poller, fd);
    pthread_mutex_unlock(&poller->lock);
    if (hung_up)
        poller->hangup(poller->arg, hung_up);
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
            if (events[i].data.fd == poller->stop_fd)
                return NULL;
            wake_watchers(poller, events[i].data.fd, events[i].events);
        }
    }
}

static int32_t poller_start(struct qetl_poller *poller)
{
    if (poller->running)
        return QETL_OK;
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    poller->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event stop = {.events = EPOLLIN, .data.fd = poller->stop_fd};
    if (poller->epoll_fd < 0 || poller->stop_fd < 0 ||
        epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, poller->stop_fd, &stop))
        return QETL_E_ENVIRONMENT;
    if (pthread_create(&poller->thread, NULL, poller_main, poller))
        return QETL_E_ENVIRONMENT;
    poller->running = true;
    return QETL_OK;
}

/* What an instance wants of a descriptor replaces what it wanted of it before. */
static struct watch *watch_find(struct qetl_poller *poller, int fd, const struct qetl_ctx *ctx)
{
    for (size_t i = 0; i < poller->n_watches; i++)
        if (poller->watches[i].fd == fd && poller->watches[i].ctx == ctx)
            return &poller->watches[i];
    return NULL;
}

static int32_t watch_put(struct qetl_poller *poller, struct qetl_ctx *ctx, int fd, uint32_t events)
{
    struct watch *watch = watch_find(poller, fd, ctx);
    if (watch) {
        watch->events = events | (watch->events & QETL_POLL_HANGUP);
        return QETL_OK;
    }
    if (poller->n_watches == poller->room) {
        size_t room = poller->room ? poller->room * 2 : 16;
        struct watch *grown = realloc(poller->watches, room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        poller->watches = grown;
        poller->room = room;
    }
    poller->watches[poller->n_watches++] = (struct watch){fd, ctx, events};
    return QETL_OK;
}

static int32_t poller_add(struct qetl_poller *poller, struct qetl_ctx *ctx, int fd, uint32_t events)
{
    int32_t status = watch_put(poller, ctx, fd, events);
    int error = status ? 0 : arm(poller, fd);
    if (!error)
        return status;
    struct watch *watch = watch_find(poller, fd, ctx);
    *watch = poller->watches[--poller->n_watches];
    if (error != EPERM)
        return QETL_E_ENVIRONMENT;
    if (events & (QETL_POLL_IN | QETL_POLL_OUT))
        qetl_ctx_host(ctx)->wake(ctx);
    return QETL_OK;
}

int32_t qetl_poller_watch(struct qetl_poller *poller, struct qetl_ctx *ctx, int fd, uint32_t events)
{
    pthread_mutex_lock(&poller->lock);
    int32_t status = poller_start(poller);
    if (!status)
        status = poller_add(poller, ctx, fd, events);
    pthread_mutex_unlock(&poller->lock);
    return status;
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
    free(poller->watches);
    free(poller);
}
