/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#include "../core/config/document.h"
#include "../core/pipeline/pipeline.h"

#include <qetl/plugin.h>

static struct qetl_findings findings;
static struct qetl_registry *registry;
static struct qetl_document *document;
static struct qetl_pipeline *pipeline;

static void start(void)
{
    char *dir = fixture_source("diagnostics/plugins");
    const char *const dirs[] = {dir, NULL};
    registry = qetl_registry_new(dirs, &findings);
    fixture_expect_none(&findings);
    free(dir);
}

static void drop(void)
{
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_findings_free(&findings);
    pipeline = NULL;
    document = NULL;
}

static void stop(void)
{
    drop();
    qetl_registry_free(registry);
}

TestSuite(pipeline, .init = start, .fini = stop);

static void make(const char *yaml)
{
    drop();
    document = qetl_document_parse(yaml, strlen(yaml), "p.yaml", &findings);
    cr_assert(document, "%s", yaml);
    pipeline = qetl_pipeline_new(document, registry, &findings);
}

static void good(const char *yaml)
{
    make(yaml);
    fixture_expect_none(&findings);
    cr_assert(pipeline);
}

static void options(const struct qetl_plugin_use *use, const char *json)
{
    json_t *expected = json_loads(json, 0, NULL);
    char *found = json_dumps(use->options, 0);
    cr_assert(json_equal(use->options, expected), "%s is not %s", found, json);
    free(found);
    json_decref(expected);
}

static void order(const char *ids)
{
    char found[200] = "";
    for (size_t i = 0; i < pipeline->n_nodes; i++)
        sprintf(found + strlen(found), "%s%s", i ? " " : "", pipeline->nodes[i].id);
    cr_assert_str_eq(found, ids);
}

#define ENDS \
    "sources: {a: {plugin: file, path: a.csv}}\nsinks: {out: {plugin: \"null\", input: a}}\n"

Test(pipeline, words_and_defaults)
{
    good(ENDS);
    cr_assert_null(pipeline->name);
    cr_assert_eq(pipeline->mode, QETL_MODE_HYBRID);
    cr_assert_eq(pipeline->fail_on_error, 0);
    cr_assert_eq(pipeline->max_rejected, -1);
    cr_assert_eq(pipeline->max_record, 16 << 20);
    cr_assert_eq(pipeline->batch_bytes, 256 << 10);
    cr_assert_eq(pipeline->linger_ms, 5);
    cr_assert_null(pipeline->dead_letters);
    good("name: n\nmode: stream\non_error: fail\nmax_rejected: 0\nmax_record: 1MiB\nbatch_bytes: "
         "8192\n"
         "linger_ms: 0\ndead_letters: false\n" ENDS);
    cr_assert_str_eq(pipeline->name, "n");
    cr_assert_eq(pipeline->mode, QETL_MODE_STREAM);
    cr_assert_eq(pipeline->fail_on_error, 1);
    cr_assert_eq(pipeline->max_rejected, 0);
    cr_assert_eq(pipeline->max_record, 1 << 20);
    cr_assert_eq(pipeline->batch_bytes, 8192);
    cr_assert_eq(pipeline->linger_ms, 0);
    cr_assert_str_eq(pipeline->dead_letters, "");
    good("dead_letters: d.ndjson\nmode: batch\n" ENDS);
    cr_assert_str_eq(pipeline->dead_letters, "d.ndjson");
    cr_assert_eq(pipeline->mode, QETL_MODE_BATCH);
}

Test(pipeline, components_are_whole)
{
    good("sources:\n  orders:\n    plugin: file\n    path: [x-*.csv.gz, y.tsv]\n"
         "    format: {delimiter: \";\", types: {a: bigint}}\n"
         "sinks:\n  out: {plugin: stdout, format: ndjson, input: orders}\n");
    const struct qetl_node *source = &pipeline->nodes[0], *sink = &pipeline->nodes[1];
    cr_assert_str_eq(source->id, "orders");
    cr_assert_str_eq(source->path, "sources.orders");
    cr_assert_eq(source->kind, QETL_SOURCE);
    cr_assert_str_eq(source->use.plugin->id, "file");
    options(&source->use, "{\"path\": [\"x-*.csv.gz\", \"y.tsv\"]}");
    cr_assert_str_eq(source->format.plugin->id, "csv");
    options(&source->format,
            "{\"delimiter\": \";\", \"types\": {\"a\": \"bigint\"}, \"header\": true, "
            "\"quote\": \"\\\"\", \"skip_rows\": 0}");
    cr_assert_eq(sink->kind, QETL_SINK);
    cr_assert_str_eq(sink->format.plugin->id, "ndjson");
    options(&sink->use, "{}");
    cr_assert_eq(sink->n_inputs, 1);
    cr_assert_eq(sink->inputs[0].component, 0);
    cr_assert_null(sink->inputs[0].port);
}

Test(pipeline, order_follows_inputs_then_the_file)
{
    good(
        "sinks: {z: {plugin: \"null\", input: [u]}, y: {plugin: \"null\", input: b}}\n"
        "transforms: {u: {plugin: union, input: [t, b]}, t: {plugin: filter, input: a, where: x}}\n"
        "sources: {b: {plugin: file, path: b.csv}, a: {plugin: file, path: a.csv}}\n");
    order("b y a t u z");
    cr_assert_eq(pipeline->nodes[4].n_inputs, 2);
    cr_assert_eq(pipeline->nodes[4].inputs[0].component, 3);
    cr_assert_eq(pipeline->nodes[4].inputs[1].component, 0);
}

