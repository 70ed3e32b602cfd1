/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline.h"

#include "config/mask.h"
#include "config/pointer.h"
#include "config/schema_check.h"
#include "config/suggest.h"
#include "config/units.h"
#include "pipeline_draft.h"
#include "pipeline_schema.h"
#include "plugin/manifest.h"
#include "time/zone.h"

#include <qetl/plugin.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t kind;
} sections[] = {{"sources", QETL_SOURCE}, {"transforms", QETL_TRANSFORM}, {"sinks", QETL_SINK}};

/* ---- freeing ---- */

static void node_reset(struct qetl_node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++)
        free(node->inputs[i].port);
    for (size_t i = 0; i < node->n_outputs; i++)
        free(node->outputs[i]);
    free(node->inputs);
    free(node->outputs);
    json_decref(node->use.options);
    json_decref(node->format.options);
    json_decref(node->incremental);
    free(node->id);
    free(node->path);
    memset(node, 0, sizeof *node);
}

static void drafts_reset(struct qetl_drafts *drafts)
{
    for (size_t i = 0; i < drafts->count; i++) {
        struct qetl_draft *draft = &drafts->items[i];
        for (size_t k = 0; k < draft->n_links; k++)
            free(draft->links[k].port);
        node_reset(&draft->node);
        free(draft->links);
        free(draft->ports_used);
        free(draft->pointer);
    }
    for (size_t i = 0; i < drafts->n_files; i++) {
        free(drafts->files[i].path);
        free(drafts->files[i].pointer);
    }
    free(drafts->files);
    free(drafts->items);
    json_decref(drafts->root);
    json_decref(drafts->origins);
}

void qetl_pipeline_free(struct qetl_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (size_t i = 0; i < pipeline->n_nodes; i++)
        node_reset(&pipeline->nodes[i]);
    free(pipeline->nodes);
    for (size_t i = 0; i < pipeline->n_files; i++) {
        free(pipeline->files[i].path);
        free(pipeline->files[i].id);
    }
    free(pipeline->files);
    free(pipeline->name);
    free(pipeline->dead_letters);
    qetl_letter_rules_clear(&pipeline->letters);
    qetl_mask_release(pipeline->mask);
    free(pipeline->timezone);
    free(pipeline);
}

/* ---- findings ---- */

void qetl_drafts_no_memory(struct qetl_drafts *drafts)
{
    qetl_findings_no_memory(drafts->findings);
}

struct qetl_finding *qetl_draft_error(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                                      const char *below, const char *code, const char *format, ...)
{
    char *message, *pointer;
    va_list args;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    if (asprintf(&pointer, "%s%s", draft->pointer, below) < 0)
        pointer = NULL;
    struct qetl_finding *finding = qetl_document_error(
        drafts->document, pointer ? pointer : "", *below ? QETL_AT_VALUE : QETL_AT_KEY,
        drafts->findings, code, "%s", message ? message : code);
    free(message);
    free(pointer);
    return finding;
}

/* ---- components ---- */

int qetl_id_is_legal(const char *id)
{
    size_t size = strlen(id);
    for (const char *at = id; *at; at++)
        if (!((*at | 32) >= 'a' && (*at | 32) <= 'z') && !(*at >= '0' && *at <= '9') &&
            *at != '_' && *at != '-')
            return 0;
    return size > 0 && size <= 100;
}

static void check_id(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    /* Nobody can name it. */
    draft->used = !qetl_id_is_legal(qetl_drafts_origin(drafts, draft->node.id));
    if (draft->used)
        qetl_finding_mend(qetl_draft_error(drafts, draft, "", "bad_id",
                                           "`%s` cannot be the name of a component",
                                           draft->node.id),
                          "1 to 100 of the letters a to z and A to Z, digits, _ and -");
    for (const struct qetl_draft *other = drafts->items; other < draft; other++) {
        if (strcmp(other->node.id, draft->node.id) != 0)
            continue;
        struct qetl_place first = qetl_document_key_place(drafts->document, other->pointer);
        draft->used = 1;
        qetl_finding_mend(qetl_draft_error(drafts, draft, "", "duplicate_component",
                                           "there is a component `%s` already, at %s:%d:%d",
                                           draft->node.id, first.file, first.line, first.column),
                          "give one of the two another name");
    }
}

