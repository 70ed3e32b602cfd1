/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format json: documents whose records are the elements of a list, or the documents themselves.
 * Records are read and written as ndjson's are; here is only what lies around them.
 */
#include "format.h"

#include <stdlib.h>

static int32_t lines_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = (space->size + n) * 2;
    uint8_t *grown = realloc(space->data, (size_t)capacity);
    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = capacity;
    return QETL_OK;
}

static int32_t json_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct ndjson *n = self;
    int32_t status = ndjson_create(self, host, ctx, config);
    if (status)
        return status;
    n->across = true;
    n->lines.reserve = lines_reserve;
    n->layout.pretty = qetl_option_bool(n->env, "/pretty");
    const char *pointer = qetl_option_text(n->env, "/records");
    int wrong = json_path_read(&n->path, pointer);
    if (wrong == -3)
        return QETL_E_NO_MEMORY;
    if (wrong)
        return qetl_fail(
            n->env, QETL_E_CONFIG, "/records",
            "write a slash before each key, as in /data/items; a slash inside a key "
            "is ~1, a tilde ~0",
            wrong == -2 ? "\"%s\" has more than 32 steps" : "\"%s\" is no JSON pointer", pointer);
    return QETL_OK;
}

static int32_t json_describe(void *self, struct qetl_format_info *out)
{
    const struct ndjson *n = self;
    out->encode = QETL_ENCODE_CLOSED;
    out->decode = ndjson_grows(n->env);
    return QETL_OK;
}

/* ---- reading ---- */

static int32_t json_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct ndjson *n = self;
    int64_t limit = qetl_option_int(n->env, "/sample_bytes");
    int32_t status = ndjson_infer_begin(n, sample);
    n->infer.reader.across = true;
    if (!status && limit > 0 && limit < sample->size)
        status = json_infer_sample(&n->infer, &n->path, sample->data, limit, false);
    if (!status && !n->infer.records) {
        n->infer.faulty = 0;
        status = json_infer_sample(&n->infer, &n->path, sample->data, sample->size, sample->whole);
    }
    if (status)
        return status;
    if (!n->infer.records && !n->infer.faulty && !sample->whole && sample->size)
        return qetl_fail(n->env, QETL_E_DATA, "/records",
                         "name the list of records with records, as in records: /data/items",
                         "%s: no record ends within the first %lld bytes",
                         sample->object ? sample->object : "it", (long long)sample->size);
    return ndjson_infer_end(n, out);
}

static int32_t json_frame_data(void *self, struct qetl_frame *io)
{
    struct ndjson *n = self;
    return json_frame(&n->json, n->env, io);
}

/* ---- writing ---- */

static int32_t json_begin(void *self, struct qetl_space *out)
{
    struct ndjson *n = self;
    n->layout.behind = false;
    return qetl_space_put(out, "[", 1);
}

static int32_t json_finish(void *self, struct qetl_space *out)
{
    (void)self;
    return qetl_space_put(out, "\n]\n", 3);
}

static int32_t json_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct ndjson *n = self;
    n->lines.size = 0;
    int32_t status = ndjson_encode_batch(&n->encoder, batch, &n->lines);
    return status ? status : json_layout_put(&n->layout, n->lines.data, n->lines.size, out);
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = json_describe,
    .infer = json_infer,
    .open_decode = ndjson_open_decode,
    .frame = json_frame_data,
    .decode = ndjson_decode,
    .forms = ndjson_forms,
    .open_encode = ndjson_open_encode,
    .begin = json_begin,
    .finish = json_finish,
    .encode = json_encode,
};

const struct qetl_component json_component = {
    .struct_size = sizeof json_component,
    .kind = QETL_FORMAT,
    .id = "json",
    .state_size = sizeof(struct ndjson),
    .create = json_create,
    .destroy = ndjson_destroy,
    .format = &format,
};
