/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin remove: installed packages go. */
#include "cli.h"
#include "depot/install.h"
#include "packages.h"
#include "show/display.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    bool system;
};

static int none_removed(const char *name, struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "unknown_package",
                                       "no package %s is installed", name),
                      "qetl plugin list --packages shows those that are");
    return -1;
}

static int remove_one(struct depot *depot, const char *operand, size_t *count,
                      struct qetl_findings *findings)
{
    const char *version = strchr(operand, '@');
    char *name = strndup(operand, version ? (size_t)(version - operand) : strlen(operand));
    if (!name) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    int bad = qetl_package_remove(depot, name, version ? version + 1 : NULL, count, findings);
    if (!bad && *count == 0)
        bad = none_removed(operand, findings);
    free(name);
    return bad;
}

/* An older version that is used now may offer what another plugin has. */
static void tell_contested(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_findings said = {0};
    struct qetl_registry *registry = qetl_cli_registry(cli, &said);
    for (size_t i = 0; i < said.count; i++) {
        const struct qetl_finding *at = &said.items[i];
        if (strcmp(at->code, "contested_component") != 0)
            continue;
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_WARNING, at->code, "%s", at->message);
        qetl_finding_at(finding, at->file, 0, 0, at->path);
        qetl_finding_mend(finding, "%s", at->suggestion ? at->suggestion : "");
    }
    qetl_registry_free(registry);
    qetl_findings_free(&said);
}

static int plugin_remove(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct depot depot = QETL_DEPOT_CLOSED;
    char *folder = qetl_cli_depot(own->system, findings);
    size_t total = 0, count;
    int bad = !folder || qetl_depot_open(&depot, folder, findings);
    for (size_t i = 0; !bad && i < cli->n_operands; i++) {
        bad = remove_one(&depot, cli->operands[i], &count, findings);
        total += count;
        if (!bad && !cli->json && !cli->quiet)
            qetl_display_print(stdout, "%s is removed\n", cli->operands[i]);
    }
    qetl_depot_close(&depot);
    free(folder);
    if (total)
        tell_contested(cli, findings);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:I}", "removed", (json_int_t)total), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "of those that all users share"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Removing", true, options);

static const struct qetl_exit exits[] = {
    {"0", "they are gone"},
    {"2", "the command line is wrong, or names a package that is not installed"},
    {"3", "the folder of packages cannot be changed"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_remove = {
    .name = "plugin remove",
    .section = "Plugins",
    .summary = "remove installed connectors",
    .synopses = (const char *const[]){"NAME...", "NAME@VERSION...", NULL},
    .description =
        "Removes all versions of an installed package, or one. Of those that stay the newest is "
        "the "
        "one that pipelines get. What a run still uses goes when it has ended, with the next "
        "change of what is installed.",
    .operands = {.name = "NAME", .least = 1, .most = 1000, .completes = QETL_COMPLETES_PLUGIN},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl plugin remove lines@0.1.0", "one version"},
                                              {"qetl plugin remove lines", "all of them"},
                                              {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_remove,
};
