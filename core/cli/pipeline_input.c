/* SPDX-License-Identifier: Apache-2.0 */
/* What commands over a pipeline begin with: plugins, the file or the one-liner, the log. */
#include "cli.h"
#include "package/installed.h"
#include "packages.h"
#include "plugin/beneath.h"
#include "plugin/plugin_dirs.h"

#include <stdlib.h>
#include <string.h>

/* Keys are looked at where there is something to judge by them. */
static int depot_offer(struct qetl_registry *registry, const char *folder, bool system,
                       struct qetl_findings *findings)
{
    if (!folder || !qetl_is_there(folder))
        return 0;
    struct package_trust *trust = qetl_cli_trust_of(system, findings);
    int bad = trust ? qetl_installed_offer(registry, folder, system, trust, findings) : -1;
    qetl_trust_free(trust);
    return bad;
}

/* Whoever names a folder has its plugins; then come packages, the user's before the machine's, then
 * what came with qetl. */
static int registry_fill(struct qetl_registry *registry, char *const *named, char *const *all,
                         struct qetl_findings *findings)
{
    char *own = qetl_cli_packages_folder();
    size_t n = 0;
    while (named[n] && all[n] && strcmp(named[n], all[n]) == 0)
        n++;
    int bad = depot_offer(registry, own, false, findings) ||
              depot_offer(registry, QETL_PACKAGES_DIR, true, findings) ||
              qetl_registry_scan(registry, (const char *const *)all + n, findings);
    free(own);
    return bad ? -1 : 0;
}

struct qetl_registry *qetl_cli_registry(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    static const char *const none[] = {NULL};
    const char *const *given = cli->plugin_dirs.count ? cli->plugin_dirs.items : none;
    const char *path = getenv("QETL_PLUGIN_PATH");
    struct qetl_findings again = {0}; /* the same as of the first time */
    char **named = qetl_plugin_dirs_new(given, path, NULL, findings);
    char **all = qetl_plugin_dirs_new(given, path, QETL_PLUGIN_DIR, &again);
    struct qetl_registry *registry =
        named && all ? qetl_registry_new((const char *const *)named, findings) : NULL;
    if (registry && registry_fill(registry, named, all, findings)) {
        qetl_registry_free(registry);
        registry = NULL;
    }
    qetl_findings_free(&again);
    qetl_plugin_dirs_free(all);
    qetl_plugin_dirs_free(named);
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
