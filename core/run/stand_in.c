/* SPDX-License-Identifier: Apache-2.0 */
/* What works in the place of a sink that must not be touched. */
#include "observe.h"

static int32_t create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config)
{
    (void)self, (void)host, (void)ctx, (void)config;
    return QETL_OK;
}

static int32_t describe_bytes(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BYTES;
    return QETL_OK;
}

static int32_t describe_batches(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    return QETL_OK;
}

static int32_t open_stream(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self, (void)stream, (void)schema;
    return QETL_OK;
}

static int32_t take(void *self, struct qetl_write *write)
{
    (void)self;
    write->rows_written = write->rows;
    return QETL_OK;
}

const struct qetl_component *qetl_stand_in_sink(bool takes_bytes)
{
    static const struct qetl_sink bytes = {.struct_size = sizeof bytes,
                                           .describe = describe_bytes,
                                           .open = open_stream,
                                           .write = take};
    static const struct qetl_sink batches = {.struct_size = sizeof batches,
                                             .describe = describe_batches,
                                             .open = open_stream,
                                             .write = take};
    static const struct qetl_component for_bytes = {.struct_size = sizeof for_bytes,
                                                    .kind = QETL_SINK,
                                                    .id = "stand-in",
                                                    .state_size = 1,
                                                    .create = create,
                                                    .sink = &bytes};
    static const struct qetl_component for_batches = {.struct_size = sizeof for_batches,
                                                      .kind = QETL_SINK,
                                                      .id = "stand-in",
                                                      .state_size = 1,
                                                      .create = create,
                                                      .sink = &batches};
    return takes_bytes ? &for_bytes : &for_batches;
}
