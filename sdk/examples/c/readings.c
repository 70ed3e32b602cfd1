/* SPDX-License-Identifier: Apache-2.0 */
/* A source that reads lines such as "berlin 21.5" from a file, and goes on where a run before it
 * stopped. What is no such line is rejected, with the line. */
#include <qetl/manifest.h>
#include <qetl/parcel.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

QETL_EMBED_MANIFEST("readings.qetl.json");

struct readings {
    struct qetl_env env;
    const char *path;
    double least;
    FILE *file;
    char *line;
    size_t room;
    int64_t lines; /* read so far */
    struct qetl_builder rows;
    struct qetl_parcel position;
};

static const struct qetl_option_field options[] = {
    {"/path", QETL_OPTION_TEXT, offsetof(struct readings, path), NULL, NULL},
    {"/least", QETL_OPTION_REAL, offsetof(struct readings, least), "-100", NULL},
};

static int32_t readings_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const char *config)
{
    struct readings *r = self;
    (void)config;
    r->env = (struct qetl_env){host, ctx};
    return qetl_options_read(r->env, options, 2, r);
}

static void readings_destroy(void *self)
{
    struct readings *r = self;
    if (r->file)
        fclose(r->file);
    free(r->line);
    qetl_builder_free(&r->rows);
}

static int32_t readings_describe(void *self, struct qetl_source_info *out)
{
    struct readings *r = self;
    int32_t status =
        qetl_describe_rows(out, "line bigint, station text, celsius double", QETL_REPLAYABLE);
    qetl_builder_free(&r->rows);
    return status ? status : qetl_builder_open(&r->rows, r->env, &out->schema, 0);
}

static int32_t readings_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct readings *r = self;
    struct qetl_parcel_in in;
    int64_t offset = 0;
    (void)split;
    r->lines = 0;
    if (position) {
        qetl_parcel_open(&in, *position, 1);
        offset = qetl_parcel_int(&in);
        r->lines = qetl_parcel_int(&in);
        if (qetl_parcel_close(&in))
            return qetl_fail(r->env, QETL_E_UNSUPPORTED, NULL, "begin anew with --full-refresh",
                             "this is no position in readings");
    }
    if (!r->file)
        r->file = fopen(r->path, "re");
    if (!r->file || fseeko(r->file, offset, SEEK_SET))
        return qetl_fail(r->env, QETL_E_ENVIRONMENT, "/path", NULL, "%s: %s", r->path,
                         strerror(errno));
    return QETL_OK;
}

/* One line into one row, or to the dead letters. */
static int32_t line_take(struct readings *r, int64_t record)
{
    int at = 0, end = 0;
    double celsius;
    int size = (int)strcspn(r->line, "\n");
    if (sscanf(r->line, "%*s%n %lf %n", &at, &celsius, &end) != 1 || r->line[end] ||
        celsius < r->least) {
        qetl_reject_bytes(r->env, record, "bad_reading", (struct qetl_blob){r->line, (size_t)size},
                          0, "line %lld is no station with its degrees", (long long)r->lines);
        return QETL_OK;
    }
    int32_t status = qetl_builder_int(qetl_builder_child(&r->rows, 0), r->lines);
    if (!status)
        status = qetl_builder_text(qetl_builder_child(&r->rows, 1), r->line, at);
    if (!status)
        status = qetl_builder_real(qetl_builder_child(&r->rows, 2), celsius);
    return status ? status : qetl_builder_struct(&r->rows);
}

static int32_t readings_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct readings *r = self;
    int32_t status = QETL_OK;
    int64_t n = 0;
    for (; n < demand->max_rows && !status && getline(&r->line, &r->room, r->file) >= 0; n++) {
        r->lines++;
        status = line_take(r, n);
    }
    if (!status && ferror(r->file))
        status = qetl_fail(r->env, QETL_E_ENVIRONMENT, "/path", NULL, "%s: %s", r->path,
                           strerror(errno));
    if (status || !n)
        return status ? status : QETL_END;
    qetl_parcel_begin(&r->position, 1);
    qetl_parcel_put_int(&r->position, ftello(r->file));
    qetl_parcel_put_int(&r->position, r->lines);
    out->position = qetl_parcel_blob(&r->position);
    out->flags = QETL_ITEM_CUT;
    status = qetl_builder_close(&r->rows, &out->batch);
    return status ? status : QETL_BATCH;
}

static const struct qetl_source readings_source = {.struct_size = sizeof readings_source,
                                                   .describe = readings_describe,
                                                   .open = readings_open,
                                                   .next = readings_next};

static const struct qetl_component readings = {.struct_size = sizeof readings,
                                               .kind = QETL_SOURCE,
                                               .id = "readings",
                                               .state_size = sizeof(struct readings),
                                               .create = readings_create,
                                               .destroy = readings_destroy,
                                               .source = &readings_source};

QETL_PLUGIN("readings", "0.1.0", &readings)
