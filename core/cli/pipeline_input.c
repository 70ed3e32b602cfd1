/* SPDX-License-Identifier: Apache-2.0 */
/* What commands over a pipeline begin with: plugins, the file or the one-liner, the log. */
#include "cli.h"
#include "plugin/plugin_dirs.h"

#include <stdlib.h>
#include <string.h>

struct qetl_registry *qetl_cli_registry(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    static const char *const none[] = {NULL};
    const char *const *given = cli->plugin_dirs.count ? cli->plugin_dirs.items : none;
    char **dirs =
        qetl_plugin_dirs_new(given, getenv("QETL_PLUGIN_PATH"), QETL_PLUGIN_DIR, findings);
    struct qetl_registry *registry =
        dirs ? qetl_registry_new((const char *const *)dirs, findings) : NULL;
    qetl_plugin_dirs_free(dirs);
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
