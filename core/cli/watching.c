/* SPDX-License-Identifier: Apache-2.0 */
#include "watching.h"

#include "border/border.h"
#include "config/suggest.h"
#include "record/recorder.h"
#include "record/recording_write.h"
#include "trace/trace.h"

#include <errno.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#ifndef QETL_VERSION
#define QETL_VERSION "0.1.0"
#endif

enum { RECORD_BYTES = 256 << 20 }; /* unless --record-most says otherwise */
enum { FRAME_PART = 16 };          /* of all that, what one call may take */

static bool has_component(const struct qetl_pipeline *pipeline, const char *id,
                          struct qetl_suggest *suggest)
{
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        if (strcmp(pipeline->nodes[i].id, id) == 0)
            return true;
        qetl_suggest_offer(suggest, pipeline->nodes[i].id);
    }
    return false;
}

static void check_record(const struct qetl_watching_options *options,
                         const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    struct qetl_suggest suggest;
    const char *of = options->record_of;
    if ((of || options->record_most) && !options->record)
        qetl_cli_usage(findings, "name a folder with --record DIR",
                       "--record-of and --record-most go with --record");
    qetl_suggest_init(&suggest, of ? of : "");
    if (of && !has_component(pipeline, of, &suggest)) {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "unknown_component",
                             "--record-of: the pipeline has no component '%s'", of);
        if (suggest.best)
            qetl_finding_mend(finding, "did you mean %s?", suggest.best);
    }
    if (options->record && pipeline->letters.n_private)
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_ERROR, "private_columns",
                             "--record keeps whole rows, and column '%s' is never to be stored "
                             "(dead_letters.private)",
                             pipeline->letters.private[0]),
            "record a run over rows that may be kept, with a pipeline that has no such columns");
}

void qetl_watching_check(const struct qetl_watching_options *options,
                         const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    if (options->trace && *options->trace)
        qetl_pipeline_check_file(pipeline, options->trace, "--abi-trace", findings);
    check_record(options, pipeline, findings);
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

static void record_put(void *arg, bool base, const void *frame, size_t size)
{
    struct qetl_watching *watching = arg;
    qetl_recording_put(watching->writer, base, frame, size); /* finish tells what failed */
}

static void record_failed(void *arg)
{
    struct qetl_watching *watching = arg;
    watching->lost = true;
}

static int record_open(struct qetl_watching *watching, const struct qetl_watching_options *options,
                       const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    int64_t most = options->record_most ? options->record_most : RECORD_BYTES;
    watching->writer = qetl_recording_create(options->record, most);
    if (!watching->writer) {
        int error = errno;
        struct qetl_finding *finding = qetl_finding_add(
            findings, QETL_ERROR, "record", "--record: '%s' cannot hold a recording: %s",
            options->record, error == ENOTEMPTY ? "it holds something already" : strerror(error));
        qetl_finding_environment(finding);
        if (error == ENOTEMPTY)
            qetl_finding_mend(finding, "name a new folder, or empty this one");
        return -1;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    watching->now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    struct qetl_recorder_options record = {.component = options->record_of,
                                           .pipeline = pipeline->name,
                                           .version = QETL_VERSION,
                                           .timezone = pipeline->timezone,
                                           .now_us = watching->now_us,
                                           .mask = pipeline->mask,
                                           .frame_most = (size_t)(most / FRAME_PART),
                                           .put = record_put,
                                           .failed = record_failed,
                                           .arg = watching};
    watching->recorder = qetl_recorder_new(&record);
    if (!watching->recorder) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    struct qetl_border_watcher watcher = qetl_recorder_watcher(watching->recorder);
    qetl_border_watch(watching->border, &watcher);
    return 0;
}

static void watching_free(struct qetl_watching *watching)
{
    qetl_border_free(watching->border);
    qetl_recorder_free(watching->recorder);
}

int qetl_watching_open(struct qetl_watching *watching, const struct qetl_watching_options *options,
                       const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                       struct qetl_findings *findings)
{
    *watching = (struct qetl_watching){0};
    if (!options->trace && !options->record)
        return 0;
    watching->border = qetl_border_new(registry);
    if (!watching->border) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    if ((!options->trace || !trace_open(watching, options, pipeline, findings)) &&
        (!options->record || !record_open(watching, options, pipeline, findings)))
        return 0;
    watching_free(watching);
    qetl_trace_close(watching->trace);
    qetl_recording_finish(watching->writer);
    return -1;
}

static void record_close(struct qetl_watching *watching,
                         const struct qetl_watching_options *options, struct qetl_log *log)
{
    char message[512];
    if (!watching->writer)
        return;
    qetl_recorder_end(watching->recorder);
    uint32_t dropped = qetl_recording_dropped(watching->writer);
    snprintf(message, sizeof message,
             "the recording in '%s' wrapped: its first %u files gave way to what came later, so "
             "that a replay begins in the middle (--record-most is how large it may be)",
             options->record, dropped);
    if (dropped)
        qetl_log_write(log, "record", QETL_LOG_WARN, message);
    int error = qetl_recording_finish(watching->writer);
    if (!error && watching->lost)
        error = ENOMEM;
    snprintf(message, sizeof message, "the recording in '%s' is not whole: %s", options->record,
             strerror(error));
    if (error)
        qetl_log_write(log, "record", QETL_LOG_ERROR, message);
}

int qetl_watching_close(struct qetl_watching *watching, const struct qetl_watching_options *options,
                        struct qetl_log *log, int exit_code)
{
    char message[256];
    record_close(watching, options, log);
    watching_free(watching);
    int error = qetl_trace_close(watching->trace);
    snprintf(message, sizeof message, "'%s' is not whole: %s", options->trace ? options->trace : "",
             strerror(error));
    if (error)
        qetl_log_write(log, "abi-trace", QETL_LOG_ERROR, message);
    return exit_code;
}
