/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who wants which column in which form. Untouched columns travel as the text they came in as, so
 * that their bytes survive and nobody pays for a value that is not read; this is decided here,
 * once.
 */
#include "flow.h"

#include "lookout.h"
#include "op_source.h"
#include "pushdown.h"
#include "readers.h"

#include <stdlib.h>
#include <string.h>

const struct qetl_port_flow *qetl_flow_input(const struct qetl_node_flow *flows,
                                             const struct qetl_pipeline *pipeline,
                                             const struct qetl_input *input)
{
    const struct qetl_node *from = &pipeline->nodes[input->component];
    uint32_t port = 0;
    for (size_t i = 0; input->port && i < from->n_outputs; i++)
        if (strcmp(from->outputs[i], input->port) == 0)
            port = (uint32_t)i;
    return &flows[input->component].ports[port];
}

static struct qetl_column_flow *input_columns(struct qetl_node_flow *flows,
                                              const struct qetl_pipeline *pipeline,
                                              const struct qetl_node *node, size_t i)
{
    return qetl_flow_input(flows, pipeline, &node->inputs[i])->columns;
}

/* The cheapest accepted form that can be had. */
static uint32_t choose_form(uint32_t accepted, bool lexical)
{
    if (lexical && accepted & QETL_FORM_LEXICAL)
        return QETL_FORM_LEXICAL;
    if (lexical && accepted & QETL_FORM_CHECKED)
        return QETL_FORM_CHECKED;
    return accepted & QETL_FORM_VALUE ? QETL_FORM_VALUE : 0;
}

/* The schema as delivered: lexical columns are text views that name their type and origin. */
static int32_t deliver_field(const struct ArrowSchema *field, uint32_t form, const char *lexical,
                             struct ArrowSchema *delivered)
{
    struct ArrowSchema out = {0};
    if (form == QETL_FORM_VALUE) {
        int32_t status = qetl_schema_copy(field, &out);
        return status ? status : qetl_schema_append(delivered, &out);
    }
    size_t size;
    const char *declared = qetl_schema_metadata(field, "qetl:type", &size);
    char *type = declared ? strndup(declared, size) : qetl_type_text(field);
    int32_t status = type ? qetl_schema_init_field(&out, field->name, "vu") : QETL_E_NO_MEMORY;
    if (!status)
        status = qetl_schema_set_metadata(&out, "qetl:type", type);
    if (!status)
        status = qetl_schema_set_metadata(&out, "qetl:lexical", lexical);
    if (!status)
        status = qetl_schema_append(delivered, &out);
    free(type);
    qetl_schema_release(&out);
    return status;
}

/* Which format spelled column c of input i; NULL: none. One encoder for all inputs needs the same
 * answer of all. */
static const char *spelled_by(const struct qetl_pipeline *pipeline, const struct qetl_node *node,
                              const struct qetl_node_flow *flows, const struct qetl_node_flow *flow,
                              uint32_t i, int64_t c)
{
    const char *lexical = qetl_flow_input(flows, pipeline, &node->inputs[i])->columns[c].lexical;
    for (uint32_t k = 0; flow->one_encoder && lexical && k < flow->n_takes; k++) {
        const struct qetl_port_flow *other = qetl_flow_input(flows, pipeline, &node->inputs[k]);
        const char *by = c < other->n_columns ? other->columns[c].lexical : NULL;
        if (!by || strcmp(by, lexical) != 0)
            return NULL;
    }
    return lexical;
}

static int32_t decide_sink(const struct qetl_pipeline *pipeline, const struct qetl_node *node,
                           struct qetl_node_flow *flows, struct qetl_node_flow *flow)
{
    int32_t status = QETL_OK;
    for (uint32_t i = 0; i < flow->n_takes; i++) {
        struct qetl_take_flow *take = &flow->takes[i];
        const struct qetl_port_flow *from = qetl_flow_input(flows, pipeline, &node->inputs[i]);
        status = qetl_schema_init_struct(&take->delivered);
        for (int64_t c = 0; !status && c < take->n_wants; c++) {
            struct qetl_column_flow *column = &from->columns[take->wants[c].column];
            const char *lexical = spelled_by(pipeline, node, flows, flow, i, c);
            uint32_t form = choose_form(take->wants[c].form, lexical != NULL);
            if (!form)
                return QETL_E_UNSUPPORTED;
            take->wants[c].form = form;
            column->wanted |= form;
            if (c < take->n_wants - take->n_left_out)
                status = deliver_field(from->schema->children[take->wants[c].column], form, lexical,
                                       &take->delivered);
        }
        if (status)
            return status;
    }
    return status;
}

