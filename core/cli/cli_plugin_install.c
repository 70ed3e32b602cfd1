/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin install: packages, verified and put where pipelines find them. */
#include "cli.h"
#include "installing.h"
#include "package/package_files.h"
#include "package/package_limits.h"
#include "packages.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct own {
    struct qetl_texts indexes;
    bool allow_unsigned, change_signer, downgrade, system;
};

/* Of a folder, all packages in it, by their names and versions. */
static int install_folder(struct qetl_installing *installing, const char *path, bool downgrade)
{
    struct package_files files;
    if (qetl_package_files_list(&files, path, installing->findings))
        return -1;
    int bad = files.count ? 0 : -1;
    if (bad)
        qetl_finding_mend(
            qetl_finding_add(installing->findings, QETL_ERROR, "usage",
                             "%s is a folder here, and there is no package "
                             "(*" QETL_PACKAGE_SUFFIX ") in it",
                             path),
            strchr(path, '/')
                ? "name a package, or a folder with some"
                : "name a package, or a folder with some; what an index has of the name "
                  "%s is asked for from another folder",
            path);
    if (!bad)
        bad = qetl_package_files_order(&files, installing->findings);
    for (size_t i = 0; !bad && i < files.count; i++)
        bad = qetl_installing_put(
            installing, qetl_package_open(files.paths[i], installing->findings), downgrade, false);
    qetl_package_files_free(&files);
    return bad;
}

static bool is_path(const char *operand)
{
    struct stat status;
    size_t size = strlen(operand), suffix = strlen(QETL_PACKAGE_SUFFIX);
    return strchr(operand, '/') || stat(operand, &status) == 0 ||
           (size > suffix && strcmp(operand + size - suffix, QETL_PACKAGE_SUFFIX) == 0);
}

static int install_operand(struct qetl_installing *installing, const char *operand, bool downgrade)
{
    struct stat status;
    char *name, *range;
    if (is_path(operand))
        return stat(operand, &status) == 0 && S_ISDIR(status.st_mode)
                   ? install_folder(installing, operand, downgrade)
                   : qetl_installing_put(installing,
                                         qetl_package_open(operand, installing->findings),
                                         downgrade, false);
    if (qetl_wanted_read(operand, &name, &range, installing->findings))
        return -1;
    int bad =
        qetl_installing_named(installing, name, range, downgrade || qetl_wanted_is_exact(range));
    free(name);
    free(range);
    return bad;
}

static int plugin_install(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_installing installing = {.cli = cli,
                                         .system = own->system,
                                         .allow_unsigned = own->allow_unsigned,
                                         .change_signer = own->change_signer,
                                         .named = &own->indexes,
                                         .findings = findings};
    int bad = qetl_installing_begin(&installing);
    for (size_t i = 0; !bad && i < cli->n_operands; i++)
        bad = install_operand(&installing, cli->operands[i], own->downgrade);
    qetl_installing_end(&installing);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "packages", installing.done), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"index", 'i', QETL_ARG_TEXTS, AT(indexes), .value = "PLACE",
     .help = "look for names in this index, and no other: an address or a folder; may be given "
             "again"},
    {"allow-unsigned", .kind = QETL_ARG_FLAG, AT(allow_unsigned),
     .help = "take a package that nobody signed; each run that uses it says so"},
    {"downgrade", .kind = QETL_ARG_FLAG, AT(downgrade),
     .help = "take an older version than the one that is installed, or came with qetl"},
    {"change-signer", .kind = QETL_ARG_FLAG, AT(change_signer),
     .help = "also if another key signed it than the version that is installed, or nobody did"},
    {"system", .kind = QETL_ARG_FLAG, AT(system),
     .help = "for all users of this machine, by the keys of the machine"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Installing", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all of them are installed"},
    {"2", "the command line is wrong, no index has the name, or the manifest in a package is "
          "wrong"},
    {"3", "an index or a package is refused, or cannot be written; those before it are installed"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_install = {
    .name = "plugin install",
    .section = "Plugins",
    .summary = "install connectors from packages",
    .synopses = (const char *const[]){"NAME...", "NAME@VERSION", "FILE.qpkg...", "DIR", NULL},
    .description =
        "A name is looked for in the indexes (see qetl plugin search): the first one that has it "
        "gives the newest version that this machine can run, or that the range allows: 1.2.3 just "
        "that one, 1.2 each that begins so, ^1.2.0 until 2.0.0, ~1.2.0 until 1.3.0, "
        "'>=1.2.0,<2.0.0' what every part allows. What has a slash, ends in .qpkg or is there is a "
        "file, or a folder of packages, which come in the order of their versions.\n\n"
        "Verifies each package as qetl plugin verify does, and puts it where pipelines find it, in "
        "$XDG_DATA_HOME/qetl/plugins (~/.local/share/qetl/plugins), or with --system for all "
        "users. Nothing of it is loaded.\n\n"
        "Versions stand side by side. The one that was installed last is the one that `plugin: "
        "NAME` finds; `plugin: NAME@VERSION` finds any other. A run that goes on keeps the version "
        "that it began with. An older version than is there, or came with qetl, has to be asked "
        "for: by its exact version, or with --downgrade. So has one that another key signed than "
        "the version before, or nobody while that one was signed: with --change-signer.\n\n"
        "Whatever happens half-way, a kill or a power failure, a package is installed as a whole "
        "or not at all. Installations at the same time wait for one another.",
    .operands = {.name = "NAME", .least = 1, .most = 1000, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin install lines", "the newest of the configured indexes"},
            {"qetl plugin install lines@^0.1 --index https://plugins.acme.example",
             "the newest of 0.1"},
            {"qetl plugin install acme-source-1.0.0-linux-x86_64-glibc.qpkg",
             "for you, if its key is trusted"},
            {"qetl plugin install dist/", "all packages of a folder"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_install,
};
