/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about the pipeline as a whole, from its file and the manifests alone. */
#include "lint.h"

#include "config/pointer.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

/* The option that names files, in its place; NULL: the plugin has none. */
static const json_t *paths_of(const struct qetl_node *node)
{
    const char *pointer = node->use.plugin->format_from;
    return pointer ? qetl_pointer_get(node->use.options, pointer) : NULL;
}

static void absolute(struct qetl_lint *lint, size_t node, const char *pointer, const json_t *value)
{
    const char *path = json_string_value(value);
    char *whole;
    if (!path || path[0] != '/' || strncmp(path, "/dev/", 5) == 0)
        return;
    if (asprintf(&whole, "/%s%s", lint->pipeline->nodes[node].path, pointer) < 0)
        return;
    *strchr(whole, '.') = '/';
    if (!qetl_document_is_expanded(lint->document, whole))
        qetl_finding_mend(qetl_lint_option(lint, QETL_RULE_ABSOLUTE_PATH, node, pointer,
                                           "'%s' is a place of this machine", path),
                          "write a relative path, or begin it with a variable: ${DATA}/...");
    free(whole);
}

static void absolute_paths(struct qetl_lint *lint, size_t n)
{
    const struct qetl_node *node = &lint->pipeline->nodes[n];
    const json_t *value = paths_of(node);
    size_t i;
    json_t *member;
    absolute(lint, n, node->use.plugin->format_from, value);
    json_array_foreach (value, i, member) {
        char *below = qetl_pointer_index(node->use.plugin->format_from, i);
        if (below)
            absolute(lint, n, below, member);
        free(below);
    }
}

static void declared_delivery(struct qetl_lint *lint, size_t n)
{
    const struct qetl_node *node = &lint->pipeline->nodes[n];
    const char *delivery = json_string_value(json_object_get(node->use.plugin->json, "delivery"));
    if (delivery && strcmp(delivery, "append") == 0)
        qetl_lint_option(lint, QETL_RULE_WEAK_DELIVERY, n, "",
                         "at-least-once: a run that fails may have shown rows here, and the next "
                         "shows them again");
    else if (delivery && strcmp(delivery, "lossy") == 0)
        qetl_lint_option(lint, QETL_RULE_WEAK_DELIVERY, n, "",
                         "best-effort: the source gives its rows once");
}

static struct qetl_place top_place(const struct qetl_lint *lint, const char *pointer)
{
    bool there = qetl_pointer_get(qetl_document_root(lint->document), pointer);
    return there ? qetl_document_place(lint->document, pointer)
                 : (struct qetl_place){qetl_document_name(lint->document), 1, 1};
}

static void rejects(struct qetl_lint *lint)
{
    const struct qetl_pipeline *pipeline = lint->pipeline;
    if (pipeline->fail_on_error)
        return;
    if (pipeline->dead_letters && !*pipeline->dead_letters)
        qetl_finding_mend(qetl_lint_tell(lint, QETL_RULE_LOST_REJECTS,
                                         top_place(lint, "/dead_letters"), "dead_letters",
                                         "rejected rows are lost, and the run goes on"),
                          "name a file, or say on_error: fail");
    else if (!pipeline->dead_letters)
        qetl_finding_mend(qetl_lint_tell(lint, QETL_RULE_IMPLICIT_DEAD_LETTERS,
                                         top_place(lint, "/dead_letters"), NULL,
                                         "rejected rows go to a file of a made-up name below "
                                         "dead-letters/"),
                          "dead_letters: rejected.ndjson");
    if (pipeline->max_rejected < 0)
        qetl_finding_mend(qetl_lint_tell(lint, QETL_RULE_UNLIMITED_REJECTS,
                                         top_place(lint, "/max_rejected"), NULL,
                                         "the run succeeds however many rows are rejected"),
                          "max_rejected: 1000");
}

void qetl_lint_pipeline(struct qetl_lint *lint)
{
    if (!json_object_get(qetl_document_root(lint->document), "description"))
        qetl_finding_mend(qetl_lint_tell(lint, QETL_RULE_UNDOCUMENTED,
                                         top_place(lint, "/description"), NULL,
                                         "nobody can tell what the pipeline is for"),
                          "description: a sentence about what it is for");
    rejects(lint);
    for (size_t n = 0; n < lint->pipeline->n_nodes; n++)
        absolute_paths(lint, n);
}

void qetl_lint_declared_delivery(struct qetl_lint *lint)
{
    for (size_t n = 0; n < lint->pipeline->n_nodes; n++)
        declared_delivery(lint, n);
}
