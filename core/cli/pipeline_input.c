/* SPDX-License-Identifier: Apache-2.0 */
/* What commands over a pipeline begin with: plugins, the file or the one-liner, the log. */
#include "cli.h"
#include "depot/installed.h"
#include "packages.h"
#include "plugin/beneath.h"
#include "plugin/plugin_dirs.h"

#include <stdlib.h>
#include <string.h>

/* Keys are looked at where there is something to judge by them. One that cannot be read trusts
 * nothing: what it signed is refused to those that use it. */
static int depot_offer(struct qetl_registry *registry, const char *folder, bool system,
                       struct qetl_findings *findings)
{
    struct qetl_findings said = {0};
    if (!folder || !qetl_is_there(folder))
        return 0;
    struct package_trust *trust = qetl_cli_trust_of(system, &said);
    bool known = !said.errors;
    int bad = trust ? qetl_installed_offer(registry, folder, system, trust, known, findings) : -1;
    if (!known && !bad)
        bad = qetl_registry_miss(registry, "", "", 1, &said);
    qetl_findings_move(findings, &said);
    qetl_findings_free(&said);
    qetl_trust_free(trust);
    return bad;
}

/* Folders, each of which begins with those of the one before it. */
struct folders {
    char **given, **named,
        **all; /* by --plugin-dir; by QETL_PLUGIN_PATH as well; qetl's own, too */
};

/* What is in `more` behind those of `some`. */
static const char *const *behind(char *const *some, char *const *more)
{
    while (*some && *more && strcmp(*some, *more) == 0)
        some++, more++;
    return (const char *const *)more;
}

/* Whoever names a folder has its plugins, on the command line before the environment; then come
 * packages, the user's before the machine's, then what came with qetl. */
static int registry_fill(struct qetl_registry *registry, const struct folders *folders, bool system,
                         struct qetl_findings *findings)
{
    char *own = system ? NULL : qetl_cli_packages_folder();
    int bad = qetl_registry_scan(registry, behind(folders->given, folders->named), findings) ||
              depot_offer(registry, own, false, findings) ||
              depot_offer(registry, QETL_PACKAGES_DIR, true, findings) ||
              qetl_registry_scan(registry, behind(folders->named, folders->all), findings);
    free(own);
    return bad ? -1 : 0;
}

static void folders_free(struct folders *folders)
{
    qetl_plugin_dirs_free(folders->all);
    qetl_plugin_dirs_free(folders->named);
    qetl_plugin_dirs_free(folders->given);
}

struct qetl_registry *qetl_cli_registry_raw(const struct qetl_cli *cli, bool system,
                                            struct qetl_findings *findings)
{
    static const char *const none[] = {NULL};
    const char *const *given = cli->plugin_dirs.count ? cli->plugin_dirs.items : none;
    const char *path = getenv("QETL_PLUGIN_PATH");
    struct qetl_findings again = {0}; /* the same as of the first time, if all went well */
    struct folders folders = {qetl_plugin_dirs_new(given, NULL, NULL, findings),
                              qetl_plugin_dirs_new(given, path, NULL, &again),
                              qetl_plugin_dirs_new(given, path, QETL_PLUGIN_DIR, &again)};
    bool whole = folders.given && folders.named && folders.all;
    struct qetl_registry *registry =
        whole ? qetl_registry_new((const char *const *)folders.given, findings) : NULL;
    if (registry && registry_fill(registry, &folders, system, findings)) {
        qetl_registry_free(registry);
        registry = NULL;
    }
    if (folders.given && !whole)
        qetl_findings_move(findings, &again);
    qetl_findings_free(&again);
    folders_free(&folders);
    return registry;
}

struct qetl_registry *qetl_cli_registry(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry_raw(cli, false, findings);
    if (registry)
        qetl_registry_tell_missed(registry, NULL, QETL_WARNING, findings);
    return registry;
}

struct qetl_registry *qetl_cli_registry_whole(const struct qetl_cli *cli,
                                              struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry_raw(cli, false, findings);
    if (registry)
        qetl_registry_tell_missed(registry, NULL, QETL_ERROR, findings);
    return registry;
}

void qetl_cli_usage(struct qetl_findings *findings, const char *mend, const char *message)
{
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "usage", "%s", message);
    if (mend)
        qetl_finding_mend(finding, "%s", mend);
}

struct qetl_document *qetl_cli_named(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct qetl_oneliner *line = &cli->oneliner;
    bool oneliner = line->from || line->to;
    if (oneliner != (cli->n_operands == 0) || cli->n_operands > 1) {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "usage", "%s",
                             cli->n_operands ? "one pipeline at a time" : "no pipeline was named");
        qetl_finding_mend(finding, "qetl %s FILE, or qetl %s --from SRC --to DST",
                          cli->command->name, cli->command->name);
        return NULL;
    }
    if (!oneliner && (line->where || cli->computed.count || line->limit >= 0 || line->select ||
                      line->from_format || line->to_format)) {
        qetl_cli_usage(findings, NULL,
                       "--where, --compute, --limit, --select, --from-format and --to-format go "
                       "with --from and --to");
        return NULL;
    }
    return qetl_cli_document(cli, oneliner ? NULL : cli->operands[0], findings);
}

int qetl_cli_open_log(struct qetl_cli *cli, struct qetl_findings *findings)
{
    int error = cli->log_file ? qetl_log_open(&cli->log, cli->log_file) : 0;
    if (error)
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "log_file",
                                                  "the log file '%s' cannot be opened: %s",
                                                  cli->log_file, strerror(error)));
    return error;
}

struct qetl_run_options qetl_cli_run_options(struct qetl_cli *cli,
                                             const struct qetl_document *document)
{
    return (struct qetl_run_options){
        .workers = (int)cli->workers,
        .memory_bytes = cli->memory_bytes,
        .driver = (enum qetl_driver)cli->driver,
        .validate_full = cli->validate,
        .document = document,
        .log = qetl_log_write,
        .log_arg = &cli->log,
    };
}
