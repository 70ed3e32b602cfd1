/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first name in the order of bytes that two children have; NULL: there is none. */
static const char *twin_of(const struct ArrowSchema *schema, const char **names)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        names[i] = schema->children[i]->name ? schema->children[i]->name : "";
    qsort(names, (size_t)schema->n_children, sizeof *names, by_name);
    for (int64_t i = 1; i < schema->n_children; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return names[i];
    return NULL;
}

static int32_t refuse(struct qetl_run *run, const struct qetl_node *node,
                      const struct ArrowSchema *within, const char *name)
{
    const struct qetl_node_flow *flow = &run->attempt.flows[node - run->pipeline->nodes];
    char message[600], where[200] = "", who[120] = "it";
    bool source = node->kind == QETL_SOURCE;
    if (within)
        snprintf(where, sizeof where, " of column \"%.150s\"", within->name ? within->name : "");
    if (source && flow->bytes)
        snprintf(who, sizeof who, "its format %.100s", flow->format_use->plugin->id);
    snprintf(message, sizeof message, "two %s%s that %s hands on are called \"%.200s\"",
             within ? "fields" : "columns", where, who, name);
    return qetl_run_refuse(run, node, "duplicate_column", message,
                           source ? "give each a name of its own, where they come from; a plugin "
                                    "that makes them is to be mended"
                                  : "give the new one another name in the component's options, or "
                                    "rename the input's with a select before; if neither helps, "
                                    "the plugin is to be mended",
                           NULL);
}

static int32_t check(struct qetl_run *run, const struct qetl_node *node,
                     const struct ArrowSchema *schema, const struct ArrowSchema *column)
{
    int32_t status = QETL_OK;
    const char **names = calloc((size_t)schema->n_children + 1, sizeof *names);
    if (!names)
        return qetl_run_fault(run, node, "out_of_memory", "no memory to set the component up");
    bool named = strcmp(schema->format, "+s") == 0; /* a list's one child has a name for show */
    const char *twin = named ? twin_of(schema, names) : NULL;
    free(names);
    if (twin)
        return refuse(run, node, column, twin);
    for (int64_t i = 0; !status && i < schema->n_children; i++)
        if (schema->children[i]->n_children)
            status = check(run, node, schema->children[i], column ? column : schema->children[i]);
    return status;
}

int32_t qetl_names_check(struct qetl_run *run, const struct qetl_node *node,
                         const struct ArrowSchema *schema)
{
    return check(run, node, schema, NULL);
}
