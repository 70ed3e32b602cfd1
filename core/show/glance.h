/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run that ends once enough was seen, or once its sources have been silent for too long.
 *
 * Invariant: what was read goes through to the end. Ownership: the run is borrowed. Threads: a
 * watch and a clock of its own, which are gone when it answers.
 */
#ifndef QETL_CORE_GLANCE_H
#define QETL_CORE_GLANCE_H

#include <stdint.h>

struct qetl_run;

/* The exit code of qetl_run_execute. */
int qetl_glance(struct qetl_run *, int64_t wait_ms);

#endif
