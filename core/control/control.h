/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running pipeline's socket: qetl top and qetl tap ask there. docs/reference/control.md is the
 * protocol.
 *
 * Invariant: only the same user, or root, is answered; a run never waits for a client, nor fails
 * for want of the socket. Ownership: the control borrows the run, and is stopped before the run is
 * freed. Threads:   one of its own between start and stop.
 */
#ifndef QETL_CORE_CONTROL_H
#define QETL_CORE_CONTROL_H

#include "run/run.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { QETL_CONTROL_VERSION = 1, QETL_CONTROL_PATH = 108, QETL_CONTROL_REQUEST = 64 << 10 };

struct qetl_control;

/* NULL: *why says why there is none. */
struct qetl_control *qetl_control_start(struct qetl_run *, const struct qetl_pipeline *,
                                        char why[256]);
void qetl_control_stop(struct qetl_control *); /* accepts NULL; the socket is gone */

/* control_folder.c: where sockets lie: number 0 is $XDG_RUNTIME_DIR/qetl, 1 is /tmp/qetl-UID. 0, or
 * an errno: not there, or not ours alone. */
enum { QETL_CONTROL_FOLDERS = 2 };
int qetl_control_folder(int number, bool make, char folder[QETL_CONTROL_PATH]);
/* Calls with the path of each socket in it. */
void qetl_control_each(const char *folder, void (*each)(void *arg, const char *path), void *arg);
/* Connected, or -1 with errno. What answers nobody any more is removed. */
int qetl_control_connect(const char *path);

/* control_answer.c: what a client is told. */
json_t *qetl_control_status(struct qetl_run *, const struct qetl_pipeline *);
json_t *qetl_control_error(const char *code, const char *message, const char *suggestion);

/* control_client.c */
struct qetl_control_peer {
    int fd;
    char path[QETL_CONTROL_PATH];
    json_t *status; /* the newest; NULL: it did not answer */
    char *text;     /* what was read, and the line that was given out */
    size_t size, room, used;
};
/* All running pipelines of this user that answer; -1 without memory. */
int qetl_control_peers(struct qetl_control_peer **, size_t *n);
/* One by its path; -1 with errno. */
int qetl_control_peer_open(struct qetl_control_peer *, const char *path);
/* 0, or an errno. The request is freed. */
int qetl_control_send(struct qetl_control_peer *, json_t *request);
/* The next line, valid until the next one is asked for; NULL: none within timeout_ms (errno
 * EAGAIN), or none any more. */
const char *qetl_control_line(struct qetl_control_peer *, int timeout_ms);
/* The same as JSON; NULL also if it is none. */
json_t *qetl_control_receive(struct qetl_control_peer *, int timeout_ms);
/* Asks for the status: 0, or -1 when the run is over. */
int qetl_control_refresh(struct qetl_control_peer *);
void qetl_control_peers_free(struct qetl_control_peer *, size_t n);

#endif
