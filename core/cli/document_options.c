/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline file as the options of the command line change it: --set, then ${…}. */
#include "cli.h"
#include "config/expand.h"

#include <stdio.h>
#include <unistd.h>

static struct qetl_variables *variables_of(const struct qetl_cli *cli,
                                           struct qetl_findings *findings)
{
    struct qetl_variables *variables = qetl_variables_new(environ);
    int bad = 0;
    if (!variables) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    qetl_variables_secrets_dir(variables, cli->secrets_dir);
    for (size_t i = 0; i < cli->env_files.count; i++)
        bad |= qetl_variables_load(variables, cli->env_files.items[i], findings);
    if (!bad)
        return variables;
    qetl_variables_free(variables);
    return NULL;
}

/* --mode MODE is --set mode=MODE. */
static struct qetl_document *with_mode(const struct qetl_document *document, const char *mode,
                                       struct qetl_findings *findings)
{
    char setting[64];
    const char *const settings[] = {setting};
    snprintf(setting, sizeof setting, "mode=%s", mode ? mode : "");
    return qetl_document_set(document, settings, mode != NULL, findings);
}

struct qetl_document *qetl_cli_document_whole(const struct qetl_cli *cli,
                                              struct qetl_document *document,
                                              struct qetl_findings *findings)
{
    struct qetl_variables *variables = variables_of(cli, findings);
    struct qetl_document *moded = NULL, *set = NULL, *whole = NULL;
    if (document) {
        qetl_document_use_mask(document, cli->mask);
        if (cli->lock && qetl_document_use_lock(document, cli->lock))
            qetl_findings_no_memory(findings);
        else
            moded = with_mode(document, cli->mode, findings);
    }
    if (moded)
        set = qetl_document_set(moded, cli->settings.items, cli->settings.count, findings);
    if (set && variables)
        whole = qetl_document_expanded(set, variables, findings);
    qetl_document_free(document);
    qetl_document_free(moded);
    qetl_document_free(set);
    qetl_variables_free(variables);
    return whole;
}

struct qetl_document *qetl_cli_document(const struct qetl_cli *cli, const char *path,
                                        struct qetl_findings *findings)
{
    struct qetl_oneliner line = cli->oneliner;
    line.compute = cli->computed.items;
    struct qetl_document *document =
        path ? qetl_document_load(path, findings) : qetl_document_from_oneliner(&line, findings);
    return qetl_cli_document_whole(cli, document, findings);
}
