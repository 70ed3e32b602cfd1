/* SPDX-License-Identifier: Apache-2.0 */
/* Records of bytes: the component of the plugin. */
#include "binary.h"

#include <stdlib.h>

static int32_t instance_create(void *instance, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const char *config)
{
    struct binary *self = instance;

    (void)config;
    self->env = (struct qetl_env){host, ctx};
    self->kernel = binary_kernel_best();
    self->layout.tag_field = -1;
    return qetl_options_need(self->env);
}

static void instance_destroy(void *instance)
{
    struct binary *self = instance;

    binary_decoder_free(self);
    binary_encoder_free(self);
    binary_scratch_free(&self->scratch);
    binary_layout_free(&self->layout);
    free(self->prologue);
    free(self->summary);
}

static int32_t format_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    out->decode = QETL_DECODE_VALUES | QETL_DECODE_ENDS;
    return QETL_OK;
}

static int32_t format_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    return binary_infer(self, sample, out);
}

static int32_t format_open_decode(void *self, const struct ArrowSchema *schema,
                                  struct qetl_blob prologue, int64_t n_wants,
                                  const struct qetl_want *wants)
{
    return binary_open_decode(self, schema, prologue, n_wants, wants);
}

static int32_t format_frame(void *self, struct qetl_frame *io)
{
    return binary_frame(self, io);
}

static int32_t format_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    return binary_decode(self, chunk, out);
}

static int32_t format_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    return binary_forms(schema, forms);
}

static int32_t format_open_encode(void *self, const struct ArrowSchema *schema)
{
    return binary_open_encode(self, schema);
}

static int32_t format_begin(void *self, struct qetl_space *out)
{
    return binary_begin(self, out);
}

static int32_t format_finish(void *self, struct qetl_space *out)
{
    return binary_finish(self, out);
}

static int32_t format_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    return binary_encode(self, batch, out);
}

static const struct qetl_format records = {
    .struct_size = sizeof records,
    .describe = format_describe,
    .infer = format_infer,
    .open_decode = format_open_decode,
    .frame = format_frame,
    .decode = format_decode,
    .forms = format_forms,
    .open_encode = format_open_encode,
    .begin = format_begin,
    .finish = format_finish,
    .encode = format_encode,
};

static const struct qetl_component binary_component = {
    .struct_size = sizeof binary_component,
    .kind = QETL_FORMAT,
    .id = "binary",
    .state_size = sizeof(struct binary),
    .create = instance_create,
    .destroy = instance_destroy,
    .format = &records,
};

QETL_PLUGIN("binary", "0.1.0", &binary_component)
