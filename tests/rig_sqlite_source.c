/* SPDX-License-Identifier: Apache-2.0 */
#include "rig_sqlite_source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);

int32_t reader_make(struct reader *r, const char *options)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;
    char config[2000];
    memset(r, 0, sizeof *r);
    snprintf(config, sizeof config, "{\"path\": \"x.db\", \"busy_timeout_ms\": 20, %s}", options);
    qetl_fake_host_init(&r->fake, config);
    qetl_fake_space_init(&r->rows);
    cr_assert_eq(qetl_plugin_entry(&r->fake.host, r->fake.ctx, &abi, &plugin), QETL_OK);
    r->component = plugin->components[0];
    r->self = calloc(1, r->component->state_size);
    struct qetl_source_info info = {.struct_size = sizeof info};
    int32_t status = r->component->create(r->self, &r->fake.host, r->fake.ctx, r->fake.config_json);
    if (!status)
        status = r->component->start(r->self);
    if (!status)
        status = r->component->source->describe(r->self, &info);
    r->schema = info.schema;
    return status;
}

int32_t reader_open(struct reader *r, const struct reader *behind)
{
    struct qetl_blob split = {"", 0}, position = {0};
    if (behind)
        position = (struct qetl_blob){behind->position, behind->position_size};
    return r->component->source->open(r->self, split, behind ? &position : NULL);
}

static void column_open(struct reader *r, const struct ArrowArray *batch, int64_t c,
                        struct qetl_column *out)
{
    const struct ArrowSchema *field = r->schema.children[r->wants ? r->wants[c] : c];
    char message[200];
    cr_assert_eq(qetl_array_validate(field, batch->children[c], message, sizeof message), QETL_OK,
                 "%s", message);
    cr_assert_eq(qetl_column_open(out, field, batch->children[c]), QETL_OK);
}

static void value_render(struct reader *r, const struct qetl_column *column, int64_t row)
{
    if (qetl_column_is_null(column, row))
        qetl_space_put(&r->rows.space, "-", 1);
    else
        qetl_render(column, row, &r->rows.space);
}

static void batch_take(struct reader *r, struct qetl_item *item)
{
    struct ArrowArray *batch = &item->batch;
    cr_assert_eq(batch->n_children, r->wants ? r->n_wants : r->schema.n_children);
    struct qetl_column columns[16];
    cr_assert_leq(batch->n_children, 16);
    for (int64_t c = 0; c < batch->n_children; c++)
        column_open(r, batch, c, &columns[c]);
    for (int64_t row = 0; row < batch->length; row++) {
        for (int64_t c = 0; c < batch->n_children; c++) {
            if (c)
                qetl_space_put(&r->rows.space, " ", 1);
            value_render(r, &columns[c], row);
        }
        qetl_space_put(&r->rows.space, "\n", 1);
    }
    r->n_rows += batch->length;
    r->largest = batch->length > r->largest ? batch->length : r->largest;
    r->n_batches++;
    r->position_size = item->position.size;
    cr_assert_eq(!item->position.size, !(item->flags & QETL_ITEM_CUT));
    cr_assert_leq(item->position.size, sizeof r->position);
    if (item->position.size)
        memcpy(r->position, item->position.data, item->position.size);
    batch->release(batch);
}

int32_t reader_next(struct reader *r, int64_t most)
{
    struct qetl_demand demand = {.struct_size = sizeof demand, .max_rows = most};
    struct qetl_item item = {.struct_size = sizeof item};
    int32_t answer = r->component->source->next(r->self, &demand, &item);
    if (answer == QETL_BATCH)
        batch_take(r, &item);
    else
        cr_assert_null(item.batch.release);
    return answer;
}

int32_t reader_rest(struct reader *r, int64_t most)
{
    int32_t answer;
    while ((answer = reader_next(r, most)) == QETL_BATCH)
        ;
    return answer;
}

void reader_all(struct reader *r, const char *options)
{
    cr_assert_eq(reader_make(r, options), QETL_OK, "%s", qetl_fake_host_message(&r->fake));
    cr_assert_eq(reader_open(r, NULL), QETL_OK, "%s", qetl_fake_host_message(&r->fake));
    cr_assert_eq(reader_rest(r, 0), QETL_END, "%s", qetl_fake_host_message(&r->fake));
}

void reader_end(struct reader *r)
{
    r->component->destroy(r->self);
    free(r->self);
    qetl_schema_release(&r->schema);
    qetl_fake_space_free(&r->rows);
    cr_expect_eq(qetl_fake_host_free(&r->fake), 0, "buffers were kept");
}

void expect_rows(const struct reader *r, const char *rows)
{
    cr_expect((size_t)r->rows.space.size == strlen(rows) &&
                  (!*rows || memcmp(r->rows.space.data, rows, strlen(rows)) == 0),
              "%.*s, wanted %s", (int)r->rows.space.size, (const char *)r->rows.space.data, rows);
}

void db_run(const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    cr_assert_eq(sqlite3_open("x.db", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s", message);
    sqlite3_close(db);
}