Test(pipeline, outputs_have_the_names_of_their_option)
{
    good("sources: {a: {plugin: file, path: a.csv}}\n"
         "transforms: {split: {plugin: route, input: a, outputs: {large: \"x > 1\", small: "
         "\"true\"}}}\n"
         "sinks: {l: {plugin: \"null\", input: split.large}, s: {plugin: \"null\", input: "
         "[split.small, a]}}\n");
    const struct qetl_node *split = &pipeline->nodes[1];
    cr_assert_eq(split->n_outputs, 2);
    cr_assert_str_eq(split->outputs[0], "large");
    cr_assert_str_eq(split->outputs[1], "small");
    cr_assert_str_eq(pipeline->nodes[2].inputs[0].port, "large");
    cr_assert_str_eq(pipeline->nodes[3].inputs[0].port, "small");
    cr_assert_eq(pipeline->nodes[0].n_outputs, 0);
}

static void placed(size_t node, const char *pointer, int line, int column)
{
    struct qetl_place place = qetl_pipeline_place(pipeline, document, node, pointer);
    cr_assert_str_eq(place.file, "p.yaml");
    cr_assert(place.line == line && place.column == column, "%s is at %d:%d", pointer, place.line,
              place.column);
}

Test(pipeline, options_have_places)
{
    good("sources:\n  a:\n    plugin: file\n    path: [a.csv,\n      b.csv]\n"
         "    format: {type: csv, delimiter: \";\"}\n"
         "sinks:\n  out: {plugin: stdout, format: csv, input: a}\n");
    placed(0, "", 2, 3);
    placed(0, NULL, 2, 3);
    placed(0, "/path", 4, 11);
    placed(0, "/path/1", 5, 7);
    placed(0, "/format/delimiter", 6, 36);
    placed(0, "/format/header", 6, 13); /* filled in: its format's place */
    placed(0, "/nothing", 3, 5);
    placed(1, "/format/delimiter", 8, 33);
}

Test(pipeline, the_one_liner_goes_the_same_way)
{
    struct qetl_oneliner o = {.from = "a.csv",
                              .to = "-",
                              .to_format = "ndjson",
                              .where = "x > 1",
                              .select = "b,a",
                              .limit = -1};
    document = qetl_document_from_oneliner(&o, &findings);
    pipeline = qetl_pipeline_new(document, registry, &findings);
    fixture_expect_none(&findings);
    order("in where select out");
    options(&pipeline->nodes[2].use, "{\"columns\": [\"b\", \"a\"]}");
    cr_assert_str_eq(qetl_pipeline_place(pipeline, document, 1, "/where").file, "--where");
    drop();
    o.to_format = NULL;
    o.from_format = "cvs";
    document = qetl_document_from_oneliner(&o, &findings);
    pipeline = qetl_pipeline_new(document, registry, &findings);
    cr_assert_null(pipeline);
    const struct qetl_finding *f = fixture_expect(&findings, "unknown_format", 0, 0);
    cr_assert_str_eq(f->file, "--from-format");
    f = fixture_expect(&findings, "missing_format", 0, 0);
    cr_assert_str_eq(f->file, "--to");
    cr_assert(strstr(f->suggestion, "--to-format"), "%s", f->suggestion);
}

Test(pipeline, the_document_stays_as_it_was_read)
{
    good(ENDS);
    char *text = json_dumps(qetl_document_root(document), JSON_COMPACT);
    cr_assert_str_eq(text, "{\"sources\":{\"a\":{\"plugin\":\"file\",\"path\":\"a.csv\"}},"
                           "\"sinks\":{\"out\":{\"plugin\":\"null\",\"input\":\"a\"}}}");
    free(text);
}

Test(pipeline, too_much_is_refused)
{
    char *yaml = malloc(200000);
    cr_assert(yaml);
    size_t size = (size_t)sprintf(yaml, "sinks:\n");
    for (int i = 0; i < 1001; i++)
        size += (size_t)sprintf(yaml + size, "  s%d: {plugin: \"null\", input: a}\n", i);
    sprintf(yaml + size, "sources: {a: {plugin: file, path: a.csv}}\n");
    make(yaml);
    fixture_expect(&findings, "too_many_components", 1, 1);
    size = (size_t)sprintf(yaml, "sources: {a: {plugin: file, path: a.csv}}\ntransforms:\n");
    for (int i = 0; i < 1001; i++)
        size += (size_t)sprintf(yaml + size, "  t%d: {plugin: filter, input: a, where: b}\n", i);
    sprintf(yaml + size, "sinks: {s: {plugin: \"null\", input: t1000}}\n");
    make(yaml);
    fixture_expect(&findings, "too_many_components", 2, 1);
    for (size_t i = 0; i < findings.count; i++) /* nothing that follows from it alone */
        cr_expect_str_eq(findings.items[i].code, "too_many_components");
    size = (size_t)sprintf(yaml, "sources: {a: {plugin: file, path: a.csv}}\n"
                                 "sinks: {s: {plugin: \"null\", input: [a");
    for (int i = 0; i < 1000; i++)
        size += (size_t)sprintf(yaml + size, ", a");
    sprintf(yaml + size, "]}}\n");
    make(yaml);
    fixture_expect(&findings, "too_many_inputs", 2, 36);
    size = (size_t)sprintf(yaml, "sources: {a: {plugin: file, path: a.csv}}\nsinks:\n");
    for (int i = 0; i < 500; i++)
        size += (size_t)sprintf(yaml + size, "  s%d: {plugin: \"null\", input: zzzz}\n", i);
    make(yaml);
    fixture_expect(&findings, "too_many_mistakes", 1, 1);
    cr_assert_lt(findings.count, 220);
    free(yaml);
}
