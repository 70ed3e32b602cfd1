/* SPDX-License-Identifier: Apache-2.0 */
/* qetl conns discover: what a source offers. */
#include "config/suggest.h"
#include "discovered.h"
#include "lock/locked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct own {
    bool yaml;
};

/* ---- which sources ---- */

static bool is_file(const char *operand)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    struct stat about;
    size_t size = strlen(operand);
    bool looks = strchr(operand, '/') != NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        looks |= size > strlen(endings[i]) &&
                 strcmp(operand + size - strlen(endings[i]), endings[i]) == 0;
    return looks || (!stat(operand, &about) && S_ISREG(about.st_mode));
}

/* A pipeline of this plugin alone, its options as the command line has them. */
static struct qetl_document *plugin_document(const struct qetl_cli *cli,
                                             struct qetl_findings *findings)
{
    size_t n = cli->n_operands - 1;
    char **settings = calloc(n + 1, sizeof *settings);
    json_t *root = json_pack("{s:{s:{s:s}}, s:{s:{s:s, s:s}}}", "sources", "in", "plugin",
                             cli->operands[0], "sinks", "out", "plugin", "null", "input", "in");
    char *text = root ? json_dumps(root, 0) : NULL;
    bool whole = settings && text;
    for (size_t i = 0; whole && i < n; i++)
        whole = asprintf(&settings[i], "sources.in.%s", cli->operands[i + 1]) >= 0;
    struct qetl_document *document =
        whole ? qetl_document_parse(text, strlen(text), "command line", findings) : NULL;
    struct qetl_document *set =
        document ? qetl_document_set(document, (const char *const *)settings, n, findings) : NULL;
    if (!whole)
        qetl_findings_no_memory(findings);
    for (size_t i = 0; settings && i < n; i++)
        free(settings[i]);
    free(settings);
    free(text);
    json_decref(root);
    qetl_document_free(document);
    return set ? qetl_cli_document_whole(cli, set, findings) : NULL;
}

static bool is_named(const struct qetl_cli *cli, const struct qetl_node *node, bool file)
{
    bool named = !file || cli->n_operands == 1;
    for (size_t i = 1; !named && i < cli->n_operands; i++)
        named = strcmp(cli->operands[i], node->id) == 0;
    return named;
}

static void names_check(const struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                        struct qetl_findings *findings)
{
    for (size_t i = 1; i < cli->n_operands; i++) {
        size_t n = 0;
        while (n < pipeline->n_nodes && (pipeline->nodes[n].kind != QETL_SOURCE ||
                                         strcmp(pipeline->nodes[n].id, cli->operands[i]) != 0))
            n++;
        if (n == pipeline->n_nodes)
            qetl_finding_add(findings, QETL_ERROR, "unknown_component", "no source is called '%s'",
                             cli->operands[i]);
    }
}

/* ---- the command ---- */

static void discover_all(struct qetl_discovery *d, bool file, struct qetl_findings *findings)
{
    const struct qetl_pipeline *pipeline = d->conns.pipeline;
    size_t asked = 0;
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        if (node->kind == QETL_SOURCE && is_named(d->conns.cli, node, file))
            asked += qetl_discovery_ask(d, node, findings) ? 0 : 1;
    }
    if (asked || findings->errors)
        return;
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "not_asked", "%s",
                                       "no source here can say what it offers"),
                      "qetl preview shows what one would bring; `sqlite` and others can be asked");
}

static int conns_discover(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    bool file = is_file(cli->operands[0]);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document = !registry ? NULL
                                     : file    ? qetl_cli_document(cli, cli->operands[0], findings)
                                               : plugin_document(cli, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    struct qetl_discovery d = {
        .conns = {.cli = cli, .registry = registry, .document = document, .pipeline = pipeline},
        .streams = json_array()};
    if (pipeline && file)
        names_check(cli, pipeline, findings);
    int exit_code = registry ? qetl_run_verdict(findings) : QETL_EXIT_ENVIRONMENT;
    if (pipeline && !exit_code) {
        discover_all(&d, file, findings);
        exit_code = findings->errors ? QETL_EXIT_FAILED : QETL_EXIT_OK;
        if (!cli->json && !findings->errors && qetl_discovery_print(&d, own->yaml))
            qetl_findings_no_memory(findings);
    }
    qetl_cli_answer(cli, exit_code, NULL, json_pack("{s:O}", "streams", d.streams), findings);
    json_decref(d.streams);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"yaml", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, yaml),
     .help = "the sources of a pipeline file that reads all of it"},
};
static const struct qetl_option_group showing = QETL_OPTION_GROUP("Discover", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it was shown"},
    {"1", "a source could not be asked, or cannot say"},
    {"2", "the command line or the pipeline is wrong"},
    {"3", "a plugin is missing"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_conns_discover = {
    .name = "conns discover",
    .section = "Check",
    .summary = "the tables and columns that a source offers",
    .synopses = (const char *const[]){"FILE [SOURCE...]", "PLUGIN [OPTION=VALUE...]", NULL},
    .description =
        "Asks the sources of a pipeline, or one plugin with these options, what there is to be "
        "read: tables and views, their columns and types as a run would have them, keys, rows and "
        "sizes (~: not counted, but estimated). Which table a pipeline names is not looked at. "
        "Nothing is changed, and no rows are read but those that tell types.\n\n"
        "With --yaml, a pipeline file's `sources:` that reads each; options stand there as they "
        "were given, secrets as ***.",
    .operands = {.name = "FILE", .least = 1, .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&showing, &qetl_options_pipeline, &qetl_options_json, &qetl_options_locked,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl conns discover sqlite path=orders.db", "a database, before there is a pipeline"},
            {"qetl conns discover sqlite path=orders.db --yaml >>new.yaml", "its beginning"},
            {"qetl conns discover sqlite path=orders.db --json | jq '.result.streams[].keys'",
             "for programs"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = conns_discover,
};
