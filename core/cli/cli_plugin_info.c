/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin info: a component and its options, from manifests alone. */
#include "cli.h"
#include "package_facts.h"
#include "plugin/library_check.h"
#include "show/display.h"
#include "show/report.h"

#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_wrapped(const char *all, int indent)
{
    char *printable = qetl_display_printable(all, strlen(all));
    const char *text = printable ? printable : "";
    int column = indent;
    printf("%*s", indent, "");
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > indent && column + (int)word > 78) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        printf("%.*s ", (int)word, text);
        column += (int)word + 1;
        text += word + (text[word] == ' ');
    }
    putchar('\n');
    free(printable);
}

static void print_option(const char *name, const json_t *schema, bool required)
{
    json_t *type = json_object_get(schema, "type");
    char *types = json_is_string(type) ? NULL : json_dumps(type, JSON_ENCODE_ANY | JSON_COMPACT);
    char *preset = json_dumps(json_object_get(schema, "default"), JSON_ENCODE_ANY | JSON_COMPACT);
    qetl_display_print(stdout, "    %s: %s%s", name,
                       json_is_string(type) ? json_string_value(type)
                       : types              ? types
                                            : "any",
                       required ? ", required" : "");
    if (preset)
        qetl_display_print(stdout, ", default %s", preset);
    putchar('\n');
    const char *description = json_string_value(json_object_get(schema, "description"));
    if (description)
        print_wrapped(description, 8);
    free(types);
    free(preset);
}

static bool is_required(const json_t *options, const char *name)
{
    size_t i;
    json_t *word;
    json_array_foreach (json_object_get(options, "required"), i, word)
        if (strcmp(json_string_value(word), name) == 0)
            return true;
    return false;
}

static void print_component(const struct qetl_manifest_component *component, const char *objection)
{
    const struct qetl_manifest *plugin = component->plugin;
    qetl_display_print(stdout, "%s '%s' of plugin %s %s\n", qetl_kind_word(component->kind),
                       component->id, plugin->id, plugin->version);
    if (component->summary)
        print_wrapped(component->summary, 2);
    qetl_display_print(stdout, "  library %s\n", plugin->library_path);
    qetl_cli_package_facts_print(plugin);
    if (objection)
        qetl_display_print(stdout, "  CANNOT BE USED: %s\n", objection);
    puts("  options");
    const char *name;
    json_t *schema;
    json_t *properties = json_object_get(component->options, "properties");
    json_object_foreach (properties, name, schema)
        print_option(name, schema, is_required(component->options, name));
    if (!json_object_size(properties))
        printf("    none\n");
}

static int unknown_plugin(struct qetl_cli *cli, const struct qetl_registry *registry,
                          const char *name, struct qetl_findings *findings)
{
    if (qetl_registry_missed(registry, name)) {
        qetl_registry_tell_missed(registry, NULL, QETL_ERROR, findings);
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    }
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "unknown_plugin",
                                                    "no plugin or component is called '%s'", name);
    const char *near = NULL;
    for (uint32_t kind = QETL_SOURCE; !near && kind <= QETL_FORMAT; kind++)
        near = qetl_registry_suggest(registry, kind, name);
    const char *stray = qetl_registry_stray(registry, name);
    if (finding && stray)
        qetl_finding_mend(finding,
                          "%s is there, without its manifest: %s.qetl.json has to lie "
                          "beside %s.so",
                          stray, name, name);
    else if (finding && near)
        qetl_finding_mend(finding, "did you mean '%s'? qetl plugin list shows all", near);
    else if (finding)
        qetl_finding_mend(finding, "qetl plugin list shows what is installed, and qetl plugin "
                                   "search what indexes have");
    return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
}

static int info(struct qetl_cli *cli, const struct qetl_registry *registry, const char *name,
                struct qetl_findings *findings)
{
    json_t *found = json_array();
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *plugin = qetl_registry_at(registry, i);
        bool whole = strcmp(plugin->id, name) == 0;
        char *objection = qetl_library_objection(plugin);
        for (size_t c = 0; c < plugin->n_components; c++) {
            const struct qetl_manifest_component *component = &plugin->components[c];
            if (!whole && strcmp(component->id, name) != 0)
                continue;
            if (!cli->json)
                print_component(component, objection);
            json_array_append_new(
                found, json_pack("{s:s, s:s, s:s, s:b, s:s*, s:o, s:O}", "plugin", plugin->id,
                                 "version", plugin->version, "library", plugin->library_path,
                                 "usable", !objection, "unusable", objection, "package",
                                 qetl_cli_package_facts(plugin), "component", component->json));
        }
        free(objection);
    }
    if (json_array_size(found))
        return qetl_cli_answer(cli, QETL_EXIT_OK, NULL, json_pack("{s:o}", "components", found),
                               findings);
    json_decref(found);
    return unknown_plugin(cli, registry, name, findings);
}

static int plugin_info(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    if (!registry)
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    int exit_code = info(cli, registry, cli->operands[0], findings);
    qetl_registry_free(registry);
    return exit_code;
}

const struct qetl_command qetl_command_plugin_info = {
    .name = "plugin info",
    .section = "Plugins",
    .summary = "a connector and its options",
    .synopses = (const char *const[]){"NAME", NULL},
    .description =
        "Shows the components called NAME, or all components of the plugin NAME, with "
        "their options, defaults and examples, and what stands in the way of their use; of an "
        "installed package also who signed it, since when it is here, and where it came from. No "
        "library is loaded.",
    .operands = {.name = "NAME", .least = 1, .most = 1, .completes = QETL_COMPLETES_PLUGIN},
    .groups = {&qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin info csv", "what the format csv understands"},
            {"qetl plugin info file --json | jq '.result.components[].component.options'",
             "the schemas of source and sink"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .run = plugin_info,
};