static int draft_add(struct qetl_drafts *drafts, const char *section, uint32_t kind, const char *id,
                     json_t *json)
{
    struct qetl_draft *items =
        reallocarray(drafts->items, drafts->count + 1, sizeof *drafts->items);
    if (!items)
        return -1;
    drafts->items = items;
    struct qetl_draft *draft = &items[drafts->count++];
    char *base = qetl_pointer_key("", section);
    *draft = (struct qetl_draft){.node.kind = kind};
    const char *origin = qetl_drafts_origin(drafts, id);
    draft->pointer = base ? qetl_pointer_key(base, origin) : NULL;
    draft->node.id = strdup(id);
    free(base);
    if (asprintf(&draft->node.path, "%s.%s", section, origin) < 0)
        draft->node.path = NULL;
    if (!draft->pointer || !draft->node.id || !draft->node.path)
        return -1;
    draft->json = json_is_object(json) ? json : NULL;
    check_id(drafts, draft);
    if (!draft->json)
        qetl_finding_mend(qetl_draft_error(drafts, draft, "", "wrong_type",
                                           "`%s` must be a mapping with a plugin and its options",
                                           id),
                          "for example  %s: {plugin: file, path: orders.csv}", id);
    return 0;
}

/* `orders:` with nothing in it, and its options beside it. */
static int is_beside(json_t *entries, const char *id, json_t *json)
{
    void *next = json_object_iter_next(entries, json_object_iter_at(entries, id));
    json_t *value = next ? json_object_iter_value(next) : NULL;
    return json_is_null(json) && value && !json_is_object(value) && !json_is_null(value);
}

static void fail_beside(struct qetl_drafts *drafts, const char *section, const char *key,
                        const char *of)
{
    char *base = qetl_pointer_key("", section);
    char *pointer = base ? qetl_pointer_key(base, key) : NULL;
    if (pointer)
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_KEY,
                                              drafts->findings, "wrong_indentation",
                                              "`%s` stands beside `%s`, not in it", key, of),
                          "indent it by two spaces more than `%s:`", of);
    else
        qetl_drafts_no_memory(drafts);
    drafts->partial = 1;
    free(pointer);
    free(base);
}

static int section_collect(struct qetl_drafts *drafts, const char *section, uint32_t kind,
                           json_t *entries)
{
    const char *id;
    json_t *json;
    const char *empty = NULL;
    json_object_foreach (entries, id, json) {
        if (is_beside(entries, id, json))
            empty = id;
        else if (json_is_object(json) || json_is_null(json))
            empty = NULL;
        if (empty && empty != id)
            fail_beside(drafts, section, id, empty);
        if (empty)
            continue;
        if (drafts->count == QETL_COMPONENTS_MAX) {
            char *pointer = qetl_pointer_key("", section);
            qetl_finding_mend(qetl_document_error(drafts->document, pointer ? pointer : "",
                                                  QETL_AT_KEY, drafts->findings,
                                                  "too_many_components", "more than %d components",
                                                  QETL_COMPONENTS_MAX),
                              "make several pipelines of it");
            drafts->partial = 1; /* those left out may be what others name, and name others */
            free(pointer);
            return 0;
        }
        if (draft_add(drafts, section, kind, id, json))
            return -1;
    }
    return 0;
}

/* In the file's order, sections included. */
static int drafts_collect(struct qetl_drafts *drafts)
{
    const char *key;
    json_t *entries;
    json_object_foreach (drafts->root, key, entries)
        for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
            if (strcmp(key, sections[i].name) == 0 && json_is_object(entries) &&
                section_collect(drafts, key, sections[i].kind, entries))
                return -1;
    return 0;
}

