/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats ndjson, one JSON object per line (RFC 8259, UTF-8), and, in json_format.c, json: read
 * and written.
 *
 * Reading order: frame.c cuts at line feeds; infer.c looks at a sample; columns.c takes schema and
 * wants; decode.c and walk.h read records, with member.c for what was not foreseen, json.c and
 * nested.c for the grammar, convert.c for types, nest.c for structs and lists; encode.c, write.c
 * and write_value.c write.
 *
 * A line of blanks alone is no record. A nested value, and a column whose values are of several
 * kinds, is text that holds raw JSON (metadata qetl:type = json). LEXICAL: the content of strings,
 * the spelling of everything else; NULL is spelled "null", and as nothing where the key is missing.
 */
#include "format.h"

#include <stdlib.h>

static int32_t type_check(struct qetl_env env, const char *name)
{
    struct ArrowSchema field;
    char *pointer = ndjson_types_pointer(name);
    if (!pointer)
        return QETL_E_NO_MEMORY;
    const char *sql = qetl_option_text(env, pointer);
    int32_t status = qetl_type_field(sql, name, &field);
    if (!status)
        qetl_schema_release(&field);
    else if (status == QETL_E_UNSUPPORTED)
        status = qetl_fail(env, QETL_E_CONFIG, pointer,
                           "name a SQL type, as in bigint, decimal(12,2), timestamp, text, "
                           "integer[], struct(a text, b date); or json",
                           "column \"%s\": \"%s\" is no type", name, sql ? sql : "");
    free(pointer);
    return status;
}

int32_t ndjson_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config)
{
    struct ndjson *n = self;
    (void)config;
    n->env = (struct qetl_env){host, ctx};
    int32_t status = QETL_OK;
    int64_t count = qetl_option_count(n->env, "/types");
    for (int64_t i = 0; i < count && !status; i++)
        status = type_check(n->env, qetl_option_key(n->env, "/types", i));
    return status;
}

void ndjson_destroy(void *self)
{
    struct ndjson *n = self;
    json_path_free(&n->path);
    free(n->lines.data);
    ndjson_infer_free(&n->infer);
    ndjson_decoder_free(&n->decoder);
    qetl_schema_release(&n->schema);
    ndjson_encoder_free(&n->encoder);
}

uint32_t ndjson_grows(struct qetl_env env)
{
    const char *policy = qetl_option_text(env, "/new_columns");
    return policy && !strcmp(policy, "evolve") ? QETL_DECODE_GROWS : 0;
}

static int32_t ndjson_describe(void *self, struct qetl_format_info *out)
{
    const struct ndjson *n = self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    out->decode = ndjson_grows(n->env);
    return QETL_OK;
}

bool ndjson_option_flat(struct qetl_env env)
{
    const char *nested = qetl_option_text(env, "/nested");
    return nested && !strcmp(nested, "json");
}

/* Whole lines of at most limit bytes, but one line at least. */
static int64_t sample_cut(const uint8_t *data, int64_t size, int64_t limit, bool whole)
{
    if (limit <= 0 || limit >= size) {
        limit = size;
        if (whole)
            return size;
    }
    const uint8_t *feed = memrchr(data, '\n', (size_t)limit);
    if (!feed)
        feed = memchr(data, '\n', (size_t)size);
    return feed ? feed + 1 - data : size;
}

int32_t ndjson_infer_begin(struct ndjson *n, const struct qetl_sample *sample)
{
    const uint8_t *data = sample->data;
    bool wide = sample->size >= 2 && (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2));
    if (wide)
        return qetl_fail(n->env, QETL_E_DATA, NULL, "convert it, as in iconv -f utf-16 -t utf-8",
                         "%s is UTF-16, and JSON is UTF-8", sample->object ? sample->object : "it");
    ndjson_infer_free(&n->infer);
    n->infer = (struct ndjson_infer){.env = n->env, .flat = ndjson_option_flat(n->env)};
    return QETL_OK;
}

int32_t ndjson_infer_end(struct ndjson *n, struct qetl_inferred *out)
{
    int32_t status = ndjson_infer_finish(&n->infer, &out->schema);
    out->prologue = (struct qetl_blob){NULL, 0};
    out->summary = n->infer.summary;
    return status;
}

static int32_t ndjson_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct ndjson *n = self;
    int32_t status = ndjson_infer_begin(n, sample);
    if (status)
        return status;
    int64_t mark = ndjson_mark_size(sample->data, sample->size, true);
    const uint8_t *data = sample->data + mark;
    int64_t limit = qetl_option_int(n->env, "/sample_bytes");
    int64_t size = sample_cut(data, sample->size - mark, limit, sample->whole);
    status = ndjson_infer_sample(&n->infer, data, size);
    return status ? status : ndjson_infer_end(n, out);
}

/* Which columns the user has declared. NULL without memory. */
static uint8_t *declared_columns(struct qetl_env env, const struct ArrowSchema *schema)
{
    uint8_t *declared = calloc((size_t)schema->n_children + 1, 1);
    int64_t n = qetl_option_count(env, "/types");
    for (int64_t i = 0; declared && i < n; i++) {
        int64_t at = qetl_schema_find(schema, qetl_option_key(env, "/types", i));
        if (at >= 0)
            declared[at] = 1;
    }
    return declared;
}

int32_t ndjson_open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                           int64_t n_wants, const struct qetl_want *wants)
{
    struct ndjson *n = self;
    (void)prologue;
    uint8_t *declared = declared_columns(n->env, schema);
    if (!declared)
        return QETL_E_NO_MEMORY;
    n->framer = ndjson_framer_for(n_wants);
    int32_t status = ndjson_decoder_open(&n->decoder, n->env, schema, declared, n_wants, wants);
    qetl_schema_release(&n->schema);
    if (!status)
        status = qetl_schema_copy(schema, &n->schema);
    n->decoder.reader.across = n->across;
    n->json.path = &n->path;
    n->json.rows_max = n->framer.rows_max;
    free(declared);
    return status;
}

static int32_t ndjson_frame_data(void *self, struct qetl_frame *io)
{
    struct ndjson *n = self;
    return ndjson_frame(&n->framer, n->env, io);
}

int32_t ndjson_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct ndjson *n = self;
    int32_t status = ndjson_decode_chunk(&n->decoder, chunk, out);
    if (status || !n->decoder.grown)
        return status;
    qetl_array_release(&out->batch);
    return ndjson_grow(n, &out->schema);
}

int32_t ndjson_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    return ndjson_encoder_forms(schema, forms);
}

int32_t ndjson_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct ndjson *n = self;
    return ndjson_encoder_open(&n->encoder, n->env, schema);
}

static int32_t ndjson_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct ndjson *n = self;
    return ndjson_encode_batch(&n->encoder, batch, out);
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = ndjson_describe,
    .infer = ndjson_infer,
    .open_decode = ndjson_open_decode,
    .frame = ndjson_frame_data,
    .decode = ndjson_decode,
    .forms = ndjson_forms,
    .open_encode = ndjson_open_encode,
    .encode = ndjson_encode,
};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_FORMAT,
    .id = "ndjson",
    .state_size = sizeof(struct ndjson),
    .create = ndjson_create,
    .destroy = ndjson_destroy,
    .format = &format,
};

QETL_PLUGIN("ndjson", "0.1.0", &component, &json_component)
