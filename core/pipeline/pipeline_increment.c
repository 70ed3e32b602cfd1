/* SPDX-License-Identifier: Apache-2.0 */
/* Behind each source with `incremental` stands a component of the host's own, which all that read
 * the source read in its place. */
#include "increment/increment.h"
#include "pipeline_draft.h"

#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>

static size_t count(const struct qetl_pipeline *pipeline)
{
    size_t n = 0;
    for (size_t i = 0; i < pipeline->n_nodes; i++)
        n += pipeline->nodes[i].incremental != NULL;
    return n;
}

/* Its path, with an option behind it, is one into the source's own word. */
static int node_make(const struct qetl_node *source, size_t index, struct qetl_node *node)
{
    *node = (struct qetl_node){.kind = QETL_TRANSFORM,
                               .own = &qetl_increment_component,
                               .use = {.plugin = &qetl_increment_manifest,
                                       .options = json_incref(source->incremental),
                                       .place = source->use.place}};
    qetl_limits_default(&node->limits);
    if (asprintf(&node->id, "%s.incremental", source->id) < 0)
        node->id = NULL;
    if (asprintf(&node->path, "%s/incremental", source->path) < 0)
        node->path = NULL;
    node->inputs = calloc(1, sizeof *node->inputs);
    if (node->inputs)
        node->inputs[node->n_inputs++] = (struct qetl_input){.component = index};
    return node->id && node->path && node->inputs ? 0 : -1;
}

/* Whom a reader finds where `index` was before. */
static void inputs_move(struct qetl_node *node, const size_t *readable)
{
    for (size_t i = 0; i < node->n_inputs; i++)
        node->inputs[i].component = readable[node->inputs[i].component];
}

int qetl_pipeline_increment(struct qetl_pipeline *pipeline)
{
    size_t n = pipeline->n_nodes, more = count(pipeline), to = 0;
    if (!more)
        return 0;
    struct qetl_node *nodes = calloc(n + more + 1, sizeof *nodes);
    size_t *readable = calloc(n, sizeof *readable);
    int failed = !nodes || !readable;
    for (size_t i = 0; nodes && readable && i < n; i++) {
        nodes[to] = pipeline->nodes[i];
        inputs_move(&nodes[to], readable);
        readable[i] = to++;
        if (!nodes[to - 1].incremental || failed)
            continue;
        failed = node_make(&nodes[to - 1], to - 1, &nodes[to]);
        readable[i] = to++;
    }
    free(readable);
    if (!nodes)
        return -1;
    if (to) {
        free(pipeline->nodes);
        pipeline->nodes = nodes;
        pipeline->n_nodes = to;
    } else
        free(nodes);
    return failed ? -1 : 0;
}
