/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches over a run from the side: signals end it, and a terminal sees how far it is.
 *
 * Invariant: the first SIGINT or SIGTERM ends the run in order (of one without end: the second);
 * the next ends the process, whatever a component is doing; a run that does not end for a while is
 * said to wait, and for which call. Ownership: the run is borrowed, and outlives the watch.
 * Threads:   one of its own between start and stop. start blocks the signals in the caller, and so
 * in every thread that comes after.
 */
#ifndef QETL_CORE_WATCH_H
#define QETL_CORE_WATCH_H

#include <stdbool.h>

struct qetl_run;
struct qetl_watch;

struct qetl_watch *qetl_watch_start(struct qetl_run *,
                                    bool progress); /* NULL: no thread to be had */
void qetl_watch_stop(struct qetl_watch *);          /* accepts NULL */

#endif
