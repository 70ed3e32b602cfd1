/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include "host/call.h"
#include "trace_line.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qetl_trace {
    pthread_mutex_t lock; /* of fd: a pipe takes a long line in pieces */
    int fd;
    bool owned, json;
    const struct qetl_mask *mask;
    int64_t began_ns;
    atomic_int error;
};

/* What a thread is in, in words already: a crash leaves no time to find them. */
enum { OPEN_MOST = 4, OPEN_ROOM = 1024 };
static _Thread_local struct {
    int fd, n;
    size_t size[OPEN_MOST];
    char text[OPEN_MOST][OPEN_ROOM];
} * open_calls;

static void write_all(struct qetl_trace *trace, const char *data, size_t size)
{
    pthread_mutex_lock(&trace->lock);
    while (size) {
        ssize_t n = write(trace->fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int none = 0;
            atomic_compare_exchange_strong(&trace->error, &none, errno ? errno : EIO);
            break;
        }
        data += n;
        size -= (size_t)n;
    }
    pthread_mutex_unlock(&trace->lock);
}

static void line_begin(const struct qetl_trace *trace, struct qetl_trace_line *line,
                       const struct qetl_crossing *crossing)
{
    qetl_trace_line_init(line, trace->mask);
    qetl_trace_line_head(line, crossing, crossing->began_ns - trace->began_ns, gettid());
    qetl_trace_line_cargo(line, crossing, false);
}

/* Of calls into plugins, which are what crashes and what hangs. */
static void begun(void *arg, const struct qetl_crossing *crossing)
{
    const struct qetl_trace *trace = arg;
    struct qetl_trace_line line;
    if (crossing->to_host)
        return;
    if (!open_calls && !(open_calls = calloc(1, sizeof *open_calls)))
        return;
    int at = open_calls->n++;
    if (at >= OPEN_MOST || trace->json)
        return;
    open_calls->fd = trace->fd;
    line_begin(trace, &line, crossing);
    open_calls->size[at] = line.size < OPEN_ROOM ? line.size : OPEN_ROOM;
    memcpy(open_calls->text[at], line.data, open_calls->size[at]);
    qetl_trace_line_free(&line);
}

static void open_calls_leave(void)
{
    if (!open_calls || --open_calls->n > 0)
        return;
    free(open_calls); /* a thread that ends in the core leaves nothing behind */
    open_calls = NULL;
}

static void ended(void *arg, const struct qetl_crossing *crossing)
{
    struct qetl_trace *trace = arg;
    struct qetl_trace_line line;
    if (!crossing->to_host)
        open_calls_leave();
    if (trace->json) {
        qetl_trace_line_init(&line, trace->mask);
        qetl_trace_line_json(&line, crossing, crossing->began_ns - trace->began_ns, gettid());
    } else {
        line_begin(trace, &line, crossing);
        qetl_trace_line_answer(&line, crossing);
        qetl_trace_line_cargo(&line, crossing, true);
    }
    qetl_trace_line_end(&line);
    if (line.failed)
        atomic_store(&trace->error, ENOMEM);
    else
        write_all(trace, line.data, line.size);
    qetl_trace_line_free(&line);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), of_end = strlen(end);
    return size >= of_end && strcmp(text + size - of_end, end) == 0;
}

struct qetl_trace *qetl_trace_open(const char *path, const struct qetl_mask *mask)
{
    struct qetl_trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return NULL;
    pthread_mutex_init(&trace->lock, NULL);
    trace->mask = mask;
    trace->began_ns = qetl_call_now_ns();
    trace->fd = STDERR_FILENO;
    trace->owned = path != NULL;
    trace->json = path && (ends_with(path, ".ndjson") || ends_with(path, ".jsonl") ||
                           ends_with(path, ".json"));
    if (path)
        trace->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (trace->fd >= 0)
        return trace;
    int error = errno;
    pthread_mutex_destroy(&trace->lock);
    free(trace);
    errno = error;
    return NULL;
}

struct qetl_border_watcher qetl_trace_watcher(struct qetl_trace *trace)
{
    return (struct qetl_border_watcher){begun, ended, trace};
}

int qetl_trace_close(struct qetl_trace *trace)
{
    if (!trace)
        return 0;
    if (trace->owned && close(trace->fd) && !atomic_load(&trace->error))
        atomic_store(&trace->error, errno);
    int error = atomic_load(&trace->error);
    pthread_mutex_destroy(&trace->lock);
    free(trace);
    return error;
}

void qetl_trace_crashed(void)
{
    static const char end[] = " = did not return\n";
    if (!open_calls || open_calls->n < 1)
        return;
    int at = (open_calls->n < OPEN_MOST ? open_calls->n : OPEN_MOST) - 1;
    ssize_t ignored = open_calls->size[at];
    if (!ignored)
        return;
    ignored = write(open_calls->fd, open_calls->text[at], open_calls->size[at]);
    ignored = write(open_calls->fd, end, sizeof end - 1);
    (void)ignored;
}
