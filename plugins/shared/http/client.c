/* SPDX-License-Identifier: Apache-2.0 */
/* curl's sockets and timers in one epoll descriptor, which the host watches. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 32, ROUNDS = 64, AT_ONCE_NS = 1000, IDLE_CONNECTIONS = 64 };

int64_t http_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- what curl asks for ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct http_client *c = arg;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(c->events_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    int error = epoll_ctl(c->events_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (error && errno == EEXIST)
        error = epoll_ctl(c->events_fd, EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(c->multi, fd, c);
    return error ? -1 : 0;
}

static void timer_set(int fd, int64_t ns)
{
    struct itimerspec at = {0};
    if (ns >= 0) {
        int64_t in = ns > AT_ONCE_NS ? ns : AT_ONCE_NS;
        at.it_value = (struct timespec){in / 1000000000, in % 1000000000};
    }
    timerfd_settime(fd, 0, &at, NULL);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct http_client *c = arg;
    (void)multi;
    c->due = ms == 0;
    timer_set(c->timer_fd, ms <= 0 ? -1 : ms * INT64_C(1000000));
    return 0;
}

/* ---- life ---- */

static void curl_begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int watch(struct http_client *c, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return fd < 0 ? -1 : epoll_ctl(c->events_fd, EPOLL_CTL_ADD, fd, &event);
}

static int32_t descriptors_open(struct http_client *c)
{
    c->events_fd = epoll_create1(EPOLL_CLOEXEC);
    c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    c->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    c->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->events_fd >= 0 && !watch(c, c->timer_fd) && !watch(c, c->alarm_fd) &&
        !watch(c, c->bell_fd))
        return QETL_OK;
    return qetl_fail(c->env, QETL_E_ENVIRONMENT, NULL, NULL,
                     "no descriptors for requests over HTTP: %m");
}

int32_t http_client_init_bare(struct http_client *c, struct qetl_env env)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_begin);
    *c = (struct http_client){
        .env = env, .open = true, .events_fd = -1, .timer_fd = -1, .alarm_fd = -1, .bell_fd = -1};
    int32_t status = descriptors_open(c);
    if (status)
        return status;
    c->multi = curl_multi_init();
    if (!c->multi)
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for requests over HTTP");
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    c->left_ns = http_now_ns();
    return QETL_OK;
}

static int32_t init(struct http_client *c, struct qetl_env env, const char *url, const char *option,
                    bool streams)
{
    int32_t status = http_client_init_bare(c, env);
    if (!status)
        status = http_settings_read(&c->settings, env, streams);
    if (!status)
        status = http_policy_init(&c->policy, env, url, option);
    if (!status)
        status = http_auth_read(&c->auth, env);
    if (!status && c->auth.grant)
        status = http_token_read(&c->token, env, c->auth.grant);
    if (!status)
        status = http_pace_join(&c->pace, env, &c->policy.home, c->settings.requests_per_second);
    return status;
}

int32_t http_client_init(struct http_client *c, struct qetl_env env, const char *url,
                         const char *option)
{
    return init(c, env, url, option, false);
}

int32_t http_client_init_streams(struct http_client *c, struct qetl_env env, const char *url,
                                 const char *option)
{
    return init(c, env, url, option, true);
}

static void descriptor_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

void http_client_free(struct http_client *c)
{
    if (!c->open)
        return;
    http_token_free(c);
    http_pace_leave(c->pace);
    while (c->first)
        http_transfer_drop(c->first);
    if (c->multi)
        curl_multi_cleanup(c->multi);
    descriptor_close(c->timer_fd);
    descriptor_close(c->alarm_fd);
    descriptor_close(c->bell_fd);
    descriptor_close(c->events_fd);
    http_policy_free(&c->policy);
    http_auth_free(&c->auth);
    *c = (struct http_client){0};
}

void http_client_ring(struct http_client *c)
{
    uint64_t one = 1;
    ssize_t written = c->open && c->bell_fd >= 0 ? write(c->bell_fd, &one, sizeof one) : 0;
    (void)written; /* it cannot be full of rings: one is enough */
}

/* ---- driving ---- */

static void timer_take(int fd)
{
    uint64_t times;
    ssize_t taken = read(fd, &times, sizeof times);
    (void)taken; /* none: another call has taken it */
}

static void event_take(struct http_client *c, const struct epoll_event *event)
{
    int running, mask = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                        (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                        (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    if (event->data.fd == c->alarm_fd) {
        timer_take(c->alarm_fd);
    } else if (event->data.fd == c->timer_fd) {
        timer_take(c->timer_fd);
        curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    } else if (!http_token_heard(c, event->data.fd)) {
        curl_multi_socket_action(c->multi, event->data.fd, mask, &running);
    }
}

static void reap(struct http_client *c)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(c->multi, &left))) {
        struct http_exchange *e = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&e);
        http_transfer_finish(e, code);
    }
}

