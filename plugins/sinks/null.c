/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `null`: counts rows and drops them. Takes batches, so that nothing is encoded for it, in
 * any form, so that nothing is converted. */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

struct null_sink {
    struct qetl_env env;
    int64_t rows;
};

static int32_t null_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct null_sink *sink = self;
    (void)config;
    sink->env = (struct qetl_env){host, ctx};
    return QETL_OK;
}

static int32_t null_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_IDEMPOTENT;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t null_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_LEXICAL | QETL_FORM_VALUE | QETL_FORM_CHECKED;
    return QETL_OK;
}

static int32_t null_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self;
    (void)stream;
    (void)schema;
    return QETL_OK;
}

static int32_t null_write(void *self, struct qetl_write *write)
{
    struct null_sink *sink = self;
    sink->rows += write->rows;
    write->rows_written = write->rows;
    return QETL_OK;
}

static int32_t null_stop(void *self)
{
    struct null_sink *sink = self;
    qetl_logf(sink->env, QETL_LOG_DEBUG, "%lld rows dropped", (long long)sink->rows);
    return QETL_OK;
}

static const struct qetl_sink null_vtable = {
    .struct_size = sizeof(struct qetl_sink),
    .describe = null_describe,
    .forms = null_forms,
    .open = null_open,
    .write = null_write,
};

static const struct qetl_component null_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SINK,
    .id = "null",
    .state_size = sizeof(struct null_sink),
    .create = null_create,
    .stop = null_stop,
    .sink = &null_vtable,
};

QETL_PLUGIN("null", "0.1.0", &null_component)
