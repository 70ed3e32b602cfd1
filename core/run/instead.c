/* SPDX-License-Identifier: Apache-2.0 */
/* A format that finds that the input is not its own names another, which takes its place. */
#include "config/schema_check.h"
#include "pipeline/pipeline_schema.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

static int32_t refuse(struct qetl_run *run, const struct qetl_node *node, const char *what,
                      const char *id, const char *why)
{
    char message[400];
    snprintf(message, sizeof message, "%.160s; format `%.60s` %.100s", what, id, why);
    return qetl_run_refuse(run, node, "no_format", message,
                           "name the format that reads it, with  format: NAME", "/format");
}

static const char *reason_against(const struct qetl_manifest_component *format)
{
    if (!format)
        return "is not installed";
    if (!format->reads)
        return "cannot read";
    return json_array_size(json_object_get(format->options, "required"))
               ? "has options that must be given"
               : NULL;
}

/* As if nobody had written an option. */
static json_t *default_options(struct qetl_run *run, const struct qetl_manifest_component *format)
{
    json_t *schema = qetl_format_schema(format), *options = json_object();
    if (schema && options)
        qetl_schema_check(schema, options, run->options.document, "/format", run->findings);
    json_object_del(options, "type");
    json_decref(schema);
    return options;
}

static int32_t announce(struct qetl_run *run, const struct qetl_node *node,
                        struct qetl_node_flow *flow, const char *what, const char *id)
{
    if (asprintf(&flow->why, "%s; read as %s", what, id) < 0) {
        flow->why = NULL;
        return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
    }
    if (run->env.log)
        run->env.log(run->env.arg, node->id, QETL_LOG_WARN, flow->why);
    return QETL_OK;
}

int32_t qetl_run_format_instead(struct qetl_run *run, const struct qetl_node *node,
                                struct qetl_node_flow *flow, const struct qetl_inferred *answer)
{
    const char *id = answer->instead ? answer->instead : "";
    const char *what = answer->summary ? answer->summary : "it is of another format";
    const struct qetl_manifest_component *format =
        qetl_registry_find(run->registry, QETL_FORMAT, id);
    bool asked = flow->instead.plugin || format == node->format.plugin;
    const char *against = asked ? "was asked already"
                          : format && qetl_registry_rival(run->registry, format, id)
                              ? "is offered by two plugins"
                              : reason_against(format);
    if (against)
        return refuse(run, node, what, id, against);
    flow->instead = (struct qetl_plugin_use){
        .plugin = format, .options = default_options(run, format), .place = node->use.place};
    if (!flow->instead.options)
        return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
    flow->format_use = &flow->instead;
    return announce(run, node, flow, what, id);
}
