/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats lines and raw. Reading order: options.c; frame.c cuts at separators, raw_frame.c at
 * the ends of files; decode.c makes rows, views into what was read wherever that is UTF-8 already,
 * else with text.c; encode.c writes.
 */
#include "lines.h"

#include <stdlib.h>

static int32_t names_differ(const struct lines *l)
{
    const char *names[LINES_COLUMNS_MAX];
    enum lines_content contents[LINES_COLUMNS_MAX];
    int64_t n = lines_columns(l, names, contents);
    for (int64_t i = 1; i < n; i++)
        for (int64_t k = 0; k < i; k++)
            if (!strcmp(names[i], names[k]))
                return qetl_fail(l->env, QETL_E_CONFIG, "/file_column", "give each its own name",
                                 "two columns would be called \"%s\"", names[i]);
    return QETL_OK;
}

static int32_t create(struct lines *l, const struct qetl_host *host, struct qetl_ctx *ctx, bool raw)
{
    l->env = (struct qetl_env){host, ctx};
    l->raw = raw;
    int32_t status = qetl_options_need(l->env);
    status = status ? status : lines_options(l);
    return status ? status : names_differ(l);
}

static int32_t lines_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    (void)config;
    return create(self, host, ctx, false);
}

static int32_t raw_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    (void)config;
    return create(self, host, ctx, true);
}

static void destroy(void *self)
{
    struct lines *l = self;
    lines_decode_free(l);
    qetl_schema_release(&l->schema);
    free(l->encoding);
}

static int32_t describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    return QETL_OK;
}

static int32_t infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct lines *l = self;
    const char *names[LINES_COLUMNS_MAX];
    enum lines_content contents[LINES_COLUMNS_MAX];
    int64_t n = lines_columns(l, names, contents);
    (void)sample;
    int32_t status = qetl_schema_init_struct(&out->schema);
    for (int64_t i = 0; !status && i < n; i++)
        status = qetl_schema_add(&out->schema, names[i],
                                 contents[i] == LINES_NUMBER                 ? "l"
                                 : contents[i] == LINES_CONTENT && l->binary ? "vz"
                                                                             : "vu");
    if (status)
        qetl_schema_release(&out->schema);
    return status;
}

#define FORMAT(framer)                                                                   \
    {                                                                                    \
        .struct_size = sizeof(struct qetl_format), .describe = describe, .infer = infer, \
        .open_decode = lines_open_decode, .frame = (framer), .decode = lines_decode,     \
        .forms = lines_forms, .open_encode = lines_open_encode, .encode = lines_encode,  \
    }

static const struct qetl_format lines_format = FORMAT(lines_frame);
static const struct qetl_format raw_format = FORMAT(lines_raw_frame);

static const struct qetl_component lines_component = {
    .struct_size = sizeof lines_component,
    .kind = QETL_FORMAT,
    .id = "lines",
    .state_size = sizeof(struct lines),
    .create = lines_create,
    .destroy = destroy,
    .format = &lines_format,
};

static const struct qetl_component raw_component = {
    .struct_size = sizeof raw_component,
    .kind = QETL_FORMAT,
    .id = "raw",
    .state_size = sizeof(struct lines),
    .create = raw_create,
    .destroy = destroy,
    .format = &raw_format,
};

QETL_PLUGIN("lines", "0.1.0", &lines_component, &raw_component)
