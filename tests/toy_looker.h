/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Someone who looks into a run from the side, at random: reports, taps that are read or not, early
 * and late.
 *
 * Invariant: what it sees changes nothing of the run.
 * Ownership: the run is borrowed until the looker has been stopped.
 * Threads:   one of its own.
 */
#ifndef QETL_TOY_LOOKER_H
#define QETL_TOY_LOOKER_H

#include "run/run.h"

#include <stdint.h>

struct toy_looker;

struct toy_looker *toy_looker_start(struct qetl_run *, const struct qetl_pipeline *, uint64_t seed);
/* After the run's end, before it is freed. Answers what was wrong, or NULL; adds the rows seen. */
const char *toy_looker_stop(struct toy_looker *, int64_t *rows);

#endif
