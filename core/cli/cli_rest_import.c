/* SPDX-License-Identifier: Apache-2.0 */
/* qetl rest import: a first pipeline, of what a service's description offers. What such a
 * description says, and how it is read, is the source `openapi`'s affair. */
#include "config/suggest.h"
#include "discovered.h"
#include "lock/locked.h"

#include <stdlib.h>
#include <string.h>

struct own {
    struct qetl_texts streams;
    const char *url;
};

static const char *text_of(const json_t *one, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));
    return text ? text : "";
}

/* ---- the description ---- */

static struct qetl_document *description(const struct qetl_cli *cli, const struct own *own,
                                         struct qetl_findings *findings)
{
    json_t *root = json_pack("{s:{s:{s:s, s:s, s:s*}}, s:{s:{s:s, s:s}}}", "sources", "described",
                             "plugin", "openapi", "path", cli->operands[0], "url", own->url,
                             "sinks", "out", "plugin", "null", "input", "described");
    char *text = root ? json_dumps(root, 0) : NULL;
    struct qetl_document *document =
        text ? qetl_document_parse(text, strlen(text), "command line", findings) : NULL;
    if (!text)
        qetl_findings_no_memory(findings);
    free(text);
    json_decref(root);
    return document;
}

/* ---- which streams ---- */

static size_t find(const json_t *streams, const char *name)
{
    size_t i = 0;
    while (i < json_array_size(streams) &&
           strcmp(text_of(json_array_get(streams, i), "name"), name) != 0)
        i++;
    return i;
}

static void unknown(const json_t *streams, const char *name, struct qetl_findings *findings)
{
    struct qetl_suggest near;
    qetl_suggest_init(&near, name);
    for (size_t i = 0; i < json_array_size(streams); i++)
        qetl_suggest_offer(&near, text_of(json_array_get(streams, i), "name"));
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "unknown_stream", "nothing that can be read is called '%s'", name);
    if (near.best)
        qetl_finding_mend(finding, "did you mean %s?", near.best);
    else
        qetl_finding_mend(finding, "qetl conns discover openapi path=FILE shows what there is");
}

/* Those that were named; else all lists that need nothing from elsewhere. */
static json_t *chosen(const json_t *streams, const struct own *own, struct qetl_findings *findings)
{
    json_t *out = json_array(), *one;
    size_t i;
    for (i = 0; i < own->streams.count; i++) {
        const char *name = own->streams.items[i];
        one = json_array_get(streams, find(streams, name));
        if (!one)
            unknown(streams, name, findings);
        else if (*text_of(one, "trouble"))
            qetl_finding_add(findings, QETL_ERROR, "trouble", "%s", text_of(one, "trouble"));
        else if (find(out, name) == json_array_size(out))
            json_array_append(out, one);
    }
    json_array_foreach (streams, i, one)
        if (!own->streams.count && !strcmp(text_of(one, "kind"), "list") &&
            !*text_of(one, "trouble"))
            json_array_append(out, one);
    if (!own->streams.count && !json_array_size(out))
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_ERROR, "no_stream",
                             "the description has no list that can be read by itself"),
            "qetl conns discover openapi path=FILE shows what there is; name it with --stream");
    return out;
}

/* ---- the pipeline ---- */

static void rest_put(const json_t *all, const json_t *streams, FILE *out)
{
    size_t i;
    const json_t *one;
    json_array_foreach (all, i, one) {
        const char *name = text_of(one, "name"), *trouble = text_of(one, "trouble");
        if (find(streams, name) == json_array_size(streams))
            fprintf(out, "# %s%s%s%s\n", name, *trouble ? " cannot be read: " : " (",
                    *trouble ? trouble : text_of(one, "kind"), *trouble ? "" : ")");
    }
}

