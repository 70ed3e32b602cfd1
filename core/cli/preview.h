/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A preview: the first rows after each component, with no sink touched.
 *
 * Invariant: what was read went through to the end, so that counts balance.
 * Ownership: all is borrowed but the capture and the report.
 * Threads:   the main thread, once the run is over.
 */
#ifndef QETL_CORE_PREVIEW_H
#define QETL_CORE_PREVIEW_H

#include "cli.h"
#include "show/capture.h"

struct qetl_preview {
    const struct qetl_pipeline *pipeline;
    struct qetl_run *run;
    struct qetl_capture capture;
    struct qetl_run_report report;
    bool *shown;  /* one a node */
    bool named;   /* components were asked for by name */
    bool implied; /* the sink was not asked for: it is not shown */
    bool quiet;
    int64_t rows, scan_rows;
    int colour, width;
    FILE *out;
};

json_t *qetl_preview_json(const struct qetl_preview *);
void qetl_preview_print(const struct qetl_preview *);

#endif
