/* SPDX-License-Identifier: Apache-2.0 */
/* A source of several splits, for the tests of those who read them at a time: row n of split s is
 * the pair (s, n); each hundredth is rejected. */
#include <qetl/board.h>
#include <qetl/parcel.h>
#include <qetl/sdk.h>
#include <qetl/splits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HUNDRED = 100 };

struct shares {
    struct qetl_env env;
    int64_t splits, readers, rows, batch_rows, pause_us;
    bool together, odd;
    int64_t number; /* of the instance, in the run */
    int64_t split, next;
    struct qetl_parcel position;
};

static int32_t shares_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct shares *s = self;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    s->splits = qetl_option_int(s->env, "/splits");
    s->readers = qetl_option_int(s->env, "/readers");
    s->rows = qetl_option_int(s->env, "/rows");
    s->batch_rows = qetl_option_int(s->env, "/batch_rows");
    s->pause_us = qetl_option_int(s->env, "/pause_us");
    s->together = qetl_option_bool(s->env, "/together");
    s->odd = qetl_option_bool(s->env, "/odd");
    return QETL_OK;
}

static int32_t shares_start(void *self)
{
    struct shares *s = self;
    char next[24];
    const struct qetl_board *board = s->env.host->get_extension(s->env.ctx, QETL_EXT_BOARD);
    const char *before = board ? board->read(s->env.ctx, "instances") : NULL;
    s->number = before ? strtoll(before, NULL, 10) : 0;
    snprintf(next, sizeof next, "%lld", (long long)s->number + 1);
    return board ? board->write(s->env.ctx, "instances", next) : QETL_OK;
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    const struct shares *s = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = -1;
    out->rows_expected = -1;
    int32_t status = qetl_schema_init_struct(&out->schema);
    if (!status)
        status = qetl_schema_add(&out->schema, "split", "l");
    return status ? status
                  : qetl_schema_add(&out->schema, s->odd && s->number ? "other" : "n", "l");
}

static int32_t source_plan_splits(void *self, int64_t wanted, const struct qetl_writer *out)
{
    const struct shares *s = self;
    int32_t status = QETL_OK;
    (void)wanted; /* as many as there are, whoever reads them */
    for (int64_t i = 0; !status && i < s->splits; i++)
        status = out->write(out->stream, &i, sizeof i);
    return status;
}

static int32_t source_readers(void *self, uint32_t *flags)
{
    const struct shares *s = self;
    *flags = s->together ? QETL_SPLITS_TOGETHER : 0;
    return (int32_t)s->readers;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct shares *s = self;
    struct qetl_parcel_in in;
    s->next = 0;
    memcpy(&s->split, split.data, sizeof s->split);
    if (!position)
        return QETL_OK;
    qetl_parcel_open(&in, *position, 1);
    bool mine = qetl_parcel_int(&in) == s->split;
    s->next = qetl_parcel_int(&in);
    return mine && !qetl_parcel_close(&in) ? QETL_OK
                                           : qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, NULL,
                                                       "the position is of another split");
}

static bool is_rejected(int64_t n)
{
    return n % HUNDRED == HUNDRED - 1;
}

static int32_t column(struct shares *s, const char *name, int64_t from, int64_t to, bool split,
                      struct ArrowArray *out)
{
    struct ArrowSchema field = {0};
    struct qetl_builder builder = {0};
    int32_t status = qetl_schema_init_field(&field, name, "l");
    if (!status)
        status = qetl_builder_open(&builder, s->env, &field, to - from);
    for (int64_t n = from; n < to && !status; n++)
        if (!is_rejected(n))
            status = qetl_builder_int(&builder, split ? s->split : n);
    if (!status)
        status = qetl_builder_close(&builder, out);
    else
        qetl_builder_free(&builder);
    qetl_schema_release(&field);
    return status;
}

static int64_t reject(struct shares *s, int64_t from, int64_t to)
{
    int64_t rejected = 0;
    for (int64_t n = from; n < to; n++) {
        char row[60];
        if (!is_rejected(n))
            continue;
        snprintf(row, sizeof row, "{\"split\": %lld, \"n\": %lld}", (long long)s->split,
                 (long long)n);
        struct qetl_reject info = {.struct_size = sizeof info,
                                   .row = n - from,
                                   .column = 1,
                                   .code = "bad_row",
                                   .message = "it is the hundredth",
                                   .bytes = row,
                                   .bytes_size = (int64_t)strlen(row),
                                   .bytes_offset = -1};
        s->env.host->reject(s->env.ctx, &info);
        rejected++;
    }
    return rejected;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct shares *s = self;
    struct ArrowArray columns[2] = {0};
    int64_t from = s->next, to = from + s->batch_rows;
    (void)demand;
    to = to < s->rows ? to : s->rows;
    if (from >= s->rows)
        return QETL_END;
    if (s->pause_us)
        nanosleep(&(struct timespec){0, s->pause_us * 1000}, NULL);
    int32_t status = column(s, "split", from, to, true, &columns[0]);
    if (!status)
        status = column(s, "n", from, to, false, &columns[1]);
    int64_t rows = to - from - (status ? 0 : reject(s, from, to));
    if (!status)
        status = qetl_array_struct(s->env, rows, 2, columns, &out->batch);
    qetl_array_release(&columns[0]);
    qetl_array_release(&columns[1]);
    if (status)
        return status;
    s->next = to;
    qetl_parcel_begin(&s->position, 1);
    qetl_parcel_put_int(&s->position, s->split);
    qetl_parcel_put_int(&s->position, s->next);
    out->flags = QETL_ITEM_CUT;
    out->position = qetl_parcel_blob(&s->position);
    return QETL_BATCH;
}

static const void *shares_get_extension(void *self, const char *id)
{
    static const struct qetl_splits splits = {.struct_size = sizeof splits,
                                              .readers = source_readers};
    (void)self;
    return strcmp(id, QETL_EXT_SPLITS) == 0 ? &splits : NULL;
}

static const struct qetl_source source = {.struct_size = sizeof source,
                                          .describe = source_describe,
                                          .plan_splits = source_plan_splits,
                                          .open = source_open,
                                          .next = source_next};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_SOURCE,
    .id = "shares",
    .state_size = sizeof(struct shares),
    .create = shares_create,
    .start = shares_start,
    .get_extension = shares_get_extension,
    .source = &source,
};

QETL_PLUGIN("shares", "0.1.0", &component)
