/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `stdout`: bytes to standard output, as they come; a reader that goes away is no error of
 * ours (QETL_E_CLOSED), and interrupt() ends the wait for a slow one. */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct stdout_sink {
    struct qetl_env env;
    int fd;
    bool closed; /* there was no standard output when the instance was made */
    bool regular;
    size_t piece_most; /* what may be written at once without blocking */
    int waker_fd;
    atomic_int interrupted;
    int64_t rows, bytes;
};

static int32_t fault(struct stdout_sink *sink, int error, const char *what)
{
    char line[160];
    struct qetl_error_info info = {
        .struct_size = sizeof info,
        .code = error == EPIPE ? QETL_E_CLOSED : QETL_E_ENVIRONMENT,
        .message = line,
        .suggestion = error == ENOSPC ? "make room where standard output is kept" : NULL,
        .vendor_code = strerrorname_np(error)};
    snprintf(line, sizeof line, "standard output: %s: %s", what, strerrordesc_np(error));
    return sink->env.host->error(sink->env.ctx, &info);
}

static int32_t stdout_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct stdout_sink *sink = self;
    (void)config;
    sink->env = (struct qetl_env){host, ctx};
    sink->fd = -1;
    /* Asked before a descriptor of our own can take its number. */
    sink->closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
    sink->waker_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return sink->waker_fd < 0 ? fault(sink, errno, "eventfd cannot be made") : QETL_OK;
}

static void stdout_destroy(void *self)
{
    struct stdout_sink *sink = self;
    if (sink->fd > STDOUT_FILENO)
        close(sink->fd);
    if (sink->waker_fd >= 0)
        close(sink->waker_fd);
}

/* The description of a pipe is shared with other processes, which O_NONBLOCK would surprise: it is
 * opened anew. What cannot be (a terminal, a socket) is written in pieces that fit wherever poll(2)
 * sees room. */
static int32_t stdout_start(void *self)
{
    struct stdout_sink *sink = self;
    struct stat st;
    if (sink->closed || fstat(STDOUT_FILENO, &st) != 0)
        return fault(sink, EBADF, "is closed");
    sink->regular = S_ISREG(st.st_mode);
    sink->piece_most = sink->regular ? SSIZE_MAX : PIPE_BUF;
    if (S_ISFIFO(st.st_mode))
        sink->fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (sink->fd >= 0)
        sink->piece_most = SSIZE_MAX;
    else
        sink->fd = STDOUT_FILENO;
    return QETL_OK;
}

static void stdout_interrupt(void *self)
{
    struct stdout_sink *sink = self;
    uint64_t one = 1;
    atomic_store(&sink->interrupted, 1);
    if (write(sink->waker_fd, &one, sizeof one) < 0)
        return; /* its counter is full: it is readable anyway */
}

static int32_t stdout_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BYTES;
    out->delivery = QETL_APPEND;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t stdout_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct stdout_sink *sink = self;
    const struct qetl_poll *poll_host = sink->env.host->get_extension(sink->env.ctx, QETL_EXT_POLL);
    (void)stream;
    (void)schema;
    /* also while there is nothing to write; a host that cannot watch hears of it by a write */
    if (poll_host && !sink->regular)
        poll_host->watch(sink->env.ctx, sink->fd, QETL_POLL_HANGUP);
    return QETL_OK;
}

static int32_t room_wait(struct stdout_sink *sink)
{
    struct pollfd set[] = {{.fd = sink->fd, .events = POLLOUT},
                           {.fd = sink->waker_fd, .events = POLLIN}};
    for (;;) {
        int ready = poll(set, 2, -1);
        if (ready < 0 && errno != EINTR)
            return fault(sink, errno, "cannot be waited for");
        if (atomic_load(&sink->interrupted))
            return QETL_E_CANCELLED;
        if (ready > 0 && set[0].revents)
            return QETL_OK;
    }
}

static int32_t stdout_write(void *self, struct qetl_write *out)
{
    struct stdout_sink *sink = self;
    const char *at = out->bytes;
    int64_t left = out->bytes_size;
    out->rows_written = 0;
    while (left > 0) {
        size_t piece = (size_t)left < sink->piece_most ? (size_t)left : sink->piece_most;
        int32_t status = sink->regular ? QETL_OK : room_wait(sink);
        if (status)
            return status;
        ssize_t n = write(sink->fd, at, piece);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fault(sink, errno, "writing failed");
        if (n > 0) {
            at += n;
            left -= n;
            sink->bytes += n;
        }
    }
    sink->rows += out->rows;
    out->rows_written = out->rows;
    return QETL_OK;
}

static int32_t stdout_stop(void *self)
{
    struct stdout_sink *sink = self;
    const struct qetl_outputs *outputs =
        sink->env.host->get_extension(sink->env.ctx, QETL_EXT_OUTPUTS);
    if (outputs)
        outputs->add(sink->env.ctx, "stdout", sink->rows, sink->bytes);
    return QETL_OK;
}

static int32_t stdout_list(void *self, void *stream,
                           int32_t (*add)(void *stream, const char *identity, const char *name,
                                          uint32_t flags))
{
    struct stdout_sink *sink = self;
    char identity[64];
    if (!qetl_identity_of_descriptor(sink->fd, identity, sizeof identity))
        return QETL_OK;
    return add(stream, identity, "standard output", QETL_OBJECT_SHARED);
}

static const void *stdout_get_extension(void *self, const char *id)
{
    static const struct qetl_objects objects = {sizeof objects, stdout_list};
    (void)self;
    return strcmp(id, QETL_EXT_OBJECTS) == 0 ? &objects : NULL;
}

static const struct qetl_sink stdout_vtable = {
    .struct_size = sizeof(struct qetl_sink),
    .describe = stdout_describe,
    .open = stdout_open,
    .write = stdout_write,
};

static const struct qetl_component stdout_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SINK,
    .id = "stdout",
    .state_size = sizeof(struct stdout_sink),
    .create = stdout_create,
    .destroy = stdout_destroy,
    .start = stdout_start,
    .stop = stdout_stop,
    .interrupt = stdout_interrupt,
    .get_extension = stdout_get_extension,
    .sink = &stdout_vtable,
};

QETL_PLUGIN("stdout", "0.1.0", &stdout_component)
