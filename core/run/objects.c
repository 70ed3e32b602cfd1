/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the components say that they read and write, compared before anything is opened for writing:
 * a file that is input and output grows for ever or is lost, and one that two sinks write is
 * neither one's. Names say little: links, patterns and redirections lead to one file.
 */
#include "op.h"
#include "run_internal.h"

#include <qetl/sdk.h>

#include <stdlib.h>
#include <string.h>

struct object {
    const struct qetl_node *node; /* NULL: the dead letters */
    char *identity, *name;
    uint32_t flags;
    bool written;
};

struct objects {
    const struct qetl_node *node; /* who is being asked */
    struct object *items;
    size_t n, room;
};

static int32_t object_add(void *stream, const char *identity, const char *name, uint32_t flags)
{
    struct objects *all = stream;
    if (all->n == all->room) {
        size_t room = all->room ? all->room * 2 : 16;
        struct object *grown = realloc(all->items, room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        all->items = grown;
        all->room = room;
    }
    struct object *object = &all->items[all->n++];
    *object = (struct object){.node = all->node,
                              .identity = strdup(identity),
                              .name = strdup(name),
                              .flags = flags,
                              .written = !all->node || all->node->kind == QETL_SINK};
    return object->identity && object->name ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t ask(struct qetl_run *run, size_t n, struct objects *all)
{
    const struct qetl_ctx *ctx = run->attempt.flows[n].instance;
    const struct qetl_objects *objects =
        ctx->component->get_extension ? ctx->component->get_extension(ctx->self, QETL_EXT_OBJECTS)
                                      : NULL;
    all->node = &run->pipeline->nodes[n];
    return objects ? objects->list(ctx->self, all, object_add) : QETL_OK;
}

static int32_t add_letters(struct qetl_run *run, struct objects *all)
{
    const char *path = run->pipeline->dead_letters;
    char identity[4200];
    all->node = NULL;
    if (!path || !*path || !qetl_identity_of_path(path, identity, sizeof identity))
        return QETL_OK;
    return object_add(all, identity, path, 0);
}

static int by_identity(const void *a, const void *b)
{
    const struct object *x = a, *y = b;
    int order = strcmp(x->identity, y->identity);
    return order ? order : x->written - y->written;
}

static int32_t refuse(struct qetl_run *run, const struct object *a, const struct object *b)
{
    const struct object *writer = b->node ? b : a, *other = b->node ? a : b;
    bool reads = !other->written;
    char message[800];
    if (!other->node)
        snprintf(message, sizeof message, "%.300s is also the file of the dead letters, %.300s",
                 writer->name, other->name);
    else if (strcmp(writer->name, other->name) == 0)
        snprintf(message, sizeof message, "%.300s is also what `%s` %s", writer->name,
                 other->node->id, reads ? "reads" : "writes");
    else
        snprintf(message, sizeof message, "%.300s is the same file as %.300s, which `%s` %s",
                 writer->name, other->name, other->node->id, reads ? "reads" : "writes");
    return qetl_run_refuse(run, writer->node, reads ? "output_is_input" : "same_output", message,
                           reads ? "write to another file, and move it when the run is over"
                                 : "give each a file of its own",
                           "/path");
}

static int32_t compare_all(struct qetl_run *run, struct objects *all)
{
    if (all->n)
        qsort(all->items, all->n, sizeof *all->items, by_identity);
    for (size_t i = 1; i < all->n; i++) {
        const struct object *a = &all->items[i - 1], *b = &all->items[i];
        bool shared = a->written && a->flags & b->flags & QETL_OBJECT_SHARED;
        if (strcmp(a->identity, b->identity) == 0 && b->written && !shared)
            return refuse(run, a, b);
    }
    return QETL_OK;
}

int32_t qetl_run_check_objects(struct qetl_run *run)
{
    struct objects all = {0};
    int32_t status = QETL_OK;
    for (size_t n = 0; !status && n < run->pipeline->n_nodes; n++)
        if (run->pipeline->nodes[n].kind != QETL_TRANSFORM)
            status = ask(run, n, &all);
    if (!status)
        status = add_letters(run, &all);
    status = status ? qetl_run_fault(run, &run->pipeline->nodes[0], "out_of_memory",
                                     "no memory to compare the files of the pipeline")
                    : compare_all(run, &all);
    for (size_t i = 0; i < all.n; i++) {
        free(all.items[i].identity);
        free(all.items[i].name);
    }
    free(all.items);
    return status;
}
