/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB asks for rows through a table function, and waits there while there are none. It is told
 * to use one thread, which is the feed's own: what is asked of it, it knows by its thread.
 */
#include "feed.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PIPE_BYTES = 1024 * 1024, READ_BYTES = 256 * 1024 };

static _Thread_local struct feed *here;

/* ---- in the feed's thread ---- */

static void ring(struct feed *f)
{
    uint64_t one = 1;
    ssize_t written = write(f->bell, &one, sizeof one);
    assert(written == sizeof one);
    (void)written;
}

static void on_bind(struct duck_call *call)
{
    char name[24];
    assert(here);
    for (int64_t i = 0; i < here->n_lanes; i++) {
        snprintf(name, sizeof name, "c%lld", (long long)i);
        here->session->duck.bind_add_result_column(call, name, here->types[i]);
    }
}

static void on_init(struct duck_call *call)
{
    here->session->duck.init_set_max_threads(call, 1);
}

/* Waits for a batch; how many rows of it are left, 0 at the end. */
static int64_t rows_wait(struct feed *f)
{
    pthread_mutex_lock(&f->lock);
    while (f->at == f->count && !f->ending && !f->cancelled)
        pthread_cond_wait(&f->fed, &f->lock);
    int64_t count = f->cancelled ? 0 : f->count - f->at;
    pthread_mutex_unlock(&f->lock);
    return count;
}

static void rows_taken(struct feed *f, int64_t count)
{
    pthread_mutex_lock(&f->lock);
    f->at += count;
    if (f->at == f->count)
        ring(f);
    pthread_mutex_unlock(&f->lock);
}

/* A chunk is filled, from several batches if need be: groups of rows are counted in chunks. */
static void on_rows(struct duck_call *call, struct duck_chunk *chunk)
{
    struct feed *f = here;
    const struct duck *duck = &f->session->duck;
    int64_t most = (int64_t)duck->vector_size(), filled = 0, count;
    for (int64_t i = 0; i < f->n_lanes; i++)
        give_begin(&f->lanes[i], duck, duck->data_chunk_get_vector(chunk, (uint64_t)i));
    while (filled < most && (count = rows_wait(f)) > 0) {
        count = count < most - filled ? count : most - filled;
        for (int64_t i = 0; i < f->n_lanes; i++)
            give_rows(&f->lanes[i], duck, f->rows ? f->rows + f->at : NULL, f->at, count, filled);
        filled += count;
        rows_taken(f, count);
    }
    for (int64_t i = 0; i < f->n_lanes; i++)
        give_end(&f->lanes[i], duck);
    if (f->cancelled)
        duck->function_set_error(call, "cancelled");
    duck->data_chunk_set_size(chunk, (uint64_t)filled);
}

static void *feed_run(void *arg)
{
    struct feed *f = arg;
    const struct duck *duck = &f->session->duck;
    struct duck_result result;
    here = f;
    bool failed = duck->query(f->session->connection, f->sql, &result);
    const char *error = failed ? duck->result_error(&result) : NULL;
    pthread_mutex_lock(&f->lock);
    f->error = failed ? strdup(error ? error : "DuckDB gave up without a reason") : NULL;
    f->finished = true;
    ring(f);
    pthread_mutex_unlock(&f->lock);
    duck->destroy_result(&result);
    return NULL;
}

/* ---- on the other side ---- */

static int32_t function_register(struct session *s)
{
    const struct duck *duck = &s->duck;
    struct duck_function *function = duck->create_table_function();
    if (!function)
        return session_memory(s);
    duck->table_function_set_name(function, "qetl_rows");
    duck->table_function_set_bind(function, on_bind);
    duck->table_function_set_init(function, on_init);
    duck->table_function_set_function(function, on_rows);
    bool bad = duck->register_table_function(s->connection, function);
    duck->destroy_table_function(&function);
    return bad ? session_fault(s, NULL, "libduckdb takes no table function") : QETL_OK;
}

void feed_init(struct feed *f)
{
    f->pipe_in = f->pipe_out = f->bell = -1;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->fed, NULL);
}

int32_t feed_open(struct feed *f, struct session *s, struct lane *lanes, struct duck_type **types,
                  int64_t n)
{
    f->session = s;
    f->lanes = lanes;
    f->types = types;
    f->n_lanes = n;
    f->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (f->bell < 0)
        return qetl_fail(s->env, QETL_E_ENVIRONMENT, NULL, NULL, "eventfd: %s", strerror(errno));
    return session_once(s, function_register);
}

static void pipe_close(struct feed *f)
{
    if (f->pipe_in >= 0)
        close(f->pipe_in);
    if (f->pipe_out >= 0)
        close(f->pipe_out);
    f->pipe_in = f->pipe_out = -1;
}

