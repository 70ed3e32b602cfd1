/* SPDX-License-Identifier: Apache-2.0 */
/* `streams: "*"`: which of them there are is asked of the source, and written into the document. */
#include "streams_found.h"
#include "config/pointer.h"
#include "discovered.h"
#include "lock/locked.h"
#include "pipeline/pipeline_streams.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct finding_streams {
    struct qetl_discovery discovery;
    struct qetl_document *document; /* with those of the sources so far */
    struct qetl_findings *findings;
};

static bool has_pattern(json_t *word)
{
    const char *name;
    json_t *value;
    size_t i;
    bool found = qetl_stream_is_pattern(json_string_value(word));
    json_array_foreach (word, i, value)
        found = found || qetl_stream_is_pattern(json_string_value(value));
    json_object_foreach (word, name, value)
        found = found || qetl_stream_is_pattern(name);
    return found;
}

/* "sales.Order Lines" is the stream sales_Order_Lines. */
static char *stream_name(const char *name)
{
    char *own = strndup(name, 100);
    for (char *at = own; at && *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-')
            *at = '_';
    return own;
}

/* One that was named outright is what was said there. */
static int stream_put(struct finding_streams *f, json_t *to, const json_t *what, const json_t *own)
{
    char *name = stream_name(json_string_value(json_object_get(what, "name")));
    json_t *options = json_deep_copy(json_object_get(what, "options"));
    int bad = !name || !options || (own && json_object_update_recursive(options, (json_t *)own));
    if (!bad && !json_object_get(to, name))
        bad = json_object_set(to, name, options);
    if (bad)
        qetl_findings_no_memory(f->findings);
    json_decref(options);
    free(name);
    return bad;
}

/* Named outright, beside a pattern: as it was found, if it was. */
static int name_put(struct finding_streams *f, json_t *to, const char *name)
{
    size_t i;
    json_t *what;
    json_array_foreach (f->discovery.streams, i, what)
        if (strcmp(name, json_string_value(json_object_get(what, "name"))) == 0)
            return stream_put(f, to, what, NULL);
    return json_object_set_new(to, name, json_null());
}

static int pattern_put(struct finding_streams *f, json_t *to, const char *pattern,
                       const json_t *own)
{
    size_t i, found = 0;
    json_t *what;
    int bad = 0;
    json_array_foreach (f->discovery.streams, i, what) {
        const char *name = json_string_value(json_object_get(what, "name"));
        if (fnmatch(pattern, name, 0) != 0)
            continue;
        bad = stream_put(f, to, what, own) || bad;
        found++;
    }
    if (!found)
        qetl_finding_mend(qetl_finding_add(f->findings, QETL_ERROR, "no_streams",
                                           "source `%s` has no stream like %s",
                                           strchr(f->discovery.node->path, '.') + 1, pattern),
                          "qetl conns discover FILE shows what there is");
    return bad || !found ? -1 : 0;
}

/* The word with names alone. */
static json_t *settled(struct finding_streams *f, json_t *word)
{
    json_t *to = json_object(), *value;
    const char *name;
    size_t i;
    int bad = !to;
    if (json_is_string(word))
        bad = bad || pattern_put(f, to, json_string_value(word), NULL);
    json_array_foreach (word, i, value) {
        name = json_string_value(value);
        if (name && !qetl_stream_is_pattern(name))
            bad = bad || name_put(f, to, name);
    }
    json_object_foreach (word, name, value)
        if (!qetl_stream_is_pattern(name))
            bad = bad || json_object_set(to, name, value);
    json_array_foreach (word, i, value)
        if (qetl_stream_is_pattern(json_string_value(value)))
            bad = bad || pattern_put(f, to, json_string_value(value), NULL);
    json_object_foreach (word, name, value)
        if (qetl_stream_is_pattern(name))
            bad = bad || pattern_put(f, to, name, json_is_object(value) ? value : NULL);
    if (!bad)
        return to;
    json_decref(to);
    return NULL;
}

static int source_settle(struct finding_streams *f, const struct qetl_node *node)
{
    char *pointer = NULL;
    if (asprintf(&pointer, "/sources/%s/streams", strchr(node->path, '.') + 1) < 0)
        return -1;
    json_t *word = (json_t *)qetl_pointer_get(qetl_document_root(f->document), pointer);
    int bad = 0;
    if (has_pattern(word)) { /* once: those of a source have the same path */
        f->discovery.streams = json_array();
        bad = qetl_discovery_ask(&f->discovery, node, f->findings);
        if (bad && !f->findings->errors)
            qetl_finding_mend(qetl_finding_add(f->findings, QETL_ERROR, "not_asked",
                                               "source `%s` cannot say which streams it has",
                                               strchr(node->path, '.') + 1),
                              "name them:  streams: [orders, users]");
        json_t *names = bad ? NULL : settled(f, word);
        struct qetl_edit edit = {.pointer = pointer, .value = names};
        struct qetl_document *made =
            names ? qetl_document_edited(f->document, &edit, 1, f->findings) : NULL;
        if (made) {
            qetl_document_free(f->document);
            f->document = made;
        }
        bad = !made;
        json_decref(names);
        json_decref(f->discovery.streams);
    }
    free(pointer);
    return bad;
}

static bool is_needed(const struct qetl_document *document)
{
    const char *id;
    json_t *entry, *sources = json_object_get(qetl_document_root(document), "sources");
    json_object_foreach (sources, id, entry)
        if (has_pattern(json_object_get(entry, "streams")))
            return true;
    return false;
}

struct qetl_document *qetl_cli_streams(struct qetl_cli *cli, struct qetl_document *document,
                                       const struct qetl_registry *registry,
                                       struct qetl_findings *findings)
{
    if (!document || !is_needed(document))
        return document;
    struct qetl_pipeline *pipeline = qetl_locked_pipeline(document, registry, findings);
    struct qetl_document *first =
        pipeline ? qetl_document_edited(document, NULL, 0, findings) : NULL;
    struct finding_streams f = {.document = first, .findings = findings};
    f.discovery.conns = (struct qetl_conns){
        .cli = cli, .registry = registry, .document = document, .pipeline = pipeline};
    int bad = !first;
    for (size_t i = 0; !bad && i < pipeline->n_nodes; i++)
        if (pipeline->nodes[i].kind == QETL_SOURCE)
            bad = source_settle(&f, &pipeline->nodes[i]);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    if (!bad)
        return f.document;
    qetl_document_free(f.document);
    return NULL;
}
