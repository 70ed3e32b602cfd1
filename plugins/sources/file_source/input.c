/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include "fault.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const int64_t NS_PER_S = 1000000000;

int waker_init(struct waker *waker)
{
    waker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return waker->fd < 0 ? errno : 0;
}

void waker_ring(struct waker *waker)
{
    uint64_t one = 1;
    atomic_store(&waker->rung, 1);
    if (write(waker->fd, &one, sizeof one) < 0)
        return; /* its counter is full: it is readable anyway */
}

void waker_reset(struct waker *waker)
{
    if (waker->fd >= 0)
        close(waker->fd);
    waker->fd = -1;
}

const char *input_label(const struct input *in)
{
    return strcmp(in->name, "-") == 0 ? "standard input" : in->name;
}

/* A descriptor that was handed to the process: opening /dev/fd/N anew would not see that the writer
 * of a pipe has already gone. -1: another name. */
static int descriptor_of(const char *name)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdin") == 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(folders[i]);
        char *end;
        if (strncmp(name, folders[i], length) != 0 || !name[length])
            continue;
        long fd = strtol(name + length, &end, 10);
        if (!*end && fd >= 0 && fd < INT32_MAX)
            return (int)fd;
    }
    return -1;
}

static int32_t input_begin(struct input *in, const struct stat *st)
{
    in->regular = S_ISREG(st->st_mode);
    in->size = -1;
    if (!in->regular)
        return QETL_OK;
    if (in->shared) {
        off_t at = lseek(in->fd, 0, SEEK_CUR);
        in->base = at > 0 ? at : 0;
    }
    in->size = st->st_size > in->base ? st->st_size - in->base : 0;
    in->mtime_ns = st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
    posix_fadvise(in->fd, in->base, 0, POSIX_FADV_SEQUENTIAL);
    return QETL_OK;
}

int32_t input_open(struct input *in, struct qetl_env env, struct waker *waker, const char *name)
{
    struct stat st;
    int inherited = descriptor_of(name);
    *in = (struct input){.env = env, .waker = waker, .name = name, .fd = -1};
    in->shared = inherited >= 0;
    in->fd = in->shared ? fcntl(inherited, F_DUPFD_CLOEXEC, 3)
                        : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (in->fd < 0 && (errno == ENXIO || errno == EBADF))
        return qetl_fail(env, QETL_E_ENVIRONMENT, "/path", NULL,
                         errno == EBADF ? "%s: it is not open"
                                        : "%s: a socket cannot be read as a file",
                         input_label(in));
    if (in->fd < 0)
        return fault_report(env, errno, "/path", input_label(in), "cannot be opened");
    if (fstat(in->fd, &st) != 0)
        return fault_report(env, errno, "/path", input_label(in), "cannot be examined");
    if (S_ISDIR(st.st_mode))
        return fault_report(env, EISDIR, "/path", input_label(in), "cannot be read as a file");
    return input_begin(in, &st);
}

void input_close(struct input *in)
{
    if (in->fd >= 0)
        close(in->fd);
    in->fd = -1;
}

static int timeout_until(int64_t deadline_ns)
{
    struct timespec now;
    int64_t left;
    if (deadline_ns < 0)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    left = deadline_ns - (now.tv_sec * NS_PER_S + now.tv_nsec);
    if (left <= 0)
        return 0;
    left = (left + 999999) / 1000000;
    return left < 60000 ? (int)left : 60000;
}

/* OK: readable, or at its end. */
static int32_t stream_wait(struct input *in, int64_t deadline_ns)
{
    struct pollfd set[] = {{.fd = in->fd, .events = POLLIN},
                           {.fd = in->waker->fd, .events = POLLIN}};
    for (;;) {
        int timeout = timeout_until(deadline_ns);
        int ready = poll(set, 2, timeout);
        if (ready < 0 && errno != EINTR)
            return fault_report(in->env, errno, NULL, input_label(in), "cannot be waited for");
        if (atomic_load(&in->waker->rung))
            return QETL_E_CANCELLED;
        if (ready > 0 && set[0].revents)
            return QETL_OK;
        if (ready == 0 && timeout == 0)
            return QETL_IDLE;
    }
}

bool input_at_end(struct input *in)
{
    char byte;
    if (in->ended || !in->regular || in->position < in->size)
        return in->ended;
    return pread(in->fd, &byte, 1, in->base + in->position) == 0;
}

void input_watch(struct input *in)
{
    const struct qetl_poll *poll_host = in->env.host->get_extension(in->env.ctx, QETL_EXT_POLL);
    if (!poll_host || poll_host->watch(in->env.ctx, in->fd, QETL_POLL_IN) < 0)
        in->env.host->wake(in->env.ctx); /* nobody watches: be asked again */
}

/* Only a description of our own can be asked without waiting. */
static bool stream_is_ours(struct input *in)
{
    return !in->shared && in->touched;
}

static int32_t stream_read(struct input *in, void *data, int64_t capacity, int64_t deadline_ns,
                           ssize_t *got)
{
    bool wait = !stream_is_ours(in);
    for (;;) {
        if (wait) {
            int32_t status = stream_wait(in, deadline_ns);
            if (status)
                return status;
        }
        *got = read(in->fd, data, (size_t)capacity);
        if (*got >= 0)
            return QETL_OK;
        if (errno != EINTR && errno != EAGAIN)
            return fault_report(in->env, errno, NULL, input_label(in), "cannot be read");
        wait = errno == EAGAIN;
    }
}

static int32_t file_read(struct input *in, void *data, int64_t capacity, ssize_t *got)
{
    char what[80];
    do {
        *got = pread(in->fd, data, (size_t)capacity, in->base + in->position);
    } while (*got < 0 && errno == EINTR);
    if (*got >= 0)
        return QETL_OK;
    snprintf(what, sizeof what, "cannot be read at offset %lld", (long long)in->position);
    return fault_report(in->env, errno, NULL, input_label(in), what);
}

int32_t input_read(struct input *in, void *data, int64_t capacity, int64_t deadline_ns,
                   int64_t *got)
{
    ssize_t n = 0;
    int32_t status;
    assert(capacity > 0);
    *got = 0;
    if (in->ended)
        return QETL_END;
    if (atomic_load(&in->waker->rung))
        return QETL_E_CANCELLED;
    status = in->regular ? file_read(in, data, capacity, &n)
                         : stream_read(in, data, capacity, deadline_ns, &n);
    if (status)
        return status;
    if (n == 0) {
        in->ended = true;
        return QETL_END;
    }
    in->touched = true;
    in->position += n;
    if (in->position > in->taken)
        in->taken = in->position;
    *got = n;
    return QETL_OK;
}
