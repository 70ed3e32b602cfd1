/* SPDX-License-Identifier: Apache-2.0 */
/* qetl schema: one JSON Schema of a pipeline file with what is installed, for editors. */
#include "cli.h"
#include "pipeline/pipeline_schema.h"

#include <stdio.h>

struct own {
    bool compact;
};

static int schema(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    json_t *file = registry ? qetl_file_schema(registry) : NULL;
    if (registry && !file)
        qetl_findings_no_memory(findings);
    if (file) {
        json_dumpf(file, stdout, own->compact ? JSON_COMPACT : JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(file);
    qetl_registry_free(registry);
    return qetl_cli_answer(cli, registry ? qetl_run_verdict(findings) : QETL_EXIT_ENVIRONMENT, NULL,
                           NULL, findings);
}

static const struct qetl_option options[] = {
    {"compact", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, compact),
     .help = "on one line"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Schema", true, options);

const struct qetl_command qetl_command_schema = {
    .name = "schema",
    .section = "Plugins",
    .summary = "a JSON Schema of pipeline files, for editors",
    .synopses = (const char *const[]){"", NULL},
    .description =
        "Writes one JSON Schema (draft 2020-12) of a whole pipeline file: the words of qetl and "
        "the "
        "options of every plugin that is installed. An editor completes and checks with it. Only "
        "names, types and limits are checked there; qetl validate also knows inputs, expressions "
        "and files.\n\n"
        "For editors with the YAML language server, the first line of a pipeline file names it:\n\n"
        "    # yaml-language-server: $schema=./pipeline.schema.json",
    .groups = {&group, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){{"qetl schema >pipeline.schema.json", "beside the pipelines"},
                                      {"qetl schema | jq '.\"$defs\" | keys'", "what it describes"},
                                      {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = schema,
};
