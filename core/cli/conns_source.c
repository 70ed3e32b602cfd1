/* SPDX-License-Identifier: Apache-2.0 */
/* A source is tested by what a run would do first: it is read to its first rows, into nothing. */
#include "config/pointer.h"
#include "conns.h"
#include "show/capture.h"
#include "show/glance.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 32 << 10, SHOWN_COLUMNS = 4 };

/* ---- the source alone ---- */

struct source_id {
    char *source;       /* as the file has it */
    const char *stream; /* of several, or NULL */
    json_t *alone;      /* ["STREAM"] */
};

struct edits {
    struct qetl_edit *items;
    char **pointers; /* of the items, owned */
    size_t n;
};

/* Moves pointer; NULL: no memory, which is noticed at the end. value NULL: the member goes. */
static void edit(struct edits *e, char *pointer, const json_t *value)
{
    e->pointers[e->n] = pointer;
    e->items[e->n++] = (struct qetl_edit){.pointer = pointer ? pointer : "", .value = value};
}

/* Of the streams of a source this one is left, with what is particular to it. */
static void edits_stream(struct edits *e, const char *source, json_t *streams,
                         const struct source_id *is)
{
    const char *key;
    json_t *own;
    char *of = qetl_pointer_key(source, "streams");
    if (!json_is_object(streams))
        edit(e, of ? strdup(of) : NULL, is->alone);
    json_object_foreach (streams, key, own)
        if (strcmp(key, is->stream) != 0)
            edit(e, of ? qetl_pointer_key(of, key) : NULL, NULL);
    char *self = of ? qetl_pointer_key(of, is->stream) : NULL;
    if (json_object_get(json_object_get(streams, is->stream), "retry"))
        edit(e, self ? qetl_pointer_key(self, "retry") : NULL, json_false());
    free(self);
    free(of);
}

static void edits_make(struct edits *e, const json_t *root, const struct source_id *is,
                       const json_t *sinks)
{
    static const char *const gone[] = {"transforms", "delivery", "dead_letters"};
    const char *key;
    json_t *value, *streams = NULL;
    char *of = qetl_pointer_key("/sources", is->source);
    json_object_foreach (json_object_get(root, "sources"), key, value)
        if (strcmp(key, is->source) != 0)
            edit(e, qetl_pointer_key("/sources", key), NULL);
        else
            streams = json_object_get(value, "streams");
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        if (json_object_get(root, gone[i]))
            edit(e, qetl_pointer_key("", gone[i]), NULL);
    edit(e, strdup("/sinks"), sinks);
    edit(e, of ? qetl_pointer_key(of, "retry") : NULL, json_false());
    if (is->stream && of)
        edits_stream(e, of, streams, is);
    free(of);
}

static bool is_whole(const struct edits *e)
{
    for (size_t i = 0; i < e->n; i++)
        if (!e->pointers[i])
            return false;
    return true;
}

/* A lock of the pipeline may have hidden it; by its version it is found all the same. */
static char *nowhere(const struct qetl_registry *registry)
{
    char *name = NULL;
    for (size_t i = 0; !name && i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *plugin = qetl_registry_at(registry, i);
        for (size_t k = 0; !name && k < plugin->n_components; k++)
            if (plugin->components[k].kind == QETL_SINK &&
                strcmp(plugin->components[k].id, "null") == 0 &&
                asprintf(&name, "null@%s", plugin->version) < 0)
                return NULL;
    }
    return name ? name : strdup("null");
}

static size_t edits_most(const json_t *root, const char *source)
{
    const json_t *sources = json_object_get(root, "sources");
    const json_t *streams = json_object_get(json_object_get(sources, source), "streams");
    return json_object_size(sources) + json_object_size(streams) + 6;
}

/* The source `shop.orders` stands in the file as the stream `orders` of `shop`. */
static struct source_id id_of(const struct qetl_node *node)
{
    const char *dot = strchr(node->id, '.');
    struct source_id is = {.stream = dot ? dot + 1 : NULL};
    is.source = strndup(node->id, strcspn(node->id, "."));
    is.alone = json_pack("[s*]", is.stream);
    return is;
}