static int32_t pipe_open(struct feed *f)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return qetl_fail(f->session->env, QETL_E_ENVIRONMENT, NULL, NULL, "a pipe: %s",
                         strerror(errno));
    f->pipe_out = ends[0];
    f->pipe_in = ends[1];
    fcntl(f->pipe_out, F_SETFL, O_NONBLOCK);
    fcntl(f->pipe_in, F_SETPIPE_SZ, PIPE_BYTES); /* the usual 64 KiB serve, too */
    return QETL_OK;
}

/* Signals are the host's affair, in its threads. */
static int thread_begin(struct feed *f)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&f->thread, NULL, feed_run, f);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    f->running = error == 0;
    return error;
}

int32_t feed_begin(struct feed *f, const char *copy, const char *options)
{
    free(f->error);
    f->error = NULL;
    f->ending = f->finished = false;
    f->count = f->at = 0;
    int32_t status = pipe_open(f);
    if (status)
        return status;
    if (asprintf(&f->sql, "%s '/proc/self/fd/%d' %s", copy, f->pipe_in, options) < 0) {
        f->sql = NULL;
        return session_memory(f->session);
    }
    int error = thread_begin(f);
    return error ? qetl_fail(f->session->env, QETL_E_ENVIRONMENT, NULL, NULL, "a thread: %s",
                             strerror(error))
                 : QETL_OK;
}

/* What stands in the pipe; out NULL: it is dropped. */
static int32_t pipe_drain(struct feed *f, struct qetl_space *out)
{
    char dropped[4096];
    for (;;) {
        if (out && out->capacity - out->size < READ_BYTES && out->reserve(out, READ_BYTES))
            return session_memory(f->session);
        ssize_t size = out ? read(f->pipe_out, out->data + out->size, READ_BYTES)
                           : read(f->pipe_out, dropped, sizeof dropped);
        if (size <= 0)
            return QETL_OK;
        if (out)
            out->size += size;
    }
}

/* Until the batch was taken, or (`whole`) the thread is at its end. */
static int32_t feed_wait(struct feed *f, bool whole, struct qetl_space *out)
{
    for (;;) {
        uint64_t rings;
        struct pollfd waits[2] = {{f->pipe_out, POLLIN, 0}, {f->bell, POLLIN, 0}};
        if (poll(waits, 2, -1) < 0 && errno != EINTR)
            return qetl_fail(f->session->env, QETL_E_ENVIRONMENT, NULL, NULL, "poll: %s",
                             strerror(errno));
        if (waits[1].revents && read(f->bell, &rings, sizeof rings) < 0 && errno != EAGAIN)
            return qetl_fail(f->session->env, QETL_E_ENVIRONMENT, NULL, NULL, "eventfd: %s",
                             strerror(errno));
        pthread_mutex_lock(&f->lock);
        bool done = f->finished || (!whole && f->at == f->count);
        pthread_mutex_unlock(&f->lock);
        int32_t status = pipe_drain(f, out);
        if (status || done)
            return status;
    }
}

static void thread_end(struct feed *f)
{
    if (f->running)
        pthread_join(f->thread, NULL);
    f->running = false;
    pipe_close(f);
    free(f->sql);
    f->sql = NULL;
}

/* The thread ended: why, if it was not asked to. */
static int32_t thread_fault(struct feed *f)
{
    thread_end(f);
    if (f->cancelled)
        return QETL_E_CANCELLED;
    return f->error ? session_fault(f->session, NULL, f->error) : QETL_OK;
}

int32_t feed_batch(struct feed *f, const int32_t *rows, int64_t count, struct qetl_space *out)
{
    if (count == 0)
        return QETL_OK;
    pthread_mutex_lock(&f->lock);
    f->rows = rows;
    f->count = count;
    f->at = 0;
    pthread_cond_signal(&f->fed);
    pthread_mutex_unlock(&f->lock);
    int32_t status = feed_wait(f, false, out);
    pthread_mutex_lock(&f->lock);
    bool failed = f->finished;
    f->at = f->count = 0;
    pthread_mutex_unlock(&f->lock);
    return status ? status : failed ? thread_fault(f) : QETL_OK;
}

int32_t feed_finish(struct feed *f, struct qetl_space *out)
{
    pthread_mutex_lock(&f->lock);
    f->ending = true;
    pthread_cond_signal(&f->fed);
    pthread_mutex_unlock(&f->lock);
    int32_t status = feed_wait(f, true, out);
    return status ? status : thread_fault(f);
}

void feed_cancel(struct feed *f)
{
    pthread_mutex_lock(&f->lock);
    f->cancelled = true;
    pthread_cond_signal(&f->fed);
    pthread_mutex_unlock(&f->lock);
}

void feed_end(struct feed *f)
{
    if (f->running) {
        feed_cancel(f);
        feed_wait(f, true, NULL);
    }
    thread_end(f);
}

void feed_destroy(struct feed *f)
{
    feed_end(f);
    free(f->error);
    if (f->bell >= 0)
        close(f->bell);
    pthread_cond_destroy(&f->fed);
    pthread_mutex_destroy(&f->lock);
}