static void want_back(const struct qetl_pipeline *pipeline, const struct qetl_node *node,
                      struct qetl_node_flow *flows, const struct qetl_node_flow *flow)
{
    const struct qetl_binding *binding = &flow->binding;
    for (uint32_t i = 0; i < binding->n_in; i++) {
        struct qetl_column_flow *in = input_columns(flows, pipeline, node, i);
        for (int64_t r = 0; r < binding->in[i].n_reads; r++)
            in[binding->in[i].reads[r].column].wanted |= binding->in[i].reads[r].form;
        for (uint32_t p = 0; p < binding->n_out; p++)
            for (int64_t c = 0; c < binding->out[p].n_columns; c++)
                if (binding->out[p].columns[c].from[i] >= 0)
                    in[binding->out[p].columns[c].from[i]].wanted |=
                        flow->ports[p].columns[c].wanted;
    }
}

static int32_t decide_source(struct qetl_node_flow *flow)
{
    const struct qetl_port_flow *port = &flow->ports[0];
    int64_t n_columns = port->n_columns - (flow->added ? flow->added_fields.n_children : 0);
    flow->wants = calloc((size_t)n_columns * 2 + 1, sizeof *flow->wants);
    if (!flow->wants)
        return QETL_E_NO_MEMORY;
    for (int64_t c = 0; c < n_columns; c++) {
        uint32_t wanted = port->columns[c].wanted;
        uint32_t lexical = wanted & (QETL_FORM_LEXICAL | QETL_FORM_CHECKED);
        /* text that is checked looks the same in both forms: then one serves for both */
        bool shared = lexical && wanted & QETL_FORM_VALUE &&
                      strcmp(port->schema->children[c]->format, "vu") == 0;
        if (shared || lexical & QETL_FORM_CHECKED)
            lexical = QETL_FORM_CHECKED;
        if (lexical)
            flow->wants[flow->n_wants++] = (struct qetl_want){.column = c, .form = lexical};
        if (wanted & QETL_FORM_VALUE && !shared)
            flow->wants[flow->n_wants++] = (struct qetl_want){.column = c, .form = QETL_FORM_VALUE};
    }
    return QETL_OK;
}

void qetl_flow_want_all(const struct qetl_pipeline *pipeline, struct qetl_node_flow *flows)
{
    for (size_t n = 0; n < pipeline->n_nodes; n++)
        for (uint32_t p = 0; p < flows[n].n_ports; p++)
            for (int64_t c = 0; c < flows[n].ports[p].n_columns; c++) {
                struct qetl_column_flow *column = &flows[n].ports[p].columns[c];
                column->wanted |= column->lexical ? QETL_FORM_LEXICAL : QETL_FORM_VALUE;
            }
}

int32_t qetl_flow_decide_forms(const struct qetl_pipeline *pipeline, struct qetl_node_flow *flows)
{
    int32_t status = QETL_OK;
    for (size_t n = pipeline->n_nodes; !status && n-- > 0;) {
        const struct qetl_node *node = &pipeline->nodes[n];
        struct qetl_node_flow *flow = &flows[n];
        if (node->kind == QETL_SINK)
            status = decide_sink(pipeline, node, flows, flow);
        else if (node->kind == QETL_TRANSFORM)
            want_back(pipeline, node, flows, flow);
        else
            status = decide_source(flow);
    }
    return status;
}

void qetl_node_flow_free(struct qetl_node_flow *flow)
{
    for (uint32_t i = 0; i < flow->n_ports; i++)
        free(flow->ports[i].columns);
    free(flow->ports);
    for (uint32_t i = 0; i < flow->n_takes; i++) {
        free(flow->takes[i].wants);
        free(flow->takes[i].keys);
        qetl_schema_release(&flow->takes[i].delivered);
    }
    free(flow->takes);
    qetl_schema_release(&flow->schema);
    qetl_schema_release(&flow->source.schema);
    qetl_schema_release(&flow->added_fields);
    qetl_schema_release(&flow->joined);
    free(flow->prologue);
    free(flow->inferred);
    free(flow->why);
    free(flow->wants);
    qetl_source_state_free(flow->reader);
    qetl_readers_free(flow);
    qetl_asked_free(flow->asked);
    qetl_binding_free(&flow->binding);
}