/* What curl has to do at once, such as to send a request, takes no timer. */
static bool due_take(struct http_client *c)
{
    int running;
    bool due = c->due;
    c->due = false;
    if (due)
        curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    return due;
}

/* false: interrupted. */
static bool events_take(struct http_client *c)
{
    struct epoll_event events[EVENTS];
    for (int round = 0; round < ROUNDS; round++) {
        bool due = due_take(c);
        int n = epoll_wait(c->events_fd, events, EVENTS, 0);
        if (n <= 0 && !due)
            break;
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == c->bell_fd)
                return false;
            event_take(c, &events[i]);
        }
        reap(c);
    }
    return true;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Begins what may begin. Answers how long the next has to wait; INT64_MAX: none does. */
static int64_t begin_due(struct http_client *c, int64_t now, bool *begun)
{
    *begun = false;
    for (struct http_exchange *e = c->first, *next; e; e = next) {
        next = e->next;
        if (e->state != HTTP_WAITS)
            continue;
        if (!http_token_is_ready(c, now))
            break;
        int64_t wait = http_pace_take(c->pace, now);
        if (wait)
            return wait;
        http_transfer_start(e, now);
        *begun = true;
    }
    return INT64_MAX;
}

/* How long this one still has; 0 or less: it is over, for the reason in *why. */
static int64_t time_left(const struct http_exchange *e, int64_t now, const char **why)
{
    const struct http_settings *s = &e->client->settings;
    int64_t left = INT64_MAX;
    if (s->total_ms) {
        int64_t passed = now - e->began_ns - (e->client->away_ns - e->away_ns);
        left = s->total_ms * 1000000 - passed;
        *why = "it took longer than `total_timeout_ms`";
    }
    int64_t quiet_ms = e->held ? 0 : e->heard ? s->idle_ms : s->first_byte_ms;
    if (quiet_ms && quiet_ms * 1000000 - (now - e->heard_ns) < left) {
        left = quiet_ms * 1000000 - (now - e->heard_ns);
        *why = e->heard ? "nothing more came within `idle_timeout_ms`"
                        : "nothing came within `first_byte_timeout_ms`";
    }
    return left;
}

static int64_t end_overdue(struct http_client *c, int64_t now)
{
    int64_t soonest = INT64_MAX;
    for (struct http_exchange *e = c->first, *next; e; e = next) {
        const char *why = NULL;
        next = e->next;
        if (e->state != HTTP_RUNS)
            continue;
        int64_t left = time_left(e, now, &why);
        if (left > 0) {
            soonest = sooner(soonest, left);
            continue;
        }
        http_fault_set(&e->fault, QETL_E_RETRY_CALL, NULL, NULL, "%s %.300s: %s", e->request.method,
                       e->url, why);
        snprintf(e->fault.vendor, sizeof e->fault.vendor, "timeout");
        http_transfer_drop(e);
    }
    return soonest;
}

int32_t http_client_drive(struct http_client *c)
{
    int64_t now = http_now_ns();
    if (!c->awaits)
        c->away_ns += now - c->left_ns; /* nobody read, so that the server may have waited for us */
    c->awaits = false;
    int64_t left = INT64_MAX;
    for (bool begun = true; begun;) { /* what has just begun sends its request */
        if (!events_take(c))
            return QETL_E_CANCELLED;
        now = http_now_ns();
        left = end_overdue(c, now);
        http_token_take(c);
        left = sooner(left, begin_due(c, now, &begun));
    }
    if (c->alarm_ns)
        left = sooner(left, c->alarm_ns > now ? c->alarm_ns - now : 0);
    timer_set(c->alarm_fd, left == INT64_MAX ? -1 : left);
    c->left_ns = http_now_ns();
    return QETL_OK;
}

void http_client_arm(struct http_client *c)
{
    if (c->due)
        timer_set(c->timer_fd, 0);
}

bool http_client_wait(struct http_client *c, int64_t until_ns)
{
    int64_t left = until_ns - http_now_ns();
    struct pollfd watched = {.fd = c->events_fd, .events = POLLIN};
    const struct timespec most = {left / 1000000000, left % 1000000000};
    if (left <= 0)
        return false;
    c->awaits = true;
    http_client_arm(c);
    ppoll(&watched, 1, &most, NULL);
    return true;
}

int32_t http_client_await(struct http_client *c)
{
    const struct qetl_poll *poll = c->env.host->get_extension(c->env.ctx, QETL_EXT_POLL);
    if (!poll || !poll->watch)
        return qetl_fail(c->env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "this host has no qetl.poll/1, which requests over HTTP need");
    c->awaits = true;
    http_client_arm(c);
    int32_t status = poll->watch(c->env.ctx, c->events_fd, QETL_POLL_IN);
    return status < 0 ? qetl_fail(c->env, status, NULL, NULL, "the host cannot watch a descriptor")
                      : QETL_OK;
}
