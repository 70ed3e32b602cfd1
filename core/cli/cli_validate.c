/* SPDX-License-Identifier: Apache-2.0 */
/* qetl validate: everything about a pipeline file that can be told without touching its data. */
#include "cli.h"

#include <stdio.h>

int qetl_cli_validate(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    if (!registry)
        return qetl_cli_answer(cli, "validate", QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    if (!cli->n_operands) {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "usage", "no pipeline file was named");
        if (finding)
            qetl_finding_mend(finding, "qetl validate FILE");
    }
    json_t *files = json_array();
    for (size_t i = 0; i < cli->n_operands; i++) {
        size_t errors = findings->errors;
        struct qetl_document *document = qetl_cli_document(cli, cli->operands[i], findings);
        struct qetl_pipeline *pipeline =
            document ? qetl_pipeline_new(document, registry, findings) : NULL;
        bool good = pipeline && findings->errors == errors;
        json_array_append_new(files, json_pack("{s:s, s:b, s:I}", "file", cli->operands[i], "valid",
                                               good, "components",
                                               (json_int_t)(pipeline ? pipeline->n_nodes : 0)));
        if (good && !cli->quiet && !cli->json)
            printf("%s: valid, %zu components\n", cli->operands[i], pipeline->n_nodes);
        qetl_pipeline_free(pipeline);
        qetl_document_free(document);
    }
    qetl_registry_free(registry);
    return qetl_cli_answer(cli, "validate", qetl_cli_verdict(findings), NULL,
                           json_pack("{s:o}", "files", files), findings);
}