/* A section that was meant by another key; that key is told already. */
static int section_misspelt(const struct qetl_drafts *drafts, const char *section)
{
    const char *key;
    json_t *value;
    json_object_foreach (drafts->root, key, value) {
        struct qetl_suggest suggest;
        qetl_suggest_init(&suggest, key);
        for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
            qetl_suggest_offer(&suggest, sections[i].name);
        if (suggest.best && strcmp(key, suggest.best) != 0 && strcmp(suggest.best, section) == 0 &&
            json_is_object(value) && !json_object_get(drafts->root, section))
            return 1;
    }
    return 0;
}

static void check_present(struct qetl_drafts *drafts, uint32_t kind, const char *section,
                          const char *example)
{
    const json_t *entries = json_object_get(drafts->root, section);
    char pointer[16];
    drafts->partial |= json_object_size(entries) == 0;
    if ((entries && (!json_is_object(entries) || json_object_size(entries) > 0)) ||
        section_misspelt(drafts, section))
        return;
    snprintf(pointer, sizeof pointer, "/%s", section);
    struct qetl_finding *finding = qetl_document_error(
        drafts->document, pointer, QETL_AT_KEY, drafts->findings,
        kind == QETL_SOURCE ? "no_sources" : "no_sinks", "the pipeline has no %s", section);
    qetl_finding_mend(finding, "%s", example);
}

/* ---- the pipeline's own words ---- */

static int64_t bytes_option(struct qetl_drafts *drafts, const char *key, int64_t least,
                            int64_t most)
{
    const json_t *value = json_object_get(drafts->root, key);
    int64_t bytes = json_integer_value(value);
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/%s", key);
    if (json_is_string(value) && qetl_units_bytes(json_string_value(value), &bytes)) {
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_VALUE,
                                              drafts->findings, "bad_size", "`%s` is no size", key),
                          "a whole number of B, KiB, MiB or GiB: for example  %s: 1MiB", key);
    } else if ((json_is_string(value) || json_is_integer(value)) &&
               (bytes < least || bytes > most)) {
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_VALUE,
                                              drafts->findings, "out_of_range",
                                              "`%s` must be from %lld to %lld bytes", key,
                                              (long long)least, (long long)most),
                          "for example  %s: 1MiB", key);
    }
    return bytes;
}

static int64_t time_option(struct qetl_drafts *drafts, const char *key)
{
    const char *text = json_string_value(json_object_get(drafts->root, key));
    int64_t ns = 0;
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/%s", key);
    if (text && qetl_units_ns(text, &ns))
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_VALUE,
                                              drafts->findings, "bad_time",
                                              "`%s` is no length of time", key),
                          "a number and its unit: for example  %s: 90s", key);
    return ns;
}

static int text_copy(char **to, const json_t *value)
{
    const char *text = json_is_false(value) ? "" : json_string_value(value); /* true: the default */
    *to = text ? strdup(text) : NULL;
    return text && !*to ? -1 : 0;
}

static enum qetl_mode mode_of(const char *name)
{
    if (name && strcmp(name, "batch") == 0)
        return QETL_MODE_BATCH;
    return name && strcmp(name, "stream") == 0 ? QETL_MODE_STREAM : QETL_MODE_HYBRID;
}

static void timezone_check(struct qetl_drafts *drafts, const char *name)
{
    if (!name || qetl_expr_zone_find((struct expr_text){name, (int64_t)strlen(name)}))
        return;
    qetl_finding_mend(qetl_document_error(drafts->document, "/timezone", QETL_AT_VALUE,
                                          drafts->findings, "bad_timezone",
                                          "there is no time zone `%s`", name),
                      "a name of the tz database: for example  timezone: Europe/Berlin");
}

const char *qetl_mode_word(enum qetl_mode mode)
{
    return mode == QETL_MODE_BATCH ? "batch" : mode == QETL_MODE_STREAM ? "stream" : "hybrid";
}

