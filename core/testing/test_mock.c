/* SPDX-License-Identifier: Apache-2.0 */
/* What works in the place of sources and sinks while a pipeline is tested. */
#include "test.h"

#include "host/instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mock_state {
    struct qetl_mock *mock;
    size_t given;
    bool ended;
};

static int32_t mock_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    (void)host, (void)config;
    ((struct mock_state *)self)->mock = (struct qetl_mock *)ctx->component;
    return QETL_OK;
}

/* ---- a source ---- */

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    const struct mock_state *state = self;
    out->emits = QETL_EMITS_BYTES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = (int64_t)state->mock->size;
    return QETL_OK;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)self, (void)split, (void)position;
    return QETL_OK;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct mock_state *state = self;
    const struct qetl_mock *mock = state->mock;
    if (state->ended)
        return QETL_END;
    size_t rest = mock->size - state->given, room = (size_t)demand->max_bytes;
    size_t n = rest < room ? rest : room;
    if (n)
        memcpy(demand->space, mock->text + state->given, n);
    out->flags = QETL_ITEM_CUT | (state->given ? 0 : QETL_ITEM_OBJECT_START);
    out->offset = (int64_t)state->given;
    state->given += n;
    state->ended = state->given == mock->size;
    out->flags |= state->ended ? QETL_ITEM_OBJECT_END : 0;
    out->object = mock->name;
    out->bytes = out->bytes_read = (int64_t)n;
    return QETL_BYTES;
}

void qetl_mock_source(struct qetl_mock *mock, char *text, size_t size, const char *name)
{
    mock->source = (struct qetl_source){.struct_size = sizeof mock->source,
                                        .describe = source_describe,
                                        .open = source_open,
                                        .next = source_next};
    mock->component = (struct qetl_component){.struct_size = sizeof mock->component,
                                              .kind = QETL_SOURCE,
                                              .id = "mock",
                                              .state_size = sizeof(struct mock_state),
                                              .create = mock_create,
                                              .source = &mock->source};
    mock->text = text;
    mock->size = size;
    mock->name = name;
}

/* ---- a sink ---- */

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BYTES;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self, (void)stream, (void)schema;
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct qetl_mock *mock = ((struct mock_state *)self)->mock;
    size_t needed = mock->size + (size_t)write->bytes_size + 1;
    if (needed > mock->room) {
        size_t room = needed > mock->room * 2 ? needed : mock->room * 2;
        char *grown = realloc(mock->text, room);
        if (!grown)
            return QETL_E_NO_MEMORY;
        mock->text = grown;
        mock->room = room;
    }
    memcpy(mock->text + mock->size, write->bytes, (size_t)write->bytes_size);
    mock->size += (size_t)write->bytes_size;
    mock->text[mock->size] = 0;
    write->rows_written = write->rows;
    return QETL_OK;
}

void qetl_mock_sink(struct qetl_mock *mock)
{
    mock->sink = (struct qetl_sink){.struct_size = sizeof mock->sink,
                                    .describe = sink_describe,
                                    .open = sink_open,
                                    .write = sink_write};
    mock->component = (struct qetl_component){.struct_size = sizeof mock->component,
                                              .kind = QETL_SINK,
                                              .id = "mock",
                                              .state_size = sizeof(struct mock_state),
                                              .create = mock_create,
                                              .sink = &mock->sink};
}

/* ---- those of a test ---- */

struct qetl_mocks {
    const struct qetl_pipeline *pipeline;
    struct qetl_mock *nodes; /* one a node; .component.kind 0: none */
};

struct maker {
    const struct qetl_test_case *test;
    struct qetl_pipeline *pipeline;
    const struct qetl_registry *registry;
    struct qetl_findings *findings;
};

static char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    *size = 0;
    for (size_t n = 1; file && n;) {
        if (*size + 4096 > room) {
            char *grown = realloc(text, room = room * 2 + 8192);
            if (!grown)
                break;
            text = grown;
        }
        n = fread(text + *size, 1, room - *size, file);
        *size += n;
    }
    if (file && ferror(file)) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static char *text_of_file(const struct maker *m, const char *pointer, const char *named,
                          size_t *size)
{
    char *path;
    if (asprintf(&path, "%s%s%s", *named == '/' ? "" : m->test->file->folder,
                 *named == '/' ? "" : "/", named) < 0) {
        qetl_findings_no_memory(m->findings);
        return NULL;
    }
    errno = 0;
    char *text = file_read(path, size);
    if (!text)
        qetl_test_error(m->test, pointer, m->findings, "mock_file", "'%s' cannot be read: %s", path,
                        strerror(errno ? errno : ENOMEM));
    free(path);
    return text;
}

/* A source of batches reads its rows by the format of rows, with the types that the test declares.
 */
static int give_format(const struct maker *m, struct qetl_node *node, const json_t *mock)
{
    const struct qetl_manifest_component *rows =
        qetl_registry_format_for(m->registry, "rows.ndjson");
    if (!rows)
        return -1;
    node->format = (struct qetl_plugin_use){
        .plugin = rows, .options = json_object(), .place = node->use.place};
    json_t *types = json_object_get(mock, "types");
    if (types)
        json_object_set(node->format.options, "types", types);
    return 0;
}

