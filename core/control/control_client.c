/* SPDX-License-Identifier: Apache-2.0 */
/* The other side: who asks running pipelines. */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 2000 };

int qetl_control_peer_open(struct qetl_control_peer *peer, const char *path)
{
    *peer = (struct qetl_control_peer){.fd = qetl_control_connect(path)};
    if (peer->fd < 0)
        return -1;
    snprintf(peer->path, sizeof peer->path, "%s", path);
    return 0;
}

static void peer_close(struct qetl_control_peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    json_decref(peer->status);
    free(peer->text);
    *peer = (struct qetl_control_peer){.fd = -1};
}

int qetl_control_send(struct qetl_control_peer *peer, json_t *request)
{
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    size_t size = text ? strlen(text) : 0, sent = 0;
    int error = text ? 0 : ENOMEM;
    if (text)
        text[size++] = '\n'; /* in the place of the terminator */
    while (!error && sent < size) {
        ssize_t n = send(peer->fd, text + sent, size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            error = errno;
        sent += n > 0 ? (size_t)n : 0;
    }
    free(text);
    json_decref(request);
    return error;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int make_room(struct qetl_control_peer *peer)
{
    enum { STEP = 64 << 10 };
    if (peer->room - peer->size >= STEP / 2)
        return 0;
    char *grown = realloc(peer->text, peer->room * 2 + STEP);
    if (!grown)
        return -1;
    peer->text = grown;
    peer->room = peer->room * 2 + STEP;
    return 0;
}

/* More bytes: 1. 0: none any more. -1: not now, or an error. */
static int read_more(struct qetl_control_peer *peer, int64_t until_ms)
{
    struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
    int64_t left = until_ms - now_ms();
    if (make_room(peer)) {
        errno = ENOMEM;
        return -1;
    }
    int ready = poll(&fd, 1, left > 0 ? (int)left : 0);
    if (ready <= 0) {
        errno = ready == 0 ? EAGAIN : errno;
        return -1;
    }
    ssize_t n = read(peer->fd, peer->text + peer->size, peer->room - peer->size);
    if (n > 0)
        peer->size += (size_t)n;
    return n > 0 ? 1 : (int)n;
}

const char *qetl_control_line(struct qetl_control_peer *peer, int timeout_ms)
{
    int64_t until_ms = now_ms() + timeout_ms;
    char *end;
    if (peer->used)
        memmove(peer->text, peer->text + peer->used, peer->size -= peer->used);
    peer->used = 0;
    while (!(end = peer->size ? memchr(peer->text, '\n', peer->size) : NULL)) {
        int more = read_more(peer, until_ms);
        if (more > 0)
            continue;
        if (more == 0)
            errno = 0;
        return NULL;
    }
    *end = 0;
    peer->used = (size_t)(end - peer->text) + 1;
    return peer->text;
}

json_t *qetl_control_receive(struct qetl_control_peer *peer, int timeout_ms)
{
    const char *line = qetl_control_line(peer, timeout_ms);
    return line ? json_loads(line, 0, NULL) : NULL;
}

int qetl_control_refresh(struct qetl_control_peer *peer)
{
    json_t *request = json_pack("{s:i, s:s}", "qetl", QETL_CONTROL_VERSION, "do", "status");
    json_t *answer =
        qetl_control_send(peer, request) ? NULL : qetl_control_receive(peer, ANSWER_MS);
    json_t *status = json_incref(json_object_get(answer, "status"));
    json_decref(answer);
    if (!status)
        return -1;
    json_decref(peer->status);
    peer->status = status;
    return 0;
}

struct found {
    struct qetl_control_peer *peers;
    size_t n;
    bool no_memory;
};

static void peer_add(void *arg, const char *path)
{
    struct found *found = arg;
    struct qetl_control_peer peer;
    if (qetl_control_peer_open(&peer, path))
        return;
    struct qetl_control_peer *grown =
        qetl_control_refresh(&peer) ? NULL : realloc(found->peers, (found->n + 1) * sizeof *grown);
    if (!grown) {
        found->no_memory |= peer.status != NULL;
        peer_close(&peer);
        return;
    }
    found->peers = grown;
    grown[found->n++] = peer;
}

static int by_pid(const void *a, const void *b)
{
    const struct qetl_control_peer *x = a, *y = b;
    json_int_t left = json_integer_value(json_object_get(x->status, "pid"));
    json_int_t right = json_integer_value(json_object_get(y->status, "pid"));
    return (left > right) - (left < right);
}

int qetl_control_peers(struct qetl_control_peer **peers, size_t *n)
{
    struct found found = {0};
    for (int i = 0; i < QETL_CONTROL_FOLDERS; i++) {
        char folder[QETL_CONTROL_PATH];
        if (!qetl_control_folder(i, false, folder))
            qetl_control_each(folder, peer_add, &found);
    }
    if (found.n)
        qsort(found.peers, found.n, sizeof *found.peers, by_pid);
    *peers = found.peers;
    *n = found.n;
    return found.no_memory ? -1 : 0;
}

void qetl_control_peers_free(struct qetl_control_peer *peers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        peer_close(&peers[i]);
    free(peers);
}
