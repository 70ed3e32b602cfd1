/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin install: packages, verified and put where pipelines find them. */
#include "cli.h"
#include "package/clash.h"
#include "package/install.h"
#include "package/limits.h"
#include "package/plugin_check.h"
#include "packages.h"

#include <qetl/plugin.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct own {
    bool allow_unsigned, downgrade, system;
};

struct work {
    struct qetl_cli *cli;
    const struct own *own;
    struct package_trust *trust;
    struct depot depot;
    json_t *done;
    struct qetl_findings *findings;
};

static int tell(struct work *work, const struct package *package, const struct key_file *key,
                enum package_installed installed)
{
    json_t *json = qetl_cli_package_json(package, key);
    json_object_set_new(json, "installed", json_boolean(installed == QETL_INSTALLED));
    json_array_append_new(work->done, json);
    if (!work->cli->json && !work->cli->quiet)
        printf("%s %s %s\n", package->contents->name, package->contents->version,
               installed == QETL_INSTALLED ? "is installed" : "was installed before");
    return 0;
}

/* What pipelines have by now: those of this command that are installed already count, too. */
static int check_clash(struct work *work, const struct package *package)
{
    struct qetl_findings said = {0}; /* of other plugins: they are not what is installed here */
    struct qetl_registry *registry = qetl_cli_registry(work->cli, &said);
    int bad = registry
                  ? qetl_package_clash_check(package, registry, work->own->system, work->findings)
                  : -1;
    if (!registry)
        qetl_findings_move(work->findings, &said);
    qetl_registry_free(registry);
    qetl_findings_free(&said);
    return bad;
}

/* Nothing is written before all was looked at. */
static int install(struct work *work, const char *path)
{
    const struct key_file *key;
    enum package_installed installed;
    struct package *package = qetl_package_open(path, work->findings);
    int bad =
        !package ||
        qetl_cli_judge(work->trust, package, work->own->allow_unsigned, &key, work->findings) ||
        qetl_package_machine_check(package->contents, path, work->findings) ||
        qetl_package_plugin_check(package, work->findings) || check_clash(work, package) ||
        qetl_package_install(&work->depot, package, work->own->downgrade, &installed,
                             work->findings) ||
        tell(work, package, key, installed);
    qetl_package_free(package);
    return bad ? -1 : 0;
}

/* Of a folder, all packages in it, by their names. */
static int install_operand(struct work *work, const char *path)
{
    struct stat status;
    glob_t found;
    char *pattern = NULL;
    if (stat(path, &status) || !S_ISDIR(status.st_mode))
        return install(work, path);
    if (asprintf(&pattern, "%s/*%s", path, QETL_PACKAGE_SUFFIX) < 0) {
        qetl_findings_no_memory(work->findings);
        return -1;
    }
    int bad = glob(pattern, 0, NULL, &found);
    if (bad)
        qetl_cli_usage(work->findings, "name a package, or a folder with some",
                       "there is no package (*" QETL_PACKAGE_SUFFIX ") in that folder");
    for (size_t i = 0; !bad && i < found.gl_pathc; i++)
        bad = install(work, found.gl_pathv[i]);
    globfree(&found);
    free(pattern);
    return bad ? -1 : 0;
}

static int plugin_install(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct work work = {.cli = cli, .own = cli->own, .findings = findings};
    char *folder = qetl_cli_depot(work.own->system, findings);
    work.depot = (struct depot){.folder = -1, .lock = -1};
    work.done = json_array();
    work.trust = qetl_cli_trust_of(work.own->system, findings);
    umask(022); /* what is installed for all is read by all */
    int bad = !folder || !work.trust || qetl_depot_open(&work.depot, folder, findings);
    for (size_t i = 0; !bad && i < cli->n_operands; i++)
        bad = install_operand(&work, cli->operands[i]);
    qetl_depot_close(&work.depot);
    qetl_trust_free(work.trust);
    free(folder);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "packages", work.done), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"allow-unsigned", .kind = QETL_ARG_FLAG, AT(allow_unsigned),
     .help = "take a package that nobody signed; each run that uses it says so"},
    {"downgrade", .kind = QETL_ARG_FLAG, AT(downgrade),
     .help = "take an older version than the one that is installed"},
    {"system", .kind = QETL_ARG_FLAG, AT(system),
     .help = "for all users of this machine, by the keys of the machine"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Installing", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all of them are installed"},
    {"2", "the command line is wrong, or the manifest in a package"},
    {"3", "a package is refused, or cannot be written; those before it are installed"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_install = {
    .name = "plugin install",
    .section = "Plugins",
    .summary = "install connectors from packages",
    .synopses = (const char *const[]){"FILE.qpkg...", "DIR", NULL},
    .description =
        "Verifies each package as qetl plugin verify does, and puts it where pipelines find it, in "
        "$XDG_DATA_HOME/qetl/plugins (~/.local/share/qetl/plugins), or with --system for all "
        "users. Nothing of it is loaded.\n\n"
        "Versions stand side by side. The one that was installed last is the one that `plugin: "
        "NAME` finds; `plugin: NAME@VERSION` finds any other. A run that goes on keeps the version "
        "that it began with. An older version than is there has to be asked for.\n\n"
        "Whatever happens half-way, a kill or a power failure, a package is installed as a whole "
        "or not at all. Installations at the same time wait for one another.",
    .operands = {.name = "FILE", .least = 1, .most = 1000, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin install acme-source-1.0.0-linux-x86_64-glibc.qpkg",
             "for you, if its key is trusted"},
            {"qetl plugin install dist/", "all packages of a folder"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_install,
};
