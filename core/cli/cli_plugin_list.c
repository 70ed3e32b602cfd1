/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin list: what is installed, from manifests alone. */
#include "cli.h"
#include "plugin/library_check.h"
#include "plugin/sealed.h"
#include "show/display.h"
#include "show/report.h"
#include "show/report_table.h"
#include "show/style.h"

#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    bool names, packages;
    int kind; /* 0: all */
};

static const char *const kinds[] = {"all", "source", "transform", "sink", "format", NULL};

/* NULL: it has nothing of the kind. */
static json_t *plugin_json(const struct qetl_manifest *plugin, uint32_t kind)
{
    json_t *components = json_array();
    for (size_t i = 0; i < plugin->n_components; i++) {
        const struct qetl_manifest_component *component = &plugin->components[i];
        if (kind && component->kind != kind)
            continue;
        json_array_append_new(components,
                              json_pack("{s:s, s:s, s:s?}", "kind", qetl_kind_word(component->kind),
                                        "id", component->id, "summary", component->summary));
    }
    if (!json_array_size(components)) {
        json_decref(components);
        return NULL;
    }
    char *objection = qetl_library_objection(plugin);
    json_t *entry =
        json_pack("{s:s, s:s, s:s, s:b, s:b, s:s*, s:s?, s:o, s:o}", "id", plugin->id, "version",
                  plugin->version, "manifest", plugin->manifest_path, "hidden", plugin->hidden,
                  "usable", !objection, "unusable", objection, "package",
                  plugin->sealed ? plugin->sealed->digest : NULL, "components", components,
                  "warnings", qetl_findings_json(plugin->passed_over));
    free(objection);
    return entry;
}

static const struct qetl_table_column columns[] = {{.title = "KIND", .least = 9},
                                                   {.title = "COMPONENT"},
                                                   {.title = "VERSION"},
                                                   {.title = "SUMMARY", .least = 20, .wraps = 1}};

static void add_component(struct qetl_table *table, const struct qetl_manifest_component *component,
                          const char *objection)
{
    char *marked = NULL;
    if (objection && asprintf(&marked, "CANNOT BE USED: %s", objection) < 0)
        marked = NULL;
    qetl_table_add(table, (const char *[]){qetl_kind_word(component->kind), component->id,
                                           component->plugin->version,
                                           marked ? marked : component->summary});
    free(marked);
}

static void add_kind(const struct qetl_registry *registry, uint32_t kind, struct qetl_table *table,
                     bool names)
{
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *plugin = qetl_registry_at(registry, i);
        char *objection = names ? NULL : qetl_library_objection(plugin);
        for (size_t c = 0; c < plugin->n_components && !plugin->hidden; c++) {
            const struct qetl_manifest_component *component = &plugin->components[c];
            if (component->kind != kind)
                continue;
            add_component(table, component, objection);
            if (names)
                qetl_display_print(stdout, "%s\n", component->id);
        }
        free(objection);
    }
}

static int list(struct qetl_cli *cli, const struct qetl_registry *registry,
                struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    json_t *plugins = json_array();
    for (size_t i = 0; i < qetl_registry_count(registry); i++)
        json_array_append_new(plugins,
                              plugin_json(qetl_registry_at(registry, i), (uint32_t)own->kind));
    for (uint32_t kind = QETL_SOURCE; kind <= QETL_FORMAT; kind++)
        if (!own->kind || own->kind == (int)kind)
            add_kind(registry, kind, table, own->names && !cli->json);
    if (!own->names && !cli->json &&
        qetl_table_print(table, stdout, 0, qetl_style_columns(stdout), qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
    qetl_table_free(table);
    for (size_t i = 0; i < qetl_registry_count(registry); i++)
        qetl_findings_move(findings, qetl_registry_at(registry, i)->passed_over);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "plugins", plugins), findings);
}

static const struct qetl_table_column package_columns[] = {
    {.title = "PACKAGE"}, {.title = "VERSION"},   {.title = "USED"},
    {.title = "FOR"},     {.title = "SIGNED BY"}, {.title = "DIGEST"}};

static int list_packages(struct qetl_cli *cli, const struct qetl_registry *registry,
                         struct qetl_findings *findings)
{
    struct qetl_table *table =
        qetl_table_new(package_columns, sizeof package_columns / sizeof *package_columns);
    json_t *packages = json_array();
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *plugin = qetl_registry_at(registry, i);
        const struct qetl_sealed *sealed = plugin->sealed;
        char digest[13];
        if (!sealed)
            continue;
        snprintf(digest, sizeof digest, "%s", sealed->digest);
        qetl_table_add(table,
                       (const char *[]){plugin->id, plugin->version, plugin->hidden ? "" : "yes",
                                        sealed->is_system ? "all users" : "you",
                                        sealed->signed_by ? sealed->signed_by : "", digest});
        json_array_append_new(
            packages, json_pack("{s:s, s:s, s:b, s:b, s:s?, s:s, s:o}", "name", plugin->id,
                                "version", plugin->version, "used", !plugin->hidden, "system",
                                sealed->is_system, "signed_by", sealed->signed_by, "digest",
                                sealed->digest, "findings", qetl_findings_json(&sealed->told)));
    }
    if (!cli->json && !json_array_size(packages))
        puts("no package is installed");
    else if (!cli->json && qetl_table_print(table, stdout, 0, qetl_style_columns(stdout),
                                            qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
    qetl_table_free(table);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "packages", packages), findings);
}

static int plugin_list(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry_whole(cli, findings);
    if (!registry)
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    const struct own *own = cli->own;
    int exit_code =
        own->packages ? list_packages(cli, registry, findings) : list(cli, registry, findings);
    qetl_registry_free(registry);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"kind", .kind = QETL_ARG_CHOICE, .offset = offsetof(struct own, kind), .value = "KIND",
     .choices = kinds, .help = "only the components of this kind (default: all)"},
    {"names", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, names),
     .help = "only the names, one in a line"},
    {"packages", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, packages),
     .help = "installed packages instead, each version, and who signed it"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("List", true, options);

const struct qetl_command qetl_command_plugin_list = {
    .name = "plugin list",
    .section = "Plugins",
    .summary = "the connectors that are installed",
    .synopses = (const char *const[]){"", NULL},
    .description = "Lists the components that there are to build with, by their manifests; what "
                   "cannot be used, since its library is missing, is none, or is for another "
                   "version of the ABI, is marked with the reason. No library is loaded.",
    .groups = {&group, &qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl plugin list", "all of them"},
                                              {"qetl plugin list --names | sort -u",
                                               "their names, for a script"},
                                              {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = plugin_list,
};
