/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's description, for people and for machines.
 *
 * Invariant: both say the same; lines keep to the width, as tables do.
 * Ownership: the description is borrowed.
 * Threads:   the caller's.
 */
#ifndef QETL_CORE_REPORT_PLAN_H
#define QETL_CORE_REPORT_PLAN_H

#include "report_paths.h"
#include "run/describe.h"

#include <jansson.h>
#include <stdio.h>

/* Nonzero without memory. */
int qetl_report_plan(const struct qetl_pipeline *, const struct qetl_run_description *, FILE *out,
                     int width, int colour);
json_t *qetl_report_plan_json(const struct qetl_pipeline *, const struct qetl_run_description *);

const char *qetl_part_word(enum qetl_run_part);

#endif