static void pipeline_put(const struct qetl_discovery *d, const json_t *all, bool named, FILE *out)
{
    size_t n = json_array_size(d->streams);
    char *first = qetl_discovery_id(d->streams, 0);
    fprintf(out,
            "# A first pipeline, of %s. What was guessed, and what is to be filled in, stands in "
            "comments:\n# try it with qetl preview.\nname: %s\n",
            d->conns.cli->operands[0], n == 1 && first ? first : "imported");
    free(first);
    qetl_discovery_sources(d, out);
    fputs("sinks:\n", out);
    for (size_t i = 0; i < n; i++) {
        char *id = qetl_discovery_id(d->streams, i);
        if (id)
            fprintf(out,
                    "  %s_file: {plugin: file, input: %s, path: %s.ndjson, if_exists: replace}\n",
                    id, id, id);
        free(id);
    }
    if (!named && json_array_size(all) > n) {
        fputs("# What else there is, by --stream:\n", out);
        rest_put(all, d->streams, out);
    }
}

static int print(const struct qetl_discovery *d, const json_t *all, bool named)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -1;
    pipeline_put(d, all, named, out);
    return qetl_discovery_flush(d, out, &text, &size);
}

/* ---- the command ---- */

static void import(struct qetl_discovery *d, const struct own *own, struct qetl_findings *findings)
{
    json_t *all = d->streams;
    if (qetl_discovery_ask(d, &d->conns.pipeline->nodes[0], findings) && !findings->errors)
        qetl_finding_add(findings, QETL_ERROR, "not_asked",
                         "the plugin openapi is another than that which comes with qetl");
    if (findings->errors)
        return;
    d->streams = chosen(all, own, findings);
    if (!findings->errors && !d->conns.cli->json && print(d, all, own->streams.count > 0))
        qetl_findings_no_memory(findings);
    json_decref(all);
}

/* Nobody wrote the pipeline that asks: its places help nobody. */
static void places_drop(struct qetl_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct qetl_finding *finding = &findings->items[i];
        free(finding->file);
        free(finding->path);
        free(finding->excerpt);
        finding->file = finding->path = finding->excerpt = NULL;
        finding->line = finding->column = finding->caret = finding->caret_width = 0;
    }
}

static int rest_import(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document = registry ? description(cli, own, findings) : NULL;
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    struct qetl_discovery d = {
        .conns = {.cli = cli, .registry = registry, .document = document, .pipeline = pipeline},
        .streams = json_array()};
    int exit_code = registry ? qetl_run_verdict(findings) : QETL_EXIT_ENVIRONMENT;
    if (pipeline && !exit_code) {
        import(&d, own, findings);
        exit_code = findings->errors ? QETL_EXIT_CONFIG : QETL_EXIT_OK;
    }
    places_drop(findings);
    qetl_cli_answer(cli, exit_code, NULL, json_pack("{s:O}", "streams", d.streams), findings);
    json_decref(d.streams);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"stream", .kind = QETL_ARG_TEXTS, .offset = offsetof(struct own, streams), .value = "PATH",
     .help = "a path of the description, /orders; may be repeated"},
    {"url", .kind = QETL_ARG_TEXT, .offset = offsetof(struct own, url), .value = "URL",
     .help = "where the service is, if not where its description says"},
};
static const struct qetl_option_group importing = QETL_OPTION_GROUP("Import", true, options);

static const struct qetl_exit exits[] = {
    {"0", "the pipeline was written"},
    {"2", "the command line or the description is wrong, or has no such stream"},
    {"3", "a plugin is missing"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_rest_import = {
    .name = "rest import",
    .section = "Check",
    .summary = "a first pipeline of a service's description",
    .synopses = (const char *const[]){"FILE", NULL},
    .description =
        "Reads a description of a service (OpenAPI 3.0 or 3.1, JSON or YAML) and writes a pipeline "
        "to stdout that reads what it offers: URLs, who asks, where rows stand and of which types "
        "their columns are. How the service pages is guessed by the names of parameters and of "
        "what a response has, which a comment says; secrets are placeholders.\n\n"
        "Without --stream, all lists are read that need nothing from elsewhere; what else there is "
        "is named at the end. Nothing is asked over the network.",
    .operands = {.name = "FILE", .least = 1, .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&importing, &qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl rest import openapi.json --stream /orders >orders.yaml", "one list"},
            {"qetl rest import openapi.yaml --url http://localhost:8080 --json",
             "all, for programs"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = rest_import,
};
