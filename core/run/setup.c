/* SPDX-License-Identifier: Apache-2.0 */
#include "setup.h"

#include "host/host.h"
#include "names.h"
#include "plugin/loader.h"

#include <stdlib.h>

int32_t qetl_setup_no_memory(struct qetl_run *run, const struct qetl_node *node)
{
    return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
}

int32_t qetl_setup_load(struct qetl_run *run, const struct qetl_plugin_use *use,
                        const struct qetl_component **out)
{
    if (!use->plugin)
        return QETL_OK;
    if (!qetl_load_component(use->plugin, &qetl_host_table, NULL, out, run->findings))
        return QETL_OK;
    qetl_run_end(run, QETL_EXIT_ENVIRONMENT);
    return QETL_E_ENVIRONMENT;
}

int32_t qetl_setup_ports(struct qetl_run *run, const struct qetl_node *node,
                         struct qetl_node_flow *flow, uint32_t n)
{
    flow->ports = calloc(n, sizeof *flow->ports);
    if (!flow->ports)
        return qetl_setup_no_memory(run, node);
    flow->n_ports = n;
    return QETL_OK;
}

int32_t qetl_setup_port(struct qetl_run *run, const struct qetl_node *node,
                        struct qetl_port_flow *port, const struct ArrowSchema *schema)
{
    port->schema = schema;
    port->n_columns = schema->n_children;
    port->columns = calloc((size_t)port->n_columns + 1, sizeof *port->columns);
    return port->columns ? qetl_names_check(run, node, schema) : qetl_setup_no_memory(run, node);
}

int32_t qetl_setup_format(struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_node_flow *flow, struct qetl_format_info *out)
{
    int32_t status = flow->format->format->describe(flow->codec->self, out);
    return status < 0 ? qetl_run_fail(run, node, flow->codec, "describe", status) : QETL_OK;
}
