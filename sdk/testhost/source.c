/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a source: its splits, one after the other, and what next answers. */
#include "test.h"

#include <stdlib.h>
#include <time.h>

static int32_t split_write(void *stream, const void *data, size_t size)
{
    struct qetl_rig *t = stream;
    t->splits = memory_need(realloc(t->splits, ((size_t)t->n_splits + 1) * sizeof *t->splits));
    t->splits[t->n_splits] = (struct text){0};
    text_put(&t->splits[t->n_splits++], data, size);
    return QETL_OK;
}

static int32_t source_describe(struct qetl_rig *t)
{
    const struct qetl_source *source = t->component->source;
    t->source = (struct qetl_source_info){
        .struct_size = sizeof t->source, .bytes_expected = -1, .rows_expected = -1};
    int32_t status = source->describe(t->self, &t->source);
    if (status < 0)
        return status;
    if (t->source.emits == QETL_EMITS_BATCHES) {
        qetl_schema_release(&t->made);
        t->made = t->source.schema;
        test_columns_print(&t->made, &t->columns[0]);
    }
    return QETL_OK;
}

int32_t source_open(struct qetl_rig *t)
{
    const struct qetl_source *source = t->component->source;
    struct qetl_writer writer = {t, split_write};
    int32_t status = t->begun ? QETL_OK : source_describe(t);
    if (!status && !t->begun)
        status = test_restore(t);
    if (!status && !t->splits_planned) {
        status = source->plan_splits ? source->plan_splits(t->self, 1, &writer)
                                     : split_write(t, NULL, 0);
        t->splits_planned = status >= 0;
    }
    if (status < 0)
        return status;
    t->begun = true;
    if (t->split == t->n_splits)
        return QETL_END;
    struct text *split = &t->splits[t->split];
    struct qetl_blob position = {text_of(&t->position), t->position.size};
    status = source->open(t->self, (struct qetl_blob){text_of(split), split->size},
                          t->positioned ? &position : NULL);
    t->split_open = status >= 0;
    return status < 0 ? status : QETL_OK;
}

static void position_take(struct qetl_rig *t, const struct qetl_item *item)
{
    if (!(item->flags & QETL_ITEM_CUT))
        return;
    text_clear(&t->position);
    text_put(&t->position, item->position.data, item->position.size);
    t->positioned = true;
}

static int32_t item_take(struct qetl_rig *t, int32_t answer, struct qetl_item *item,
                         const char *space)
{
    int32_t status = QETL_OK;
    if (answer == QETL_BATCH && item->batch.length > t->max_rows) {
        status = test_broken(t, "next brought %lld rows and was asked for %lld",
                             (long long)item->batch.length, (long long)t->max_rows);
        qetl_array_release(&item->batch);
    } else if (answer == QETL_BATCH && !item->batch.release) {
        return test_broken(t, "next answered QETL_BATCH and moved no batch to the host");
    } else if (answer == QETL_BATCH) {
        status = test_validate(t, &t->made, &item->batch);
        if (!status)
            status = test_rows_print(t, &t->made, &item->batch, &t->rows[0]);
        t->rows_read += status ? 0 : item->batch.length;
        qetl_array_release(&item->batch);
        if (!status)
            position_take(t, item);
    } else if (answer == QETL_BYTES && item->bytes > t->max_bytes) {
        return test_broken(t, "next wrote more bytes than it had room for");
    } else if (answer == QETL_BYTES) {
        text_put(&t->bytes, space, (size_t)item->bytes);
        position_take(t, item);
    } else if (answer == QETL_SCHEMA) {
        qetl_schema_release(&t->made);
        t->made = item->schema;
        test_columns_print(&t->made, &t->columns[0]);
    } else if (answer == QETL_END) {
        t->split++;
        t->split_open = t->positioned = false;
    }
    return status;
}

static int64_t deadline_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((int64_t)now.tv_sec + 1) * 1000000000 + now.tv_nsec;
}

static int32_t next_take(struct qetl_rig *t, char *space)
{
    struct qetl_demand demand = {.struct_size = sizeof demand,
                                 .max_rows = t->max_rows,
                                 .max_bytes = t->max_bytes,
                                 .deadline_ns = deadline_ns(),
                                 .space = space};
    struct qetl_item item = {.struct_size = sizeof item};
    int32_t answer = t->component->source->next(t->self, &demand, &item);
    int32_t status = answer < 0 ? answer : item_take(t, answer, &item, space);
    return status ? status : answer;
}

int32_t qetl_rig_read(struct qetl_rig *t, int64_t rows)
{
    int64_t until = rows < 0 ? INT64_MAX : t->rows_read + rows;
    if (t->opened)
        return t->opened;
    if (t->component->kind != QETL_SOURCE)
        return test_done(t, test_fail(t, QETL_E_FATAL, "only sources are read"));
    char *space = memory_need(malloc((size_t)t->max_bytes + 1));
    int32_t status = QETL_OK;
    while (status >= 0 && status != QETL_IDLE && t->rows_read < until) {
        status = t->split_open ? QETL_OK : source_open(t);
        if (status)
            break;
        status = next_take(t, space);
        if (status == QETL_IDLE && test_wait(t))
            status = QETL_OK;
    }
    free(space);
    return test_done(t,
                     status >= 0 && status != QETL_END && status != QETL_IDLE ? QETL_OK : status);
}

void qetl_rig_demand(struct qetl_rig *t, int64_t max_rows, int64_t max_bytes)
{
    t->max_rows = max_rows;
    t->max_bytes = max_bytes;
}
