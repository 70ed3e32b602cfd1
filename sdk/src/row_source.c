/* SPDX-License-Identifier: Apache-2.0 */
/* The skeleton of a source that makes one row after the other. */
#include "row.h"

#include <qetl/row_source.h>

#include <time.h>

/* So long are rows gathered where they come slowly, and so many bytes where nobody says. */
static const int64_t GATHER_NS = 100000000, GATHER_BYTES = 1 << 24;
static const int64_t QUICK_NS = 1000000, STEP_MOST = 64;

static const struct qetl_row_source *spec_of(const struct qetl_row *row)
{
    return row->own->spec;
}

static uint8_t version_of(const struct qetl_row *row)
{
    uint8_t version = spec_of(row)->position_version;
    return version ? version : 1;
}

int32_t qetl_row_source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const struct qetl_row_source *spec, const char *id)
{
    struct qetl_row *row = self;
    int32_t status = qetl_sdk_row_new(row, (struct qetl_env){host, ctx}, id, spec->position);
    if (status)
        return status;
    row->own->spec = spec;
    status = qetl_options_read(row->env, spec->options.fields, spec->options.n, self);
    return status || !spec->create ? status : spec->create(self);
}

void qetl_row_source_destroy(void *self)
{
    struct qetl_row *row = self;
    if (row->own && row->own->spec && spec_of(row)->close)
        spec_of(row)->close(self);
    qetl_sdk_row_free(row);
}

void qetl_row_source_interrupt(void *self)
{
    struct qetl_row *row = self;
    if (row->own && row->own->spec && spec_of(row)->interrupt)
        spec_of(row)->interrupt(self);
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct qetl_row *row = self;
    const struct qetl_row_source *spec = spec_of(row);
    int32_t status = QETL_OK;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = out->rows_expected = -1;
    if (spec->columns)
        status = qetl_schema_parse(spec->columns, &out->schema);
    if (status == QETL_E_UNSUPPORTED)
        return qetl_sdk_type_fail(row->env, row->own->id, spec->columns);
    if (status)
        return qetl_sdk_row_fail_memory(row);
    if (spec->describe)
        status = spec->describe(self, out);
    if (status)
        return status;
    qetl_schema_release(&row->own->schema);
    if (qetl_schema_copy(&out->schema, &row->own->schema))
        return qetl_sdk_row_fail_memory(row);
    return qetl_sdk_row_open(row);
}

/* An instance that opens what another one planned may not have been asked. */
static int32_t columns_ready(struct qetl_row *row)
{
    struct qetl_source_info info = {.struct_size = sizeof info};
    int32_t status = row->own->made ? QETL_OK : source_describe(row, &info);
    qetl_schema_release(&info.schema);
    return status;
}

static int32_t position_restore(struct qetl_row *row, struct qetl_blob position)
{
    struct qetl_parcel_in in;
    qetl_parcel_open(&in, position, version_of(row));
    if (!row->own->kept.n || qetl_sdk_kept_take(row->own->kept, row, in))
        return qetl_fail(row->env, QETL_E_UNSUPPORTED, NULL, "begin anew with --full-refresh",
                         "this is no position in %s", row->own->id);
    return QETL_OK;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct qetl_row *row = self;
    int32_t status = columns_ready(row);
    (void)split; /* there is one */
    if (status)
        return status;
    qetl_sdk_row_clear(row);
    row->own->ended = row->own->failed = false;
    qetl_sdk_kept_clear(row->own->kept, self);
    if (position)
        status = position_restore(row, *position);
    return status || !spec_of(row)->open ? status : spec_of(row)->open(self);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Whether rows were gathered for long enough. The clock is looked at seldom where they come
 * quickly.
 */
struct patience {
    int64_t until, seen, left, step;
};

static bool patience_ends(struct patience *p)
{
    if (--p->left > 0)
        return false;
    int64_t now = now_ns();
    p->step = now - p->seen >= QUICK_NS ? 1 : p->step < STEP_MOST ? p->step * 2 : STEP_MOST;
    p->left = p->step;
    p->seen = now;
    return now > p->until;
}

/* Rows until enough were made, or the author's function answered something else, which is answered.
 * moved: the position is another one than before. */
static int32_t rows_gather(struct qetl_row *row, const struct qetl_demand *demand, bool *moved)
{
    int64_t bytes = demand->max_bytes > 0 ? demand->max_bytes : GATHER_BYTES, now = now_ns();
    struct patience patience = {.until = now + GATHER_NS, .seen = now, .left = 1, .step = 1};
    int32_t answer = row->own->ended ? QETL_END : QETL_OK;
    int64_t n = 0;
    if (patience.until < demand->deadline_ns)
        patience.until = demand->deadline_ns;
    while (!answer && n < demand->max_rows && row->own->put_bytes < bytes) {
        qetl_sdk_row_begin(row, n);
        answer = qetl_sdk_row_finish(row, spec_of(row)->row(row));
        n += answer == QETL_OK || answer == QETL_ROW_REJECTED;
        if (answer == QETL_ROW_NONE || answer == QETL_ROW_REJECTED)
            answer = QETL_OK;
        *moved |= answer == QETL_OK;
        if (patience_ends(&patience))
            break;
    }
    row->own->ended |= answer == QETL_END;
    return answer;
}

static void position_give(struct qetl_row *row, struct qetl_item *out)
{
    struct qetl_row_own *own = row->own;
    if (!own->kept.n)
        return;
    qetl_parcel_begin(&own->position, version_of(row));
    qetl_sdk_kept_put(own->kept, row, &own->position);
    out->position = qetl_parcel_blob(&own->position);
    out->flags = QETL_ITEM_CUT;
}

/* A row that failed is gone: behind that, there is nothing to be asked for. */
static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct qetl_row *row = self;
    bool moved = false;
    if (row->own->failed)
        return qetl_fail(row->env, QETL_E_FATAL, NULL, NULL, "%s has failed before", row->own->id);
    int32_t answer = rows_gather(row, demand, &moved);
    if (answer > 0 && answer != QETL_END && answer != QETL_IDLE)
        answer = qetl_fail(row->env, QETL_E_FATAL, NULL,
                           "mend the plugin: QETL_OK is a row, QETL_ROW_NONE none, QETL_IDLE says "
                           "that there is none now, QETL_END that there will be none",
                           "%s: row answered %d", row->own->id, (int)answer);
    bool again = answer == QETL_E_RETRY_CALL || answer == QETL_E_THROTTLED;
    if (answer < 0 && !(again && moved)) {
        row->own->failed = !again;
        return answer;
    }
    if (!moved)
        return answer;
    position_give(row, out);
    int32_t status = qetl_sdk_row_take(row, NULL, &out->batch);
    row->own->failed = status != QETL_OK;
    return status ? status : QETL_BATCH;
}

const struct qetl_source qetl_row_source_table = {.struct_size = sizeof qetl_row_source_table,
                                                  .describe = source_describe,
                                                  .open = source_open,
                                                  .next = source_next};
