/* SPDX-License-Identifier: Apache-2.0 */
#include "pushdown.h"

#include "expr/conditions.h"
#include "increment/increment.h"

#include <jansson.h>
#include <qetl/needs.h>
#include <stdlib.h>
#include <string.h>

/* The rows' way from the source on. */
struct way {
    const struct qetl_run *run;
    const struct qetl_port_flow *source;
    size_t node;     /* whose output is looked at */
    int64_t *origin; /* of each of its columns: the source's */
    struct qetl_needed *out;
    bool no_memory;
};

static const struct qetl_node_flow *flow_of(const struct way *w, size_t node)
{
    return &w->run->attempt.flows[node];
}

/* The one reader of a node's rows; or n_nodes. */
static size_t only_reader(const struct qetl_pipeline *pipeline, size_t node)
{
    size_t found = pipeline->n_nodes, n_readers = 0;
    for (size_t n = 0; n < pipeline->n_nodes; n++)
        for (size_t i = 0; i < pipeline->nodes[n].n_inputs; i++)
            if (pipeline->nodes[n].inputs[i].component == node) {
                found = n;
                n_readers++;
            }
    return n_readers == 1 ? found : pipeline->n_nodes;
}

static int needed_add(struct qetl_needed *out, char *tree)
{
    size_t size = (out->n_predicates + 1) * sizeof *out->predicates;
    char **grown = tree ? realloc(out->predicates, size) : NULL;
    if (!grown) {
        free(tree);
        return -1;
    }
    out->predicates = grown;
    out->predicates[out->n_predicates++] = tree;
    return 0;
}

/* ---- conditions ---- */

/* By the names that the source has for its columns. */
static int names_put(const struct way *w, const struct ArrowSchema *seen, json_t *tree)
{
    const char *name = json_string_value(json_object_get(tree, "column"));
    const char *key;
    json_t *part;
    size_t i;
    int failed = 0;
    if (name) {
        int64_t column = qetl_schema_find(seen, name);
        if (column < 0)
            return -1;
        const char *own = w->source->schema->children[w->origin[column]]->name;
        return json_object_set_new(tree, "column", json_string(own));
    }
    if (json_is_array(tree))
        json_array_foreach (tree, i, part)
            failed |= names_put(w, seen, part);
    else
        json_object_foreach (tree, key, part)
            failed |= names_put(w, seen, part);
    return failed;
}