static int fill_words(struct qetl_drafts *drafts, struct qetl_pipeline *pipeline)
{
    const json_t *root = drafts->root;
    const json_t *max_rejected = json_object_get(root, "max_rejected");
    const char *on_error = json_string_value(json_object_get(root, "on_error"));
    pipeline->mode = mode_of(json_string_value(json_object_get(root, "mode")));
    pipeline->fail_on_error = on_error && strcmp(on_error, "fail") == 0;
    pipeline->max_rejected = max_rejected ? json_integer_value(max_rejected) : -1;
    pipeline->max_record = bytes_option(drafts, "max_record", 64, INT64_C(1) << 30);
    pipeline->batch_bytes = bytes_option(drafts, "batch_bytes", 4 << 10, 64 << 20);
    pipeline->batch_bytes_said =
        json_object_get(qetl_document_root(drafts->document), "batch_bytes") != NULL;
    pipeline->max_rows = json_integer_value(json_object_get(root, "max_rows"));
    if (json_object_get(root, "max_memory"))
        pipeline->max_memory = bytes_option(drafts, "max_memory", 8 << 20, INT64_C(1) << 50);
    pipeline->timeout_ns = time_option(drafts, "timeout");
    pipeline->shutdown_ns = time_option(drafts, "shutdown");
    pipeline->stall_alarm_ns = time_option(drafts, "stall_alarm");
    pipeline->linger_ms = json_integer_value(json_object_get(root, "linger_ms"));
    qetl_drafts_checkpoint(drafts, pipeline);
    timezone_check(drafts, json_string_value(json_object_get(root, "timezone")));
    pipeline->batch_rows = json_integer_value(json_object_get(root, "batch_rows"));
    int bad = text_copy(&pipeline->name, json_object_get(root, "name")) ||
              text_copy(&pipeline->timezone, json_object_get(root, "timezone")) ||
              qetl_drafts_letters(drafts, pipeline);
    qetl_mask_text(pipeline->mask, pipeline->name); /* it stands in names of files too */
    return bad;
}

/* ---- from drafts to nodes ---- */

/* Drafts' numbers become nodes' numbers. */
static void node_take(struct qetl_draft *draft, struct qetl_node *node, const size_t *position)
{
    *node = draft->node;
    draft->node = (struct qetl_node){0};
    for (size_t i = 0; i < draft->n_links; i++) {
        node->inputs[i] =
            (struct qetl_input){position[draft->links[i].draft], draft->links[i].port};
        draft->links[i].port = NULL;
    }
    node->n_inputs = draft->n_links;
}

static int fill_nodes(struct qetl_drafts *drafts, struct qetl_pipeline *pipeline)
{
    size_t *order = qetl_drafts_order(drafts);
    size_t *position = calloc(drafts->count + 1, sizeof *position);
    int bad = !order || !position;
    pipeline->nodes = calloc(drafts->count + 1, sizeof *pipeline->nodes);
    for (size_t i = 0; !bad && i < drafts->count; i++) {
        struct qetl_draft *draft = &drafts->items[i];
        position[order[i]] = i;
        draft->node.inputs = calloc(draft->n_links + 1, sizeof *draft->node.inputs);
        bad = !draft->node.inputs;
    }
    bad |= !pipeline->nodes;
    for (size_t i = 0; !bad && i < drafts->count; i++)
        node_take(&drafts->items[order[i]], &pipeline->nodes[i], position);
    pipeline->n_nodes = bad ? 0 : drafts->count;
    free(order);
    free(position);
    return bad ? -1 : 0;
}

static void check_top(struct qetl_drafts *drafts)
{
    json_t *schema = qetl_pipeline_schema();
    if (schema)
        qetl_schema_check(schema, drafts->root, drafts->document, "", drafts->findings);
    else
        qetl_drafts_no_memory(drafts);
    json_decref(schema);
}

enum { ERRORS_MAX = 200 };

static int is_enough(const struct qetl_drafts *drafts, size_t before)
{
    return drafts->findings->errors - before >= ERRORS_MAX;
}

/* What is wrong with a component is wrong for each of its streams, and told for the first. */
static void draft_check(struct qetl_drafts *drafts, size_t i,
                        void (*check)(struct qetl_drafts *, struct qetl_draft *))
{
    struct qetl_draft *draft = &drafts->items[i], *before = i ? draft - 1 : NULL;
    size_t errors = drafts->findings->errors;
    if (before && before->wrong && strcmp(before->pointer, draft->pointer) == 0) {
        draft->wrong = drafts->partial = 1;
        return;
    }
    check(drafts, draft);
    draft->wrong |= drafts->findings->errors > errors;
}

