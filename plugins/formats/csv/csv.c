/* SPDX-License-Identifier: Apache-2.0 */
/* Delimited text: the two components of the plugin. csv finds its delimiter; tsv has the tab. */
#include "foreign.h"
#include "match.h"

#include <stdlib.h>

static int32_t instance_create(struct csv *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               uint8_t default_delimiter)
{
    self->env = (struct qetl_env){host, ctx};
    self->kernel = csv_kernel_best();
    return csv_dialect_read(self, default_delimiter);
}

static int32_t csv_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    (void)config;
    return instance_create(self, host, ctx, ',');
}

static int32_t tsv_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    (void)config;
    return instance_create(self, host, ctx, '\t');
}

static void instance_destroy(void *instance)
{
    struct csv *self = instance;

    csv_dialect_free(&self->dialect);
    csv_names_free(&self->header);
    csv_columns_free(self);
    csv_index_free(&self->index);
    csv_scratch_free(self->scratch);
    csv_encoder_free(self->encoder);
    if (self->rewritten)
        self->env.host->buffer_free(self->rewritten);
    free(self->encoding);
    csv_foreign_free(self->foreign);
    csv_match_free(self);
    qetl_schema_release(&self->schema);
    free(self->converted);
    free(self->prologue);
    free(self->summary);
}

static int32_t format_describe(void *self, struct qetl_format_info *out)
{
    out->encode = QETL_ENCODE_CONCATENABLE;
    out->decode = csv_match_policy(self) == CSV_NEW_EVOLVE ? QETL_DECODE_GROWS : 0;
    return QETL_OK;
}

static int32_t format_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    return csv_infer(self, sample, out);
}

static int32_t format_open_decode(void *self, const struct ArrowSchema *schema,
                                  struct qetl_blob prologue, int64_t n_wants,
                                  const struct qetl_want *wants)
{
    return csv_open_decode(self, schema, prologue, n_wants, wants);
}

static int32_t format_frame(void *self, struct qetl_frame *io)
{
    return csv_frame(self, io);
}

static int32_t format_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    return csv_decode(self, chunk, out);
}

static int32_t format_decode_late(void *self, int64_t rows, const int32_t *map,
                                  struct ArrowArray *out)
{
    return csv_decode_late(self, rows, map, out);
}

static int32_t format_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    const struct csv *csv = self;

    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *name = schema->children[i]->name;
        struct csv_type type;
        bool known = !csv_type_of(schema->children[i], false, &type);

        forms[i] = QETL_FORM_VALUE | QETL_FORM_CHECKED;
        if (csv->dialect.quoting != CSV_QUOTE_NONNUMERIC)
            forms[i] |= QETL_FORM_LEXICAL;
        /* other formats spell bytes in other ways */
        if (known && (type.kind == CSV_BINARY || csv_local_of(csv, name ? name : "", &type).kind))
            forms[i] = QETL_FORM_VALUE;
    }
    return QETL_OK;
}

static int32_t format_open_encode(void *self, const struct ArrowSchema *schema)
{
    return csv_open_encode(self, schema);
}

static int32_t format_begin(void *self, struct qetl_space *out)
{
    return csv_begin(self, out);
}

static int32_t format_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    return csv_encode(self, batch, out);
}

static const struct qetl_format delimited_text = {
    .struct_size = sizeof delimited_text,
    .describe = format_describe,
    .infer = format_infer,
    .open_decode = format_open_decode,
    .frame = format_frame,
    .decode = format_decode,
    .forms = format_forms,
    .open_encode = format_open_encode,
    .begin = format_begin,
    .encode = format_encode,
    .decode_late = format_decode_late,
};

static const struct qetl_component csv_component = {
    .struct_size = sizeof csv_component,
    .kind = QETL_FORMAT,
    .id = "csv",
    .state_size = sizeof(struct csv),
    .create = csv_create,
    .destroy = instance_destroy,
    .format = &delimited_text,
};

static const struct qetl_component tsv_component = {
    .struct_size = sizeof tsv_component,
    .kind = QETL_FORMAT,
    .id = "tsv",
    .state_size = sizeof(struct csv),
    .create = tsv_create,
    .destroy = instance_destroy,
    .format = &delimited_text,
};

QETL_PLUGIN("csv", "0.1.0", &csv_component, &tsv_component)
