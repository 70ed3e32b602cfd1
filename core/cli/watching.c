/* SPDX-License-Identifier: Apache-2.0 */
#include "watching.h"

#include "border/border.h"
#include "trace/trace.h"

#include <errno.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <string.h>

void qetl_watching_check(const struct qetl_watching_options *options,
                         const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    if (options->trace && *options->trace)
        qetl_pipeline_check_file(pipeline, options->trace, "--abi-trace", findings);
}

static int trace_open(struct qetl_watching *watching, const struct qetl_watching_options *options,
                      const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    watching->trace = qetl_trace_open(*options->trace ? options->trace : NULL, pipeline->mask);
    if (!watching->trace) {
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "abi_trace",
                                                  "--abi-trace: '%s' cannot be written: %s",
                                                  options->trace, strerror(errno)));
        return -1;
    }
    struct qetl_border_watcher watcher = qetl_trace_watcher(watching->trace);
    qetl_border_watch(watching->border, &watcher);
    return 0;
}

int qetl_watching_open(struct qetl_watching *watching, const struct qetl_watching_options *options,
                       const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                       struct qetl_findings *findings)
{
    *watching = (struct qetl_watching){0};
    if (!options->trace)
        return 0;
    watching->border = qetl_border_new(registry);
    if (!watching->border) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    if (!trace_open(watching, options, pipeline, findings))
        return 0;
    qetl_border_free(watching->border);
    return -1;
}

int qetl_watching_close(struct qetl_watching *watching, const struct qetl_watching_options *options,
                        struct qetl_log *log, int exit_code)
{
    char message[256];
    qetl_border_free(watching->border);
    int error = qetl_trace_close(watching->trace);
    snprintf(message, sizeof message, "'%s' is not whole: %s", options->trace ? options->trace : "",
             strerror(error));
    if (error)
        qetl_log_write(log, "abi-trace", QETL_LOG_ERROR, message);
    return exit_code;
}
