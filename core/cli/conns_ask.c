/* SPDX-License-Identifier: Apache-2.0 */
/* Components outside a run: made, asked, and gone. */
#include "conns.h"
#include "host/host.h"
#include "plugin/loader.h"

#include <qetl/conns.h>

#include <stdlib.h>
#include <string.h>

static void log_drop(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg;
    (void)component;
    (void)level;
    (void)message;
}

static void output_drop(void *arg, const char *uri, int64_t rows, int64_t bytes)
{
    (void)arg;
    (void)uri;
    (void)rows;
    (void)bytes;
}

void qetl_asked_error(struct qetl_asked *a, const struct qetl_conns *c,
                      const struct qetl_node *node, struct qetl_findings *findings)
{
    struct qetl_error_report report = {0};
    if (a->ctx)
        report = qetl_instance_take_error(a->ctx);
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "connection", "%s",
                         report.message ? report.message : "it failed, and did not say why");
    struct qetl_place place =
        qetl_pipeline_place(c->pipeline, c->document, (size_t)(node - c->pipeline->nodes),
                            report.option ? report.option : "");
    qetl_finding_at(finding, place.file, place.line, place.column, node->path);
    qetl_document_show(c->document, finding, place);
    if (report.suggestion)
        qetl_finding_mend(finding, "%s", report.suggestion);
    qetl_error_report_free(&report);
}

int qetl_asked_begin(struct qetl_asked *a, const struct qetl_conns *c, const struct qetl_node *node,
                     const char *id, const void **extension, struct qetl_findings *findings)
{
    const struct qetl_component *component;
    *extension = NULL;
    *a = (struct qetl_asked){.pool = qetl_pool_new(QETL_MEMORY_BYTES)};
    a->env = (struct qetl_instance_env){.pool = a->pool,
                                        .stopping = &a->stopping,
                                        .epoch_requests = &a->requests,
                                        .log = log_drop,
                                        .output = output_drop};
    if (!a->pool) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    if (qetl_load_component(node->use.plugin, &qetl_host_table, NULL, &component, findings))
        return -1;
    a->ctx = qetl_instance_new(&a->env, node, &node->use, component);
    if (!a->ctx || qetl_instance_create(a->ctx) < 0) {
        qetl_asked_error(a, c, node, findings);
        return -1;
    }
    if (component->get_extension)
        *extension = component->get_extension(a->ctx->self, id);
    return 0;
}

void qetl_asked_end(struct qetl_asked *a)
{
    qetl_instance_free(a->ctx);
    qetl_pool_free(a->pool);
}

/* ---- probes ---- */

static int32_t line_keep(void *stream, const char *line)
{
    char **kept = stream;
    free(*kept);
    *kept = line ? strdup(line) : NULL;
    return QETL_OK;
}

static void probe(struct qetl_conns *c, const struct qetl_node *node, struct qetl_asked *a,
                  const struct qetl_probe *extension)
{
    struct qetl_findings findings = {0};
    char *line = NULL;
    if (extension->probe(a->ctx->self, &line, line_keep) < 0) {
        qetl_asked_error(a, c, node, &findings);
        qetl_conns_fail(c, node, &findings);
    } else {
        qetl_conns_say(c, node, "ok", "%s", line ? line : "it answers");
    }
    free(line);
}

void qetl_conns_probe(struct qetl_conns *c, const struct qetl_node *node)
{
    struct qetl_asked asked;
    struct qetl_findings findings = {0};
    const void *extension;
    if (qetl_asked_begin(&asked, c, node, QETL_EXT_PROBE, &extension, &findings))
        qetl_conns_fail(c, node, &findings);
    else if (extension)
        probe(c, node, &asked, extension);
    else if (node->kind == QETL_SINK)
        qetl_conns_say(c, node, "not_asked", "the plugin cannot say it without a run");
    qetl_asked_end(&asked);
}
