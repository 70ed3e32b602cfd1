/* SPDX-License-Identifier: Apache-2.0 */
/* qetl graph: a pipeline's components and what reads what. */
#include "cli.h"
#include "show/graph_draw.h"
#include "show/report.h"

struct own {
    int format;
};

static const char *const formats[] = {"text", "mermaid", "dot", NULL};
static int (*const draw[])(const struct qetl_pipeline *,
                           FILE *) = {qetl_graph_text, qetl_graph_mermaid, qetl_graph_dot};

static json_t *node_json(const struct qetl_pipeline *pipeline, const struct qetl_node *node)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < node->n_inputs; i++)
        json_array_append_new(inputs, json_pack("{s:s, s:s?}", "component",
                                                pipeline->nodes[node->inputs[i].component].id,
                                                "port", node->inputs[i].port));
    return json_pack("{s:s, s:s, s:s, s:s?, s:o}", "id", node->id, "kind",
                     qetl_kind_word(node->kind), "plugin", node->use.plugin->id, "format",
                     node->format.plugin ? node->format.plugin->id : NULL, "inputs", inputs);
}

static json_t *graph_json(const struct qetl_pipeline *pipeline)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < pipeline->n_nodes; i++)
        json_array_append_new(nodes, node_json(pipeline, &pipeline->nodes[i]));
    return json_pack("{s:s?, s:o}", "name", pipeline->name, "components", nodes);
}

static int graph(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document = registry ? qetl_cli_named(cli, findings) : NULL;
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, registry, findings) : NULL;
    if (pipeline && !cli->json && draw[own->format](pipeline, stdout))
        qetl_findings_no_memory(findings);
    int exit_code = qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                                    pipeline ? graph_json(pipeline) : NULL, findings);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"format", 'f', QETL_ARG_CHOICE, .offset = offsetof(struct own, format), .value = "FORMAT",
     .choices = formats, .help = "what the graph is drawn in (default: text)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Graph", true, options);

const struct qetl_command qetl_command_graph = {
    .name = "graph",
    .section = "Look",
    .summary = "draw a pipeline",
    .synopses = (const char *const[]){"FILE", "--from SRC --to DST", NULL},
    .description =
        "Draws the components of a pipeline and what reads what: as a tree on the terminal, for "
        "Mermaid (which Markdown on many sites shows as a picture) or for Graphviz. No data is "
        "touched and no plugin is loaded.",
    .operands = {.name = "FILE", .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_oneliner, &qetl_options_pipeline, &qetl_options_json,
               &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl graph orders.yaml", "a tree"},
            {"qetl graph orders.yaml --format dot | dot -Tsvg >orders.svg", "a picture"},
            {"qetl graph orders.yaml --format mermaid", "for a page of Markdown"},
            {NULL, NULL}},
    .exits = qetl_exits_check,
    .own_size = sizeof(struct own),
    .run = graph,
};