static void drafts_check(struct qetl_drafts *drafts)
{
    check_top(drafts);
    if (!json_is_object(drafts->root))
        return;
    check_present(drafts, QETL_SOURCE, "sources",
                  "for example  sources: {orders: {plugin: file, path: orders.csv}}");
    check_present(drafts, QETL_SINK, "sinks",
                  "for example  sinks: {out: {plugin: stdout, format: ndjson, input: orders}}");
    drafts->partial |= section_misspelt(drafts, "transforms");
    if (qetl_drafts_streams(drafts) || drafts_collect(drafts)) {
        qetl_drafts_no_memory(drafts);
        return;
    }
    size_t before = drafts->findings->errors;
    for (size_t i = 0; i < drafts->count && !is_enough(drafts, before); i++)
        draft_check(drafts, i, qetl_draft_fill);
    for (size_t i = 0; i < drafts->count && !is_enough(drafts, before); i++)
        draft_check(drafts, i, qetl_draft_connect);
    if (is_enough(drafts, before))
        qetl_document_error(drafts->document, "", QETL_AT_VALUE, drafts->findings,
                            "too_many_mistakes", "more than %d mistakes: the rest is not shown",
                            ERRORS_MAX);
    else
        qetl_drafts_connected(drafts);
    qetl_drafts_files(drafts);
}

/* Where the findings of this file begin: those of its reading are told together with ours. */
static size_t first_of(const struct qetl_findings *findings, const char *file)
{
    size_t first = findings->count;
    while (first > 0 && findings->items[first - 1].file &&
           strcmp(findings->items[first - 1].file, file) == 0)
        first--;
    return first;
}

/* A mistake that reading has told is not told again, though nothing sound may come of it. */
static int has_error(const struct qetl_findings *findings, size_t first)
{
    for (size_t i = first; i < findings->count; i++)
        if (findings->items[i].severity == QETL_ERROR)
            return 1;
    return 0;
}

struct qetl_pipeline *qetl_pipeline_new(const struct qetl_document *document,
                                        const struct qetl_registry *registry,
                                        struct qetl_findings *findings)
{
    size_t first = first_of(findings, qetl_document_name(document)), errors = findings->errors;
    struct qetl_drafts drafts = {.document = document, .registry = registry, .findings = findings};
    struct qetl_pipeline *pipeline = calloc(1, sizeof *pipeline);
    drafts.root = json_deep_copy(qetl_document_root(document));
    if (!pipeline || !drafts.root) {
        qetl_drafts_no_memory(&drafts);
        goto out;
    }
    pipeline->mask = qetl_mask_retain(qetl_document_mask(document));
    drafts_check(&drafts);
    if (fill_words(&drafts, pipeline))
        qetl_drafts_no_memory(&drafts);
    if (findings->errors == errors && qetl_drafts_take_files(&drafts, pipeline))
        qetl_drafts_no_memory(&drafts);
    if (findings->errors == errors &&
        (fill_nodes(&drafts, pipeline) || qetl_pipeline_increment(pipeline)))
        qetl_drafts_no_memory(&drafts);
out:
    qetl_findings_hide(findings, qetl_document_mask(document));
    drafts_reset(&drafts);
    if (findings->errors > errors || has_error(findings, first)) {
        qetl_pipeline_free(pipeline);
        pipeline = NULL;
    }
    qetl_findings_sort(findings, first);
    return pipeline;
}

struct qetl_place qetl_pipeline_place(const struct qetl_pipeline *pipeline,
                                      const struct qetl_document *document, size_t node,
                                      const char *pointer)
{
    char *whole;
    if (asprintf(&whole, "/%s%s", pipeline->nodes[node].path, pointer ? pointer : "") < 0)
        return qetl_document_place(document, "");
    char *dot = strchr(whole, '.'); /* ids have none: "/sources.orders/path" */
    if (dot)
        *dot = '/';
    struct qetl_place place = pointer && *pointer ? qetl_document_place(document, whole)
                                                  : qetl_document_key_place(document, whole);
    free(whole);
    return place;
}
