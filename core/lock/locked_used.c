/* SPDX-License-Identifier: Apache-2.0 */
#include "locked_used.h"

#include "plugin/loader.h"
#include "plugin/sealed.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

struct used {
    struct locked_used list;
    const struct qetl_registry *registry;
    int no_memory;
};

static void used_add(struct used *used, const struct qetl_manifest_component *component)
{
    const struct qetl_manifest *plugin = component ? component->plugin : NULL;
    for (size_t i = 0; plugin && i < used->list.count; i++)
        if (used->list.plugins[i] == plugin)
            return;
    if (!plugin || !plugin->version) /* a component of the host's own */
        return;
    const struct qetl_manifest **plugins =
        reallocarray(used->list.plugins, used->list.count + 1, sizeof *plugins);
    if (!plugins) {
        used->no_memory = 1;
        return;
    }
    used->list.plugins = plugins;
    plugins[used->list.count++] = plugin;
}

/* A format may put another one in its place, whose name stands among its options. */
static void used_add_named(struct used *used, const json_t *options)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(options))
        used_add(used, qetl_registry_find(used->registry, QETL_FORMAT, json_string_value(options)));
    json_array_foreach (options, i, value)
        used_add_named(used, value);
    json_object_foreach ((json_t *)options, key, value)
        used_add_named(used, value);
}

int qetl_locked_used(const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                     struct locked_used *list, struct qetl_findings *findings)
{
    struct used used = {.registry = registry};
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        used_add(&used, node->own ? NULL : node->use.plugin);
        used_add(&used, node->format.plugin);
        used_add_named(&used, node->format.options);
    }
    *list = used.list;
    if (used.no_memory)
        qetl_findings_no_memory(findings);
    return used.no_memory ? -1 : 0;
}

int qetl_locked_prove(const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                      struct qetl_findings *findings)
{
    struct locked_used used;
    int bad = qetl_locked_used(pipeline, registry, &used, findings);
    for (size_t i = 0; i < used.count; i++)
        bad |= qetl_library_prove(used.plugins[i], findings);
    free(used.plugins);
    return bad;
}

static void tell(const struct qetl_finding *told, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, told->severity, told->code, "%s", told->message);
    qetl_finding_at(finding, told->file, told->line, told->column, told->path);
    if (told->suggestion)
        qetl_finding_mend(finding, "%s", told->suggestion);
    if (told->environment)
        qetl_finding_environment(finding);
}

void qetl_locked_judge(const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                       struct qetl_findings *findings)
{
    struct locked_used used;
    qetl_locked_used(pipeline, registry, &used, findings);
    for (size_t i = 0; i < used.count; i++) {
        const struct qetl_sealed *sealed = used.plugins[i]->sealed;
        for (size_t k = 0; sealed && k < sealed->told.count; k++)
            tell(&sealed->told.items[k], findings);
    }
    free(used.plugins);
}