static char *text_of_rows(const struct maker *m, struct qetl_node *node, const json_t *mock,
                          const char *pointer, size_t *size)
{
    bool own = node->format.plugin != NULL;
    if (own && json_object_get(mock, "types")) {
        qetl_test_error(m->test, pointer, m->findings, "bad_mock",
                        "types are those of the source's own format '%s'", node->format.plugin->id);
        return NULL;
    }
    if (!own && give_format(m, node, mock)) {
        qetl_test_error(m->test, pointer, m->findings, "bad_mock",
                        "no format for rows is installed (ndjson)");
        return NULL;
    }
    const json_t *rows = json_object_get(mock, "rows");
    char *text = qetl_rows_in_format(rows, &node->format, m->registry, size, m->findings);
    if (!text)
        qetl_test_error(m->test, pointer, m->findings, "bad_mock",
                        "the rows cannot be written as '%s': give them as text",
                        node->format.plugin->id);
    return text;
}

static int mock_source(const struct maker *m, struct qetl_node *node, struct qetl_mock *mock)
{
    const json_t *given = json_object_get(json_object_get(m->test->json, "sources"), node->id);
    char pointer[300];
    snprintf(pointer, sizeof pointer, "/sources/%s", node->id);
    if (!given) {
        struct qetl_finding *finding = qetl_test_error(
            m->test, "", m->findings, "not_mocked",
            "the source '%s' has no mock, and tests touch no real source", node->id);
        qetl_finding_mend(finding, "write  sources: {%s: [{...}]}", node->id);
        return -1;
    }
    const char *named = json_string_value(json_object_get(given, "file"));
    const json_t *words = json_object_get(given, "text");
    size_t size = json_string_length(words);
    char *text = NULL;
    if (!named && !words)
        text = text_of_rows(m, node, given, pointer, &size);
    else if (!node->format.plugin && give_format(m, node, given))
        qetl_test_error(m->test, pointer, m->findings, "bad_mock", "the source takes no text");
    else if (named)
        text = text_of_file(m, pointer, named, &size);
    else if ((text = malloc(size + 1)))
        memcpy(text, json_string_value(words), size + 1);
    if (!text)
        return -1;
    qetl_mock_source(mock, text, size, named ? named : node->id);
    return 0;
}

static int names_check(const struct maker *m)
{
    const char *key;
    json_t *value;
    int bad = 0;
    json_object_foreach (json_object_get(m->test->json, "sources"), key, value) {
        size_t n = 0;
        while (n < m->pipeline->n_nodes && (m->pipeline->nodes[n].kind != QETL_SOURCE ||
                                            strcmp(m->pipeline->nodes[n].id, key) != 0))
            n++;
        if (n < m->pipeline->n_nodes)
            continue;
        char pointer[300];
        snprintf(pointer, sizeof pointer, "/sources/%s", key);
        qetl_test_error(m->test, pointer, m->findings, "unknown_component",
                        "the pipeline has no source '%s'", key);
        bad = 1;
    }
    return bad;
}

struct qetl_mocks *qetl_mocks_new(const struct qetl_test_case *test, struct qetl_pipeline *pipeline,
                                  const struct qetl_registry *registry,
                                  struct qetl_findings *findings)
{
    const struct maker m = {test, pipeline, registry, findings};
    struct qetl_mocks *mocks = calloc(1, sizeof *mocks);
    if (mocks)
        mocks->nodes = calloc(pipeline->n_nodes + 1, sizeof *mocks->nodes);
    if (!mocks || !mocks->nodes) {
        qetl_findings_no_memory(findings);
        free(mocks);
        return NULL;
    }
    mocks->pipeline = pipeline;
    int bad = names_check(&m);
    for (size_t n = 0; n < pipeline->n_nodes; n++) {
        struct qetl_node *node = &pipeline->nodes[n];
        if (node->kind == QETL_SOURCE)
            bad |= mock_source(&m, node, &mocks->nodes[n]);
        else if (node->kind == QETL_SINK && node->format.plugin)
            qetl_mock_sink(&mocks->nodes[n]);
    }
    if (!bad)
        return mocks;
    qetl_mocks_free(mocks);
    return NULL;
}

void qetl_mocks_free(struct qetl_mocks *mocks)
{
    if (!mocks)
        return;
    for (size_t n = 0; n < mocks->pipeline->n_nodes; n++)
        free(mocks->nodes[n].text);
    free(mocks->nodes);
    free(mocks);
}

const struct qetl_component *qetl_mocks_stand_in(void *arg, const struct qetl_node *node)
{
    const struct qetl_mocks *mocks = arg;
    const struct qetl_mock *mock = &mocks->nodes[node - mocks->pipeline->nodes];
    return mock->component.kind ? &mock->component : NULL;
}

const char *qetl_mocks_written(const struct qetl_mocks *mocks, size_t node, size_t *size)
{
    const struct qetl_mock *mock = &mocks->nodes[node];
    *size = mock->size;
    if (mock->component.kind != QETL_SINK)
        return NULL;
    return mock->text ? mock->text : "";
}
