/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin list: what is installed, from manifests alone. */
#include "cli.h"
#include "report.h"

#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *plugin_json(const struct qetl_manifest *plugin)
{
    json_t *components = json_array();
    for (size_t i = 0; i < plugin->n_components; i++)
        json_array_append_new(components, json_pack("{s:s, s:s, s:s?}", "kind",
                                                    qetl_kind_word(plugin->components[i].kind),
                                                    "id", plugin->components[i].id, "summary",
                                                    plugin->components[i].summary));
    return json_pack("{s:s, s:s, s:s, s:o}", "id", plugin->id, "version", plugin->version,
                     "manifest", plugin->manifest_path, "components", components);
}

static int list(struct qetl_cli *cli, const struct qetl_registry *registry,
                struct qetl_findings *findings)
{
    json_t *plugins = json_array();
    if (!cli->json)
        printf("%-10s %-14s %-9s %s\n", "KIND", "COMPONENT", "VERSION", "SUMMARY");
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *plugin = qetl_registry_at(registry, i);
        json_array_append_new(plugins, plugin_json(plugin));
        for (size_t c = 0; !cli->json && c < plugin->n_components; c++)
            printf("%-10s %-14s %-9s %.44s\n", qetl_kind_word(plugin->components[c].kind),
                   plugin->components[c].id, plugin->version,
                   plugin->components[c].summary ? plugin->components[c].summary : "");
    }
    return qetl_cli_answer(cli, QETL_EXIT_OK, NULL, json_pack("{s:o}", "plugins", plugins),
                           findings);
}

static int plugin_list(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    if (!registry)
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    int exit_code = list(cli, registry, findings);
    qetl_registry_free(registry);
    return exit_code;
}

const struct qetl_command qetl_command_plugin_list = {
    .name = "plugin list",
    .section = "Plugins",
    .summary = "the connectors that are installed",
    .synopses = (const char *const[]){"", NULL},
    .description = "Lists the components that there are to build with. Manifests alone are read: "
                   "nothing is loaded.",
    .groups = {&qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin list", "all of them"},
            {"qetl plugin list --json | jq -r '.result.plugins[].components[].id'",
             "their names, for a script"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .run = plugin_list,
};
