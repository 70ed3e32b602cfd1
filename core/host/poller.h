/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches descriptors for idle instances (qetl.poll/1): one thread with epoll, made when first
 * needed.
 *
 * Invariant: each watch wakes its instance at most once; after free none does. Any number of
 * instances may watch a descriptor. Ownership: descriptors stay their plugin's. Threads:   watch
 * from any; new and free by one; hangup is called on the poller's thread.
 */
#ifndef QETL_CORE_POLLER_H
#define QETL_CORE_POLLER_H

#include <qetl/plugin.h>

struct qetl_poller;

/* hangup: the reader of an output went away (QETL_POLL_HANGUP). */
struct qetl_poller *qetl_poller_new(void (*hangup)(void *arg, struct qetl_ctx *), void *arg);
/* One shot. A descriptor that cannot be watched (a plain file) is always ready: woken at once. */
int32_t qetl_poller_watch(struct qetl_poller *, struct qetl_ctx *, int fd, uint32_t events);
void qetl_poller_free(struct qetl_poller *); /* accepts NULL */

#endif
