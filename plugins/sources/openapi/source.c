/* SPDX-License-Identifier: Apache-2.0 */
/* The source `openapi`: what a service offers, by its description: a row for each list that can be
 * read, and the options of the source `rest` that read it. */
#include "streams.h"

#include <qetl/conns.h>
#include <qetl/row_source.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct openapi {
    struct qetl_row row;
    const char *path, *url;
    struct document document;
    json_t *streams;
    int64_t at; /* the stream whose row is next */
};

static const struct qetl_option_field options[] = {
    {"/path", QETL_OPTION_TEXT, offsetof(struct openapi, path), NULL, NULL},
    {"/url", QETL_OPTION_TEXT, offsetof(struct openapi, url), "", NULL},
};

static const struct qetl_kept_field position[] = {QETL_KEPT_INT(struct openapi, at)};

static int32_t streams_read(struct openapi *o)
{
    if (o->streams)
        return QETL_OK;
    document_close(&o->document);
    int32_t status = document_open(&o->document, o->row.env, o->path);
    if (!status)
        o->streams = streams_of(&o->document, o->url && *o->url ? o->url : NULL);
    return status || o->streams
               ? status
               : qetl_fail(o->row.env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a description");
}

static int32_t openapi_open(void *self)
{
    return streams_read(self);
}

/* ---- rows ---- */

static void put(struct openapi *o, int64_t column, const char *text)
{
    if (text)
        qetl_row_put_text(&o->row, column, text, (int64_t)strlen(text));
}

static void put_json(struct openapi *o, int64_t column, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    if (value && !text)
        qetl_row_put(&o->row, column, QETL_E_NO_MEMORY);
    put(o, column, text);
    free(text);
}

static int32_t openapi_row(void *self)
{
    struct openapi *o = self;
    const json_t *one = json_array_get(o->streams, (size_t)o->at);
    const json_t *reads = json_object_get(one, "options");
    if (!one)
        return QETL_END;
    o->at++;
    put(o, 0, json_string_value(json_object_get(one, "name")));
    put(o, 1, json_string_value(json_object_get(one, "kind")));
    put(o, 2, json_string_value(json_object_get(one, "summary")));
    put(o, 3, json_string_value(json_object_get(reads, "url")));
    put_json(o, 4, json_object_get(reads, "pagination"));
    put_json(o, 5, json_object_get(one, "types"));
    put_json(o, 6, json_object_get(one, "notes"));
    put(o, 7, json_string_value(json_object_get(one, "trouble")));
    return QETL_OK;
}

static void openapi_close(void *self)
{
    struct openapi *o = self;
    json_decref(o->streams);
    document_close(&o->document);
}

/* ---- discovery ---- */

static int32_t schema_make(const json_t *types, struct ArrowSchema *out)
{
    const char *name;
    json_t *type;
    int32_t status = qetl_schema_init_struct(out);
    json_object_foreach ((json_t *)types, name, type) {
        struct ArrowSchema field;
        if (!status)
            status = qetl_type_field(json_string_value(type), name, &field);
        if (!status)
            status = qetl_schema_append(out, &field);
    }
    return status;
}

static char *lines_of(const json_t *notes)
{
    char *text = NULL;
    size_t size, i;
    const json_t *line;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    json_array_foreach (notes, i, line)
        fprintf(out, "%s%s", i ? "\n" : "", json_string_value(line));
    if (!fclose(out))
        return text;
    free(text);
    return NULL;
}

static int32_t stream_tell(const json_t *one, void *stream,
                           int32_t (*found)(void *stream, const struct qetl_discovered *))
{
    struct ArrowSchema schema = {0};
    char *reads = json_dumps(json_object_get(one, "options"), JSON_COMPACT);
    char *notes = lines_of(json_object_get(one, "notes"));
    int32_t status = schema_make(json_object_get(one, "types"), &schema);
    const struct qetl_discovered what = {
        .struct_size = sizeof what,
        .name = json_string_value(json_object_get(one, "name")),
        .kind = json_string_value(json_object_get(one, "kind")),
        .options = reads,
        .schema = &schema,
        .rows = -1,
        .bytes = -1,
        .trouble = json_string_value(json_object_get(one, "trouble")),
        .notes = notes,
    };
    if (!status)
        status = reads && notes ? found(stream, &what) : QETL_E_NO_MEMORY;
    qetl_schema_release(&schema);
    free(notes);
    free(reads);
    return status;
}

static int32_t openapi_discover(void *self, void *stream,
                                int32_t (*found)(void *stream, const struct qetl_discovered *))
{
    struct openapi *o = self;
    int32_t status = streams_read(o);
    for (size_t i = 0; !status && i < json_array_size(o->streams); i++)
        status = stream_tell(json_array_get(o->streams, i), stream, found);
    return status;
}

static const struct qetl_discover discover = {sizeof discover, openapi_discover};

static const void *openapi_extension(void *self, const char *id)
{
    (void)self;
    return strcmp(id, QETL_EXT_DISCOVER) == 0 ? &discover : NULL;
}

/* ---- the component ---- */

static const struct qetl_row_source openapi = {
    .columns = "path text, kind text, summary text, url text, pagination json, types json, "
               "notes json, trouble text",
    .options = QETL_TABLE(options),
    .position = QETL_TABLE(position),
    .open = openapi_open,
    .row = openapi_row,
    .close = openapi_close,
};
QETL_ROW_FIRST(openapi, struct openapi)

static int32_t openapi_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    (void)config;
    return qetl_row_source_create(self, host, ctx, &openapi, "openapi");
}

static const struct qetl_component component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "openapi",
    .state_size = sizeof(struct openapi),
    .create = openapi_create,
    .destroy = qetl_row_source_destroy,
    .interrupt = qetl_row_source_interrupt,
    .get_extension = openapi_extension,
    .source = &qetl_row_source_table,
};

QETL_PLUGIN("openapi", "0.1.0", &component)
