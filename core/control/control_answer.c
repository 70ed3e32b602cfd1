/* SPDX-License-Identifier: Apache-2.0 */
/* What clients of a running pipeline are told of it. */
#include "control.h"
#include "data/json_text.h"
#include "run/observe.h"
#include "show/report.h"

#include <unistd.h>

static json_t *edge_json(const struct qetl_edge_report *edge)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:f}", "from", edge->from, "from_part",
                     edge->from_part, "to", edge->to, "to_part", edge->to_part, "depth",
                     (json_int_t)edge->depth, "capacity", (json_int_t)edge->capacity, "producers",
                     (json_int_t)edge->producers, "blocked_s", edge->blocked_s);
}

json_t *qetl_control_status(struct qetl_run *run, const struct qetl_pipeline *pipeline)
{
    struct qetl_run_report report;
    struct qetl_flow_report flow;
    qetl_run_report(run, &report);
    qetl_flow_report(run, &flow);
    json_t *whole = qetl_report_result_json(&report), *edges = json_array();
    for (size_t i = 0; i < flow.n_edges; i++)
        json_array_append_new(edges, edge_json(&flow.edges[i]));
    json_t *status = json_pack(
        "{s:I, s:o, s:s, s:f, s:{s:I, s:I}, s:I, s:I, s:I, s:I, s:I, s:o, s:O, s:o}", "pid",
        (json_int_t)getpid(), "pipeline", qetl_json_text(pipeline->name ? pipeline->name : "qetl"),
        "phase", flow.phase, "seconds", report.setup_s + report.processing_s + report.finish_s,
        "memory", "bytes", (json_int_t)flow.memory_bytes, "budget",
        (json_int_t)flow.memory_budget_bytes, "peak_rss_bytes", (json_int_t)report.peak_rss_bytes,
        "epochs", (json_int_t)report.epochs, "epochs_retried", (json_int_t)report.epochs_retried,
        "bytes_done", (json_int_t)report.bytes_done, "bytes_expected",
        (json_int_t)report.bytes_expected, "summary", qetl_report_summary_json(&report),
        "components", json_object_get(whole, "components"), "edges", edges);
    json_decref(whole);
    qetl_run_report_free(&report);
    qetl_flow_report_free(&flow);
    return json_pack("{s:i, s:b, s:o}", "qetl", QETL_CONTROL_VERSION, "ok", 1, "status", status);
}

json_t *qetl_control_error(const char *code, const char *message, const char *suggestion)
{
    return json_pack("{s:i, s:b, s:{s:s, s:o, s:o}}", "qetl", QETL_CONTROL_VERSION, "ok", 0,
                     "error", "code", code, "message", qetl_json_text(message), "suggestion",
                     qetl_json_text(suggestion));
}
