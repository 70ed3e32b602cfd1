/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that writes no row: at its beginning it copies a file that lies beside its library, and
 * the names of the files there, to where its options say. */
#include <qetl/files.h>
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct beside {
    struct qetl_env env;
};

static int32_t beside_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct beside *b = self;
    (void)config;
    b->env = (struct qetl_env){host, ctx};
    return QETL_OK;
}

static int32_t name_write(void *stream, const void *data, uint64_t size)
{
    return fprintf(stream, "%.*s\n", (int)size, (const char *)data) < 0 ? QETL_E_FATAL : QETL_OK;
}

/* Whether anybody could change it still, or run on behind its end. */
static void file_copy(int fd, FILE *out)
{
    char piece[4096];
    ssize_t n;
    fprintf(out, "sealed %s\n", fcntl(fd, F_GET_SEALS) > 0 ? "yes" : "no");
    while ((n = read(fd, piece, sizeof piece)) > 0)
        fwrite(piece, 1, (size_t)n, out);
    if (write(fd, "x", 1) == 1)
        fputs("it could be written to\n", out);
    close(fd);
}

static int32_t beside_start(void *self)
{
    struct beside *b = self;
    const char *file = qetl_option_text(b->env, "/file");
    FILE *out = fopen(qetl_option_text(b->env, "/out"), "w");
    int32_t fd = -1, status;
    if (!out)
        return qetl_fail(b->env, QETL_E_ENVIRONMENT, "/out", NULL, "cannot be written");
    struct qetl_writer names = {out, name_write};
    status = qetl_file_list(b->env, qetl_option_text(b->env, "/folder"), &names);
    if (!status)
        status = qetl_file_open(b->env, file, &fd);
    if (!status && fd < 0)
        fputs("there is none\n", out);
    else if (!status)
        file_copy(fd, out);
    fclose(out);
    return status;
}

static int32_t beside_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_IDEMPOTENT;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t beside_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self;
    (void)stream;
    (void)schema;
    return QETL_OK;
}

static int32_t beside_write(void *self, struct qetl_write *write)
{
    (void)self;
    write->rows_written = write->rows;
    return QETL_OK;
}

static const struct qetl_sink sink = {.struct_size = sizeof sink,
                                      .describe = beside_describe,
                                      .open = beside_open,
                                      .write = beside_write};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_SINK,
    .id = "beside",
    .state_size = sizeof(struct beside),
    .create = beside_create,
    .start = beside_start,
    .sink = &sink,
};

QETL_PLUGIN("beside", "0.1.0", &component)
