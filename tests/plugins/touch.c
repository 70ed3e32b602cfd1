/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin whose constructor creates the file that QETL_TOUCH names: whoever dlopens it leaves a
 * trace. */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void touch(void)
{
    const char *path = getenv("QETL_TOUCH");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file)
        fclose(file);
}

static int32_t touch_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    (void)self;
    (void)host;
    (void)ctx;
    (void)config;
    return QETL_OK;
}

static int32_t touch_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_IDEMPOTENT;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t touch_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self;
    (void)stream;
    (void)schema;
    return QETL_OK;
}

static int32_t touch_write(void *self, struct qetl_write *write)
{
    (void)self;
    write->rows_written = write->rows;
    return QETL_OK;
}

static const struct qetl_sink sink = {.struct_size = sizeof sink,
                                      .describe = touch_describe,
                                      .open = touch_open,
                                      .write = touch_write};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_SINK,
    .id = "touch",
    .state_size = 1,
    .create = touch_create,
    .sink = &sink,
};

QETL_PLUGIN("touch", "0.1.0", &component)
