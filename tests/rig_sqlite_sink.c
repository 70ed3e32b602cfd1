/* SPDX-License-Identifier: Apache-2.0 */
#include "rig_sqlite_sink.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);

static const char defaults[] =
    "{\"path\": \"x.db\", \"table\": \"t\", \"mode\": \"append\", "
    "\"history\": {\"valid_from\": \"valid_from\", \"valid_to\": \"valid_to\", "
    "\"is_current\": \"is_current\"}, "
    "\"create\": true, \"strict\": false, \"decimals\": \"text\", \"new_columns\": \"freeze\", "
    "\"nan\": \"reject\", \"foreign_keys\": \"enforce\", \"busy_timeout_ms\": 20, "
    "\"journal_mode\": \"keep\", \"synchronous\": \"off\", \"cache_mib\": 1}";

static char *config_make(const char *options)
{
    char text[2000];
    json_t *config = json_loads(defaults, 0, NULL);
    snprintf(text, sizeof text, "{%s}", options);
    json_t *given = json_loads(text, 0, NULL);
    cr_assert(config && given, "%s", text);
    json_object_update(config, given);
    char *out = json_dumps(config, 0);
    json_decref(config);
    json_decref(given);
    return out;
}

int32_t rig_make(struct sqlite_rig *rig, uint64_t generation, const char *options)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;
    memset(rig, 0, sizeof *rig);
    rig->generation = generation;
    char *config = config_make(options);
    qetl_fake_host_init(&rig->fake, config);
    free(config);
    cr_assert_eq(qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin), QETL_OK);
    rig->component = plugin->components[0];
    rig->self = calloc(1, rig->component->state_size);
    qetl_schema_init_struct(&rig->schema);
    qetl_schema_add(&rig->schema, "id", "l");
    qetl_schema_add(&rig->schema, "t", "vu");
    int32_t status =
        rig->component->create(rig->self, &rig->fake.host, rig->fake.ctx, rig->fake.config_json);
    return status ? status : rig->component->start(rig->self);
}

int32_t rig_open(struct sqlite_rig *rig)
{
    return rig->component->sink->open(rig->self, 0, &rig->schema);
}

static struct qetl_epoch epoch_of(const struct sqlite_rig *rig, uint64_t number)
{
    return (struct qetl_epoch){.struct_size = sizeof(struct qetl_epoch),
                               .flags = rig->final ? QETL_EPOCH_FINAL : 0,
                               .number = number,
                               .generation = rig->generation,
                               .pipeline = "p",
                               .component = "out"};
}

int32_t rig_last(struct sqlite_rig *rig, uint64_t *number)
{
    struct qetl_epoch asked = epoch_of(rig, 0);
    return rig->component->sink->last_committed(rig->self, &asked, number);
}

void rig_begin(struct sqlite_rig *rig, uint64_t generation, const char *options)
{
    uint64_t number;
    int32_t status = rig_make(rig, generation, options);
    if (!status)
        status = rig_last(rig, &number);
    if (!status)
        status = rig_open(rig);
    cr_assert_eq(status, QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
}

int32_t rig_put(struct sqlite_rig *rig, int64_t first, int64_t n, const char *text)
{
    struct qetl_builder ids = {0}, texts = {0};
    struct ArrowArray columns[2], batch;
    qetl_builder_open(&ids, rig->fake.env, rig->schema.children[0], n);
    qetl_builder_open(&texts, rig->fake.env, rig->schema.children[1], n);
    for (int64_t id = first; id < first + n; id++) {
        char digits[24];
        snprintf(digits, sizeof digits, "%lld", (long long)id);
        const char *value = text ? text : digits;
        qetl_builder_int(&ids, id);
        qetl_builder_text(&texts, value, (int64_t)strlen(value));
    }
    qetl_builder_close(&ids, &columns[0]);
    qetl_builder_close(&texts, &columns[1]);
    cr_assert_eq(qetl_array_struct(rig->fake.env, n, 2, columns, &batch), QETL_OK);
    struct qetl_write write = {.struct_size = sizeof write, .batch = &batch, .rows = n};
    int64_t before = rig->fake.n_rejects;
    int32_t status = rig->component->sink->write(rig->self, &write);
    cr_assert(status || write.rows_written + rig->fake.n_rejects - before == n);
    batch.release(&batch);
    qetl_builder_free(&ids);
    qetl_builder_free(&texts);
    return status;
}

static int32_t no_handle(void *stream, const void *data, size_t size)
{
    (void)stream;
    (void)data;
    (void)size;
    cr_assert_fail("ONE_PHASE has no handles");
    return QETL_E_FATAL;
}

int32_t rig_prepare(struct sqlite_rig *rig, uint64_t number)
{
    struct qetl_writer writer = {rig, no_handle};
    struct qetl_epoch epoch = epoch_of(rig, number);
    return rig->component->sink->prepare(rig->self, &epoch, &writer);
}

int32_t rig_commit(struct sqlite_rig *rig, uint64_t number)
{
    struct qetl_epoch epoch = epoch_of(rig, number);
    return rig->component->sink->commit(rig->self, &epoch, 0, NULL);
}

int32_t rig_abort(struct sqlite_rig *rig, uint64_t number)
{
    struct qetl_epoch epoch = epoch_of(rig, number);
    return rig->component->sink->abort(rig->self, &epoch, 0, NULL);
}

void rig_end(struct sqlite_rig *rig)
{
    if (rig->component->stop)
        cr_expect_eq(rig->component->stop(rig->self), QETL_OK);
    rig->component->destroy(rig->self);
    free(rig->self);
    qetl_schema_release(&rig->schema);
    cr_expect_eq(qetl_fake_host_free(&rig->fake), 0, "buffers were kept");
}

const char *asked(const char *sql)
{
    static char answer[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t size = 0;
    answer[0] = '\0';
    cr_assert_eq(sqlite3_open("x.db", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            size += (size_t)snprintf(answer + size, sizeof answer - size, "%s%s",
                                     !size ? ""
                                     : i   ? " "
                                           : ",",
                                     text ? text : "NULL");
            cr_assert_lt(size, sizeof answer);
        }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

void expect_asked(const char *sql, const char *answer)
{
    const char *got = asked(sql);
    cr_expect_str_eq(got, answer, "%s: %s, wanted %s", sql, got, answer);
}