static char *translated(const struct way *w, const struct ArrowSchema *seen, const char *tree)
{
    json_t *json = json_loads(tree, 0, NULL);
    char *text = json && !names_put(w, seen, json) ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

/* Whether rows go on behind it that a source without the others has all of. */
static bool condition_take(struct way *w, size_t node, const char *text)
{
    struct qetl_needed *out = w->out;
    struct qetl_expr_conditions parts;
    const struct ArrowSchema *seen = flow_of(w, w->node)->ports[0].schema;
    struct qetl_judge *judges = realloc(out->judges, (out->n_judges + 1) * sizeof *out->judges);
    out->judges = judges ? judges : out->judges;
    if (!judges || qetl_expr_conditions(flow_of(w, node)->instance, text, seen, &parts)) {
        w->no_memory = true;
        return false;
    }
    struct qetl_judge *judge = &judges[out->n_judges++];
    *judge = (struct qetl_judge){.node = node, .begin = out->n_predicates, .whole = parts.whole};
    for (size_t i = 0; !w->no_memory && i < parts.n; i++)
        w->no_memory = needed_add(out, translated(w, seen, parts.trees[i])) != 0;
    judge->end = out->n_predicates;
    qetl_expr_conditions_free(&parts);
    return judge->whole;
}

/* ---- the way ---- */

static const struct qetl_needs *needs_of(const struct qetl_node_flow *flow)
{
    return flow->component->get_extension
               ? flow->component->get_extension(flow->instance->self, QETL_EXT_NEEDS)
               : NULL;
}

/* Columns may be left out, renamed and turned round on the way. */
static void origin_follow(struct way *w, const struct qetl_node_flow *flow)
{
    const struct qetl_out_binding *out = &flow->binding.out[0];
    int64_t *origin = calloc((size_t)out->n_columns + 1, sizeof *origin);
    for (int64_t c = 0; origin && c < out->n_columns; c++)
        origin[c] = w->origin[out->columns[c].from[0]];
    w->no_memory = w->no_memory || !origin;
    free(w->origin);
    w->origin = origin;
}

/* A transform of one input and one output that makes no columns. */
static bool is_plain(const struct qetl_node *node, const struct qetl_node_flow *flow)
{
    return node->kind == QETL_TRANSFORM && !node->own && node->n_inputs == 1 &&
           flow->binding.n_out == 1 && flow->binding.out[0].n_derived == 0 &&
           flow->binding.out[0].rows <= QETL_ROWS_SUBSET;
}

/* Whether the way goes on behind that node. */
static bool step(struct way *w, size_t node)
{
    const struct qetl_node_flow *flow = flow_of(w, node);
    if (!is_plain(&w->run->pipeline->nodes[node], flow))
        return false;
    bool all = qetl_binding_is_copy(&flow->binding);
    const struct qetl_needs *needs = all ? NULL : needs_of(flow);
    const char *condition =
        needs && needs->condition ? needs->condition(flow->instance->self) : NULL;
    if (condition)
        all = condition_take(w, node, condition);
    else if (needs && needs->rows)
        w->out->limit = needs->rows(flow->instance->self);
    if (all)
        origin_follow(w, flow);
    w->node = node;
    return all && !w->no_memory;
}

static int from_increment(const struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_needed *out)
{
    size_t next = (size_t)(node + 1 - run->pipeline->nodes);
    char *tree = qetl_increment_predicate(run->attempt.flows[next].instance->self);
    return tree ? needed_add(out, tree) : 0;
}

int qetl_needed_gather(const struct qetl_run *run, const struct qetl_node *source,
                       struct qetl_needed *out)
{
    const struct qetl_pipeline *pipeline = run->pipeline;
    struct way w = {.run = run, .node = (size_t)(source - pipeline->nodes), .out = out};
    *out = (struct qetl_needed){.limit = -1};
    if (source->incremental) /* its watermark is that of all rows */
        return from_increment(run, source, out);
    if (run->options.observer) /* who wants to see each row on its way */
        return 0;
    w.source = &flow_of(&w, w.node)->ports[0];
    w.origin = calloc((size_t)w.source->n_columns + 1, sizeof *w.origin);
    w.no_memory = !w.origin;
    for (int64_t c = 0; w.origin && c < w.source->n_columns; c++)
        w.origin[c] = c;
    size_t next = only_reader(pipeline, w.node);
    while (!w.no_memory && next < pipeline->n_nodes && step(&w, next))
        next = only_reader(pipeline, next);
    free(w.origin);
    return w.no_memory ? -1 : 0;
}

void qetl_needed_settle(struct qetl_run *run, const struct qetl_needed *needed,
                        const int32_t *answers)
{
    for (size_t j = 0; j < needed->n_judges; j++) {
        const struct qetl_judge *judge = &needed->judges[j];
        struct qetl_node_flow *flow = &run->attempt.flows[judge->node];
        bool exact = judge->whole;
        for (size_t i = judge->begin; i < judge->end; i++) {
            exact = exact && answers[i] == QETL_PUSH_EXACT;
            if (answers[i] == QETL_PUSH_EXACT || answers[i] == QETL_PUSH_PARTIAL)
                flow->pushed = QETL_PUSH_PARTIAL;
        }
        if (!exact)
            continue;
        flow->pushed = QETL_PUSH_EXACT;
        qetl_binding_pass(&flow->binding);
    }
}

void qetl_needed_free(struct qetl_needed *needed)
{
    for (size_t i = 0; i < needed->n_predicates; i++)
        free(needed->predicates[i]);
    free(needed->predicates);
    free(needed->judges);
    *needed = (struct qetl_needed){0};
}
