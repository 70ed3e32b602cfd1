/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { READER_WAIT_MS = 20, BEHIND_BYTES = 8 << 20 };

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

void output_init(struct output *out, struct qetl_env env, struct waker *waker, const char *name,
                 int fd, bool regular, enum packing packing)
{
    *out = (struct output){
        .env = env, .waker = waker, .name = name, .fd = fd, .regular = regular, .packing = packing};
}

/* ---- Opening in place ---- */

/* ENXIO says that a FIFO has no reader yet. */
static int32_t fifo_open(struct output *out, const char *path)
{
    for (;;) {
        struct pollfd waker = {.fd = out->waker->fd, .events = POLLIN};
        out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (out->fd >= 0)
            return QETL_OK;
        if (errno != ENXIO && errno != EINTR)
            return fault_report(out->env, errno, out->name, "cannot be opened");
        poll(&waker, 1, READER_WAIT_MS);
        if (atomic_load(&out->waker->rung))
            return QETL_E_CANCELLED;
    }
}

/* A pipe can be opened anew, with a description of our own that may be told not to block. */
static int32_t inherited_open(struct output *out, const struct target *target)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", target->descriptor);
    if (S_ISFIFO(target->st.st_mode))
        out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (out->fd < 0) {
        out->fd = fcntl(target->descriptor, F_DUPFD_CLOEXEC, 3);
        out->shared = true;
    }
    if (out->fd < 0)
        return fault_report(out->env, errno, out->name, "cannot be opened");
    return QETL_OK;
}

int32_t output_open_special(struct output *out, struct qetl_env env, struct waker *waker,
                            const struct target *target, enum packing packing)
{
    output_init(out, env, waker, target->given, -1, S_ISREG(target->st.st_mode), packing);
    return target->descriptor >= 0 ? inherited_open(out, target) : fifo_open(out, target->path);
}

/* ---- Writing ---- */

static int32_t write_fault(struct output *out, int error)
{
    char what[96];
    snprintf(what, sizeof what, "writing failed after %lld bytes", (long long)out->written);
    return fault_report(out->env, error, out->name, what);
}

static int32_t room_wait(struct output *out)
{
    struct pollfd set[] = {{.fd = out->fd, .events = POLLOUT},
                           {.fd = out->waker->fd, .events = POLLIN}};
    for (;;) {
        int ready = poll(set, 2, -1);
        if (ready < 0 && errno != EINTR)
            return write_fault(out, errno);
        if (atomic_load(&out->waker->rung))
            return QETL_E_CANCELLED;
        if (ready > 0 && set[0].revents)
            return QETL_OK;
    }
}

/* Has the disk begin, so that the next fsync finds little to do. What fails here fails there too.
 */
static void write_behind(struct output *out)
{
    int64_t size = out->written - out->flushing;
    if (!out->regular || out->shared || size < BEHIND_BYTES)
        return;
    sync_file_range(out->fd, out->begin + out->flushing, size, SYNC_FILE_RANGE_WRITE);
    out->flushing = out->written;
}

int32_t output_put(struct output *out, const void *data, int64_t size)
{
    const char *at = data;
    bool wait = !out->regular;
    while (size > 0 && !out->failed) {
        /* A pipe with room takes that much without blocking. */
        size_t piece = out->shared && !out->regular && size > PIPE_BUF ? PIPE_BUF : (size_t)size;
        if (wait)
            out->failed = room_wait(out);
        if (out->failed)
            break;
        ssize_t n = write(out->fd, at, piece);
        if (n > 0) {
            at += n;
            size -= n;
            out->written += n;
        } else if (n == 0) {
            out->failed = write_fault(out, EIO);
        } else if (errno != EINTR && errno != EAGAIN) {
            out->failed = write_fault(out, errno);
        }
        write_behind(out);
    }
    return out->failed;
}

int32_t output_write(struct output *out, const void *data, int64_t size)
{
    if (out->failed)
        return out->failed;
    return out->packing == PACKING_NONE ? output_put(out, data, size)
                                        : packer_write(out, data, size);
}

int32_t output_finish(struct output *out, bool also_empty)
{
    if (out->failed || out->packing == PACKING_NONE)
        return out->failed;
    return packer_finish(out, also_empty);
}

int32_t output_sync(struct output *out)
{
    int code;
    if (out->failed)
        return out->failed;
    do {
        code = fsync(out->fd);
    } while (code != 0 && errno == EINTR);
    if (code == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP)
        return QETL_OK;
    /* Never tried again: the kernel forgets the error, and the pages may be lost. */
    out->failed = fault_report(out->env, errno, out->name, "it cannot be made durable (fsync)");
    return out->failed;
}

void output_close(struct output *out)
{
    packer_drop(out);
    if (out->fd >= 0)
        close(out->fd);
    out->fd = -1;
}
