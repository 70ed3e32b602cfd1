/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format avro: object container files, read and written.
 *
 * Reading order: wire.h numbers; header.c the beginning of a file; schema.c, logical.c and shape.c
 * from its schema to columns; frame.c cuts at blocks; plan.c and widen.c match a file with the
 * columns; group.c and unpack.c open blocks, value.c and decode.c read records; describe.c,
 * write.c, encode.c and pack.c write.
 */
#include "avro.h"

#include <stdlib.h>

static int32_t create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config)
{
    struct avro *a = self;
    (void)config;
    a->env = (struct qetl_env){host, ctx};
    const char *policy = qetl_option_text(a->env, "/new_columns");
    a->policy = policy && !strcmp(policy, "drop")     ? AVRO_NEW_DROP
                : policy && !strcmp(policy, "evolve") ? AVRO_NEW_EVOLVE
                                                      : AVRO_NEW_REJECT;
    int32_t status = qetl_options_need(a->env);
    return status ? status : avro_encoder_create(&a->encoder, a->env);
}

static void destroy(void *self)
{
    struct avro *a = self;
    avro_framer_free(&a->framer);
    avro_decoder_free(&a->decoder);
    avro_encoder_free(&a->encoder);
    free((void *)(uintptr_t)a->prologue.data);
}

static int32_t describe(void *self, struct qetl_format_info *out)
{
    const struct avro *a = self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    out->decode = QETL_DECODE_VALUES | (a->policy == AVRO_NEW_EVOLVE ? QETL_DECODE_GROWS : 0);
    return QETL_OK;
}

static int32_t open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                           int64_t n_wants, const struct qetl_want *wants)
{
    struct avro *a = self;
    void *about = malloc(prologue.size + 1);
    if (!about)
        return QETL_E_NO_MEMORY;
    if (prologue.size)
        memcpy(about, prologue.data, prologue.size);
    free((void *)(uintptr_t)a->framer.about.data);
    a->framer.about = (struct qetl_blob){about, prologue.size};
    a->decoder.env = a->env;
    a->decoder.policy = a->policy;
    a->decoder.max_block = qetl_option_int(a->env, "/max_block");
    return avro_decoder_open(&a->decoder, schema, prologue, n_wants, wants);
}

static int32_t decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct avro *a = self;
    return avro_decode_chunk(&a->decoder, chunk, out);
}

static int32_t forms(void *self, const struct ArrowSchema *schema, uint32_t *out)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        out[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static int32_t open_encode(void *self, const struct ArrowSchema *schema)
{
    struct avro *a = self;
    return avro_encoder_open(&a->encoder, schema);
}

static int32_t begin(void *self, struct qetl_space *out)
{
    const struct avro *a = self;
    return avro_encoder_begin(&a->encoder, out);
}

static int32_t encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct avro *a = self;
    return avro_encode_batch(&a->encoder, batch, out);
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = describe,
    .infer = avro_infer,
    .open_decode = open_decode,
    .frame = avro_frame,
    .decode = decode,
    .forms = forms,
    .open_encode = open_encode,
    .begin = begin,
    .encode = encode,
};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_FORMAT,
    .id = "avro",
    .state_size = sizeof(struct avro),
    .create = create,
    .destroy = destroy,
    .format = &format,
};

QETL_PLUGIN("avro", "0.1.0", &component)
