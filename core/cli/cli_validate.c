/* SPDX-License-Identifier: Apache-2.0 */
/* qetl validate: everything about a pipeline file that can be told without touching its data. */
#include "cli.h"

#include <stdio.h>

static int validate(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    if (!registry)
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
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
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "files", files), findings);
}

const struct qetl_command qetl_command_validate = {
    .name = "validate",
    .section = "Check",
    .summary = "check pipeline files without touching data",
    .synopses = (const char *const[]){"FILE...", NULL},
    .description =
        "Checks pipeline files: words, types, plugins and their options, the graph. No data is "
        "touched and no plugin is loaded. Every mistake is named with file, line, column and mend, "
        "all in one go.",
    .operands = {.name = "FILE", .least = 1, .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&qetl_options_pipeline, &qetl_options_json, &qetl_options_plugins,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl validate orders.yaml", "one file"},
            {"qetl validate *.yaml --json | jq '.result.files[] | select(.valid | not)'",
             "those that are wrong"},
            {NULL, NULL}},
    .exits = qetl_exits_check,
    .run = validate,
};
