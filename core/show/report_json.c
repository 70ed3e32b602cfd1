/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "data/json_text.h"

#include <qetl/plugin.h>

static json_t *counts_json(const struct qetl_counts *c)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rows_in", (json_int_t)c->rows_in,
                     "rows_out", (json_int_t)c->rows_out, "rows_filtered",
                     (json_int_t)c->rows_filtered, "rows_rejected", (json_int_t)c->rows_rejected,
                     "rows_added", (json_int_t)c->rows_added, "rows_reduced",
                     (json_int_t)c->rows_reduced);
}

json_t *qetl_report_summary_json(const struct qetl_run_report *r)
{
    json_t *summary = counts_json(&r->summary);
    json_object_set_new(summary, "bytes_in", json_integer(r->summary.bytes_in));
    json_object_set_new(summary, "bytes_out", json_integer(r->summary.bytes_out));
    json_object_set_new(summary, "balanced", json_boolean(r->balanced));
    return summary;
}

double qetl_report_rows_per_batch(const struct qetl_component_report *c)
{
    return c->batches ? (double)c->counts.rows_out / (double)c->batches : 0;
}

static json_t *component_json(const struct qetl_component_report *c)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "id", c->id, "kind", qetl_kind_word(c->kind),
                             "plugin", c->plugin);
    json_t *counts = counts_json(&c->counts);
    json_object_update(json, counts);
    json_decref(counts);
    json_object_set_new(json, "batches", json_integer(c->batches));
    json_object_set_new(json, "rows_per_batch", json_real(qetl_report_rows_per_batch(c)));
    json_object_set_new(json, "seconds", json_real(c->seconds));
    json_object_set_new(json, "replicas", json_integer(c->replicas));
    json_object_set_new(json, "retries", json_integer(c->retries));
    json_object_set_new(json, "epochs_retried", json_integer(c->epochs_retried));
    json_object_set_new(json, "breaker", json_string(c->breaker));
    return json;
}

static json_t *output_json(const struct qetl_output_report *output)
{
    json_t *bytes = output->bytes < 0 ? json_null() : json_integer((json_int_t)output->bytes);
    return json_pack("{s:o, s:I, s:o}", "uri", qetl_json_text(output->uri), "rows",
                     (json_int_t)output->rows, "bytes", bytes);
}

json_t *qetl_report_result_json(const struct qetl_run_report *r)
{
    json_t *components = json_array(), *outputs = json_array();
    for (size_t i = 0; i < r->n_components; i++)
        json_array_append_new(components, component_json(&r->components[i]));
    for (size_t i = 0; i < r->n_outputs; i++)
        json_array_append_new(outputs, output_json(&r->outputs[i]));
    json_t *state =
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:b}", "path", qetl_json_text(r->state), "generation",
                  (json_int_t)r->generation, "resumed_from", (json_int_t)r->resumed_from, "epochs",
                  (json_int_t)r->epochs, "epochs_retried", (json_int_t)r->epochs_retried,
                  "was_complete", r->was_complete);
    return json_pack("{s:s, s:o, s:{s:f, s:f, s:f}, s:I, s:I, s:o, s:o, s:o, s:s?}", "mode",
                     r->mode ? r->mode : "hybrid", "components", components, "timing", "setup_s",
                     r->setup_s, "processing_s", r->processing_s, "finish_s", r->finish_s,
                     "peak_rss_bytes", (json_int_t)r->peak_rss_bytes, "barriers",
                     (json_int_t)r->barriers, "outputs", outputs, "dead_letters",
                     qetl_json_text(r->dead_letters), "state", state, "delivery", r->delivery);
}