/* The document of a pipeline of this one source, whose failures are not tried again. */
static struct qetl_document *alone(const struct qetl_conns *c, const struct qetl_node *node,
                                   struct qetl_findings *findings)
{
    const json_t *root = qetl_document_root(c->document);
    struct source_id is = id_of(node);
    size_t most = edits_most(root, is.source ? is.source : "");
    struct edits e = {calloc(most, sizeof *e.items), calloc(most, sizeof *e.pointers), 0};
    struct qetl_document *document = NULL;
    char *into = nowhere(c->registry);
    json_t *sinks = json_pack("{s:{s:s?, s:s}}", "conns_test", "plugin", into, "input", node->id);
    if (e.items && e.pointers && is.source && is.alone && sinks)
        edits_make(&e, root, &is, sinks);
    if (e.n && is_whole(&e))
        document = qetl_document_edited(c->document, e.items, e.n, findings);
    else
        qetl_findings_no_memory(findings);
    for (size_t i = 0; i < e.n; i++)
        free(e.pointers[i]);
    free(into);
    free(e.pointers);
    free(e.items);
    free(is.source);
    json_decref(is.alone);
    json_decref(sinks);
    return document;
}

/* ---- its first rows ---- */

static void enough(struct qetl_capture *capture)
{
    for (size_t i = 0; i < capture->n_outputs; i++)
        if (capture->outputs[i].passed)
            qetl_run_drain(*(struct qetl_run **)capture->arg);
}

static void columns_say(struct qetl_conns *c, const struct qetl_node *node,
                        const struct qetl_shown_rows *rows, size_t letters)
{
    char *names = NULL;
    size_t size;
    FILE *out = open_memstream(&names, &size);
    for (int64_t i = 0; out && i < rows->n_columns && i < SHOWN_COLUMNS; i++)
        fprintf(out, "%s%s", i ? ", " : "", rows->columns[i].name);
    if (out && rows->n_columns > SHOWN_COLUMNS)
        fputs(", …", out);
    if (!out || fclose(out) || !names)
        qetl_findings_no_memory(&c->findings);
    else
        qetl_conns_say(c, node, "ok", "%lld column%s (%s); %s", (long long)rows->n_columns,
                       rows->n_columns == 1 ? "" : "s", names,
                       rows->passed ? "rows come"
                       : letters    ? "the first rows are rejected: qetl preview shows why"
                                    : "it can be read, and no row has come yet");
    free(names);
}

static void run_once(struct qetl_conns *c, const struct qetl_node *node,
                     const struct qetl_document *document, struct qetl_pipeline *pipeline,
                     struct qetl_findings *findings)
{
    struct qetl_capture capture = {.pipeline = pipeline, .keep_rows = 1, .keep_letters = 1};
    struct qetl_run *run = NULL;
    struct qetl_run_options options = qetl_cli_run_options(c->cli, document);
    capture.progress = enough;
    capture.arg = &run;
    options.driver = QETL_DRIVE_PULL;
    if (!qetl_capture_init(&capture, pipeline)) {
        options.observer = &capture.observer;
        run = qetl_run_new(pipeline, c->registry, &options, findings);
    }
    if (run && qetl_glance(run, c->wait_ms) == QETL_EXIT_OK && !findings->errors) {
        qetl_capture_finish(&capture, run);
        columns_say(c, node, &capture.outputs[0], capture.n_letters);
    } else {
        if (!run)
            qetl_findings_no_memory(findings);
        qetl_conns_fail(c, node, findings);
    }
    qetl_run_free(run);
    qetl_capture_free(&capture);
}

void qetl_conns_read(struct qetl_conns *c, const struct qetl_node *node)
{
    struct qetl_findings findings = {0};
    struct qetl_document *document = alone(c, node, &findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, c->registry, &findings) : NULL;
    if (pipeline) { /* no row ends the test */
        pipeline->fail_on_error = 0;
        pipeline->max_rejected = -1;
        if (pipeline->batch_bytes > CHUNK_BYTES)
            pipeline->batch_bytes = CHUNK_BYTES;
        run_once(c, node, document, pipeline, &findings);
    } else {
        qetl_conns_fail(c, node, &findings);
    }
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_findings_free(&findings);
}
