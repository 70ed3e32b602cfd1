/* SPDX-License-Identifier: Apache-2.0 */
/* Who made a batch that is wrong, and where it was on its way: for the plugin's author. */
#include "op_check.h"
#include "run_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 1024 };

/* " -> keep, audit": the readers of an output port. */
static void readers_print(const struct qetl_op *op, uint32_t port, FILE *out)
{
    const struct qetl_pipeline *pipeline = op->run->pipeline;
    size_t self = (size_t)(op->node - pipeline->nodes);
    const char *name = op->node->outputs ? op->node->outputs[port] : NULL;
    const char *before = " -> ";
    fprintf(out, "%s%s%s", op->node->id, name ? "." : "", name ? name : "");
    for (size_t n = self + 1; n < pipeline->n_nodes; n++) {
        const struct qetl_node *node = &pipeline->nodes[n];
        for (size_t i = 0; i < node->n_inputs; i++) {
            const struct qetl_input *input = &node->inputs[i];
            if (input->component != self || (name && (!input->port || strcmp(input->port, name))))
                continue;
            fprintf(out, "%s%s", before, node->id);
            before = ", ";
        }
    }
}

static size_t replicas_of(const struct qetl_op *op)
{
    struct qetl_run *run = op->run;
    size_t n = 0;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; op->instance && i < run->attempt.n_instances; i++) {
        const struct qetl_ctx *ctx = run->attempt.instances[i];
        n += ctx->use == op->instance->use && !ctx->retired && ctx != op->flow->codec;
    }
    pthread_mutex_unlock(&run->lock);
    return n;
}

/* "batch 3 of replica 2 (rows 129 to 192) on the edge a -> b" */
static void place_print(const struct qetl_op *op, const struct qetl_made *made, FILE *out)
{
    const struct qetl_out_port *port = &op->out[made->port];
    int64_t first = port->rows + 1, last = port->rows + made->rows;
    bool late = made->part == QETL_MADE_LATE;
    if (made->part != QETL_MADE_OBJECT)
        fprintf(out, "batch %lld", (long long)port->batches + !late);
    if (made->part != QETL_MADE_OBJECT && replicas_of(op) > 1)
        fprintf(out, " of replica %u", op->replica + 1);
    if (made->part == QETL_MADE_BATCH && last >= first)
        fprintf(out, " (rows %lld to %lld)", (long long)first, (long long)last);
    fprintf(out, "%son the edge ", made->part == QETL_MADE_OBJECT ? "" : " ");
    readers_print(op, made->port, out);
    fputs(late ? ", decoded behind a filter" : "", out);
}

/* The validator begins with where in the column it is: "array", "a.b[]". */
static void reason_print(const struct qetl_made *made, const char *reason, FILE *out)
{
    const char *colon = strstr(reason, ": ");
    int path = made->validated && colon ? (int)(colon - reason) : 0;
    const char *what = path ? colon + 2 : reason;
    if (path == 5 && memcmp(reason, "array", 5) == 0)
        path = 0;
    if (made->field)
        fprintf(out, "column '%s%s%.*s': ", made->field->name,
                path && *reason != '[' && *reason != '{' ? "." : "", path, reason);
    fputs(what, out);
}

/* What `plugin check` takes for it: the library in a folder, or a package by its name. */
static const char *maker(const struct qetl_op *op)
{
    const struct qetl_plugin_use *use = op->instance ? op->instance->use : &op->node->use;
    const struct qetl_manifest *manifest = use->plugin->plugin;
    return manifest->sealed ? manifest->id : manifest->library_path;
}

int32_t qetl_op_blame(struct qetl_op *op, const struct qetl_made *made, const char *format, ...)
{
    bool own = made->passed || op->node->own;
    char reason[MESSAGE_MAX / 2], message[MESSAGE_MAX] = "", mend[MESSAGE_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    FILE *out = fmemopen(message, sizeof message, "w");
    if (!out)
        return qetl_op_fault(op, "bad_batch", "%s", reason);
    reason_print(made, reason, out);
    fputs("; ", out);
    place_print(op, made, out);
    fprintf(out, "; the fault is %s, not the data's", own ? "qetl's own" : "the plugin's");
    fclose(out);
    if (own)
        snprintf(mend, sizeof mend, "report it with the pipeline and its input");
    else
        snprintf(mend, sizeof mend, "its author finds it by `qetl plugin check %s`", maker(op));
    return qetl_run_blame(op->run, op->node, own ? NULL : op->instance, "bad_batch", message, mend);
}
