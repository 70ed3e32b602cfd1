/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline file as the options of the command line change it. */
#include "cli.h"

struct qetl_document *qetl_cli_document(const struct qetl_cli *cli, const char *path,
                                        struct qetl_findings *findings)
{
    struct qetl_document *document = path ? qetl_document_load(path, findings)
                                          : qetl_document_from_oneliner(&cli->oneliner, findings);
    if (!document || !cli->settings.count)
        return document;
    struct qetl_document *changed =
        qetl_document_set(document, cli->settings.items, cli->settings.count, findings);
    qetl_document_free(document);
    return changed;
}
