/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of a running pipeline, and the thread that serves it. */
#include "control_session.h"
#include "run/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SESSIONS_MOST = 16, TAP_WAIT_MS = 10, GOODBYE_MS = 300 };

struct qetl_control {
    struct qetl_run *run;
    const struct qetl_pipeline *pipeline;
    char folder[QETL_CONTROL_PATH], path[QETL_CONTROL_PATH];
    int listener, stop[2];
    pthread_t thread;
    struct qetl_session *sessions[SESSIONS_MOST];
    size_t n_sessions;
};

/* ---- the socket ---- */

static void forget_stale(void *arg, const char *path)
{
    (void)arg;
    int fd = qetl_control_connect(path);
    if (fd >= 0)
        close(fd);
}

/* It gets its name once it listens, so that whoever finds the name is answered. */
static int listen_at(struct qetl_control *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/.%ld.new", c->folder,
             (long)getpid());
    snprintf(c->path, sizeof c->path, "%.90s/%ld.sock", c->folder, (long)getpid());
    unlink(address.sun_path);
    c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->listener < 0)
        return errno;
    if (bind(c->listener, (const struct sockaddr *)&address, sizeof address) == 0) {
        if (!chmod(address.sun_path, 0600) && !listen(c->listener, SESSIONS_MOST) &&
            !rename(address.sun_path, c->path))
            return 0;
    }
    int error = errno;
    unlink(address.sun_path);
    close(c->listener);
    c->listener = -1;
    return error;
}

/* In the first folder that is ours. Another run's end may take the folder away under us: again. */
static int open_socket(struct qetl_control *c, char why[256])
{
    int error = ENOENT;
    for (int attempt = 0; attempt < 3 * QETL_CONTROL_FOLDERS; attempt++) {
        error = qetl_control_folder(attempt % QETL_CONTROL_FOLDERS, true, c->folder);
        if (!error)
            error = listen_at(c);
        if (!error) {
            qetl_control_each(c->folder, forget_stale, NULL);
            return 0;
        }
    }
    snprintf(why, 256, "%.100s: %s", c->folder, strerror(error));
    return -1;
}

/* ---- clients ---- */

static bool is_trusted(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void welcome(struct qetl_control *c)
{
    int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (c->n_sessions == SESSIONS_MOST || !is_trusted(fd)) {
        close(fd);
        return;
    }
    struct qetl_session *session = qetl_session_new(fd, c->run, c->pipeline);
    if (session)
        c->sessions[c->n_sessions++] = session;
}

static void forget_done(struct qetl_control *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->n_sessions; i++) {
        if (qetl_session_is_done(c->sessions[i]))
            qetl_session_free(c->sessions[i]);
        else
            c->sessions[kept++] = c->sessions[i];
    }
    c->n_sessions = kept;
}

static void pump_all(struct qetl_control *c)
{
    for (size_t i = 0; i < c->n_sessions; i++) {
        qetl_session_pump(c->sessions[i]);
        qetl_session_write(c->sessions[i]);
    }
}

/* Waits for something to do; 1: it is time to stop. */
static int serve_once(struct qetl_control *c)
{
    struct pollfd fds[SESSIONS_MOST + 2] = {{.fd = c->stop[0], .events = POLLIN},
                                            {.fd = c->listener, .events = POLLIN}};
    int timeout_ms = -1;
    for (size_t i = 0; i < c->n_sessions; i++) {
        const struct qetl_session *session = c->sessions[i];
        bool waits = qetl_session_has_output(session);
        fds[i + 2] =
            (struct pollfd){.fd = session->fd, .events = (short)(POLLIN | (waits ? POLLOUT : 0))};
        if (session->tap && !waits)
            timeout_ms = TAP_WAIT_MS;
    }
    if (poll(fds, c->n_sessions + 2, timeout_ms) < 0 && errno != EINTR)
        return 1;
    for (size_t i = 0; i < c->n_sessions; i++)
        if (fds[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
            qetl_session_read(c->sessions[i]);
    if (fds[1].revents & POLLIN)
        welcome(c);
    pump_all(c);
    forget_done(c);
    return fds[0].revents != 0;
}

/* The run is over: taps are read out, and clients hear the end, those that listen. */
static void say_goodbye(struct qetl_control *c)
{
    for (int waited_ms = 0; c->n_sessions && waited_ms < GOODBYE_MS; waited_ms++) {
        pump_all(c);
        for (size_t i = 0; i < c->n_sessions; i++)
            c->sessions[i]->closing |= !c->sessions[i]->tap;
        forget_done(c);
        if (c->n_sessions)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    while (c->n_sessions)
        qetl_session_free(c->sessions[--c->n_sessions]);
}

static void *control_main(void *arg)
{
    struct qetl_control *c = arg;
    while (!serve_once(c))
        ;
    say_goodbye(c);
    return NULL;
}

/* ---- from start to stop ---- */

static void control_free(struct qetl_control *c)
{
    if (c->listener >= 0) {
        unlink(c->path);
        close(c->listener);
        rmdir(c->folder); /* unless others lie there */
    }
    for (int i = 0; i < 2; i++)
        if (c->stop[i] >= 0)
            close(c->stop[i]);
    free(c);
}

struct qetl_control *qetl_control_start(struct qetl_run *run, const struct qetl_pipeline *pipeline,
                                        char why[256])
{
    struct qetl_control *c = calloc(1, sizeof *c);
    snprintf(why, 256, "%s", strerror(ENOMEM));
    if (!c)
        return NULL;
    c->run = run;
    c->pipeline = pipeline;
    c->listener = c->stop[0] = c->stop[1] = -1;
    int error = pipe2(c->stop, O_CLOEXEC) ? errno : 0;
    bool open = !error && !open_socket(c, why);
    if (open)
        error = pthread_create(&c->thread, NULL, control_main, c);
    if (open && !error)
        return c;
    if (error)
        snprintf(why, 256, "%s", strerror(error));
    control_free(c);
    return NULL;
}

void qetl_control_stop(struct qetl_control *c)
{
    if (!c)
        return;
    close(c->stop[1]); /* the other end hangs up */
    c->stop[1] = -1;
    pthread_join(c->thread, NULL);
    control_free(c);
}
