/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each path of a pipeline promises, for people and for machines.
 *
 * Invariant: both say the same; lines keep to the width, as tables do.
 * Ownership: paths are borrowed.
 * Threads:   the caller's.
 */
#ifndef QETL_CORE_REPORT_PATHS_H
#define QETL_CORE_REPORT_PATHS_H

#include "run/promise.h"

#include <jansson.h>
#include <stdio.h>

struct qetl_paths {
    const struct qetl_pipeline *pipeline;
    const struct qetl_run_path *items;
    size_t count;
};

/* Nonzero without memory. */
int qetl_report_paths(const struct qetl_paths *, FILE *out, int indent, int width, int colour);
json_t *qetl_report_paths_json(const struct qetl_paths *);

#endif
