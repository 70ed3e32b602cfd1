/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a pipeline file: read as YAML and as JSON, placeholders replaced, checked against a
 * few plugins. Whatever comes of it, a pipeline that was made is sound, a refusal has a reason, and
 * what a finding shows of the file is there.
 */
#include "../core/config/excerpt.h"
#include "../core/config/expand.h"
#include "../core/pipeline/pipeline.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLUGIN(name, components)                                                            \
    {                                                                                       \
        name, "{\"id\": \"" name                                                            \
              "\", \"version\": \"1.0.0\", \"abi\": {\"min\": \"1.0\", \"max\": \"1.0\"}, " \
              "\"components\": [" components "]}"                                           \
    }
#define COMPONENT(kind, id, more, properties)                                                   \
    "{\"kind\": \"" kind "\", \"id\": \"" id "\", " more "\"options\": {\"type\": \"object\", " \
    "\"additionalProperties\": false, \"properties\": {" properties "}}}"
#define OPTION(name, schema) "\"" name "\": {\"description\": \"x\", " schema "}"

static const struct {
    const char *name, *manifest;
} plugins[] = {
    PLUGIN(
        "file",
        COMPONENT(
            "source", "file", "\"bytes\": true, ",
            OPTION("path",
                   "\"type\": [\"string\", \"array\"], \"x-file\": \"reads\", "
                   "\"items\": {\"type\": \"string\"}")) ", " COMPONENT("sink", "file",
                                                                        "\"bytes\": true, ",
                                                                        OPTION(
                                                                            "path",
                                                                            "\"type\": \"string\", "
                                                                            "\"x-file\": "
                                                                            "\"writes\""))),
    PLUGIN("csv",
           COMPONENT("format", "csv", "\"extensions\": [\".csv\"], ",
                     OPTION("header", "\"type\": \"boolean\", \"default\": true") ", " OPTION(
                         "types", "\"type\": \"object\", \"additionalProperties\": {\"type\": "
                                  "\"string\", \"format\": \"sql-type\"}"))),
    PLUGIN("null", COMPONENT("sink", "null", "\"inputs\": -1, ", "")),
    PLUGIN("filter",
           COMPONENT("transform", "filter", "",
                     OPTION("where", "\"type\": \"string\", \"format\": \"sql-expression\""))),
    PLUGIN("route",
           COMPONENT(
               "transform", "route", "\"outputs\": {\"from_option\": \"/outputs\"}, ",
               OPTION("outputs",
                      "\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}"))),
    PLUGIN("any", COMPONENT("transform", "any", "\"inputs\": -1, ",
                            OPTION("n", "\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1}, "
                                        "{\"enum\": [\"a\", \"b\"]}]"))),
};

static void write_manifest(const char *dir, size_t i)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s.qetl.json", dir, plugins[i].name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(plugins[i].manifest, file) < 0 || fclose(file) || chmod(path, 0644))
        abort();
}

static struct qetl_registry *registry_make(void)
{
    char dir[] = "/tmp/qetl-fuzz-XXXXXX", path[200];
    struct qetl_findings findings = {0};
    if (!mkdtemp(dir))
        abort();
    for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++)
        write_manifest(dir, i);
    const char *const dirs[] = {dir, NULL};
    struct qetl_registry *registry = qetl_registry_new(dirs, &findings);
    if (findings.count > 0)
        qetl_findings_print(&findings, stderr, 0);
    if (!registry || findings.count > 0)
        abort();
    for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++) {
        snprintf(path, sizeof path, "%s/%s.qetl.json", dir, plugins[i].name);
        unlink(path);
    }
    rmdir(dir);
    return registry;
}

static char word[] = "WORD=a > 5", number[] = "NUMBER=5", path[] = "PATH=a.csv";
static char *const environment[] = {word, number, path, NULL};

static void require(int truth)
{
    if (!truth)
        abort();
}

static void check_node(const struct qetl_pipeline *pipeline, size_t i)
{
    const struct qetl_node *node = &pipeline->nodes[i];
    require(node->use.plugin && json_is_object(node->use.options));
    require((node->n_inputs == 0) == (node->kind == QETL_SOURCE));
    require(!node->format.plugin == !node->use.plugin->takes_format);
    for (size_t k = 0; k < node->n_inputs; k++) {
        require(node->inputs[k].component < i);
        require(!node->inputs[k].port == !pipeline->nodes[node->inputs[k].component].n_outputs);
    }
}

static void check_findings(const struct qetl_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct qetl_finding *finding = &findings->items[i];
        if (!finding->excerpt)
            continue;
        require(strlen(finding->excerpt) <= QETL_EXCERPT_MAX && !strchr(finding->excerpt, '\n'));
        require(finding->caret >= 0 && (size_t)finding->caret <= strlen(finding->excerpt));
        require(finding->caret_width >= 0);
    }
}

static void try(const uint8_t *data, size_t size, const char *name,
                const struct qetl_registry *registry)
{
    struct qetl_findings findings = {0};
    struct qetl_document *document = qetl_document_parse((const char *)data, size, name, &findings);
    require(document || findings.errors > 0);
    struct qetl_variables *variables = qetl_variables_new(environment);
    struct qetl_document *whole =
        document ? qetl_document_expanded(document, variables, &findings) : NULL;
    require(!document == !whole);
    struct qetl_pipeline *pipeline = whole ? qetl_pipeline_new(whole, registry, &findings) : NULL;
    require(pipeline || findings.errors > 0);
    check_findings(&findings);
    for (size_t i = 0; pipeline && i < pipeline->n_nodes; i++)
        check_node(pipeline, i);
    json_t *json = qetl_findings_json(&findings);
    require(json != NULL);
    json_decref(json);
    qetl_pipeline_free(pipeline);
    qetl_document_free(whole);
    qetl_variables_free(variables);
    qetl_document_free(document);
    qetl_findings_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qetl_registry *registry;
    if (!registry)
        registry = registry_make();
    try(data, size, "p.yaml", registry);
    try(data, size, "p.json", registry);
    return 0;
}
