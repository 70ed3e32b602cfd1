/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet without an engine around it: columns that no file brings, rows that no file can hold, and
 * a source that goes on where another stopped. */
#include "plugins/formats/parquet/parquet.h"
#include "tests/fake_host.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The library comes with the test's set-up, as for the scenarios. */
static void library_get(void)
{
    char command[4400], library[4200];
    const char *build = getenv("QETL_BUILD"), *source = getenv("QETL_SOURCE");
    cr_assert(build && source, "QETL_BUILD and QETL_SOURCE name the folders");
    snprintf(command, sizeof command, "'%s/.ci/duckdb' '%s/tests/cache'", source, build);
    cr_assert_eq(system(command), 0, "libduckdb cannot be had");
    snprintf(library, sizeof library, "%s/tests/cache/libduckdb.so", build);
    setenv("QETL_DUCKDB_LIBRARY", library, 1);
}

static char folder[] = "/tmp/test_parquet.XXXXXX";

static void scratch(void)
{
    library_get();
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

static void scratch_end(void)
{
    unlink("out.parquet");
    rmdir(folder);
}

TestSuite(parquet, .init = scratch, .fini = scratch_end, .timeout = 120);

static const char WRITE[] = "{\"compression\":\"zstd\",\"compression_level\":3,"
                            "\"row_group_rows\":2048,\"version\":1,\"memory_mib\":256}";
static const char READ[] = "{\"path\":\"out.parquet\",\"new_columns\":\"evolve\",\"hive\":\"auto\","
                           "\"threads\":1,\"memory_mib\":256}";

struct rig {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
};

static void rig_open(struct rig *rig, const struct qetl_component *component, const char *config)
{
    qetl_fake_host_init(&rig->fake, config);
    rig->component = component;
    rig->self = calloc(1, component->state_size);
    cr_assert_eq(component->create(rig->self, &rig->fake.host, rig->fake.ctx, config), QETL_OK);
    cr_assert_eq(component->start(rig->self), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
}

static void rig_close(struct rig *rig)
{
    rig->component->destroy(rig->self);
    free(rig->self);
    cr_expect_eq(qetl_fake_host_free(&rig->fake), 0, "buffers are left");
}

/* A struct of one column c of integers in this format, one a row. */
static void batch_make(struct rig *rig, const char *format, int64_t n, const int64_t *values,
                       struct ArrowSchema *schema, struct ArrowArray *batch)
{
    struct qetl_builder b;
    struct ArrowArray column;
    cr_assert_eq(qetl_schema_init_struct(schema), QETL_OK);
    cr_assert_eq(qetl_schema_add(schema, "c", format), QETL_OK);
    cr_assert_eq(qetl_builder_open(&b, rig->fake.env, schema->children[0], n), QETL_OK);
    for (int64_t i = 0; i < n; i++)
        cr_assert_eq(strcmp(format, "tin") == 0
                         ? qetl_builder_interval(&b, (struct qetl_interval){0, 0, values[i]})
                         : qetl_builder_int(&b, values[i]),
                     QETL_OK);
    cr_assert_eq(qetl_builder_close(&b, &column), QETL_OK);
    qetl_builder_free(&b);
    cr_assert_eq(qetl_array_struct(rig->fake.env, n, 1, &column, batch), QETL_OK);
}

/* Writes out.parquet; answers how many rows were rejected. */
static int64_t write_out(const char *format, int64_t n, const int64_t *values)
{
    struct rig rig;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_fake_space out;
    rig_open(&rig, &parquet_format, WRITE);
    batch_make(&rig, format, n, values, &schema, &batch);
    qetl_fake_space_init(&out);
    const struct qetl_format *f = parquet_format.format;
    cr_assert_eq(f->open_encode(rig.self, &schema), QETL_OK, "%s",
                 qetl_fake_host_message(&rig.fake));
    cr_assert_eq(f->encode(rig.self, &batch, &out.space), QETL_OK, "%s",
                 qetl_fake_host_message(&rig.fake));
    cr_assert_eq(f->finish(rig.self, &out.space), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    FILE *file = fopen("out.parquet", "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(out.space.data, 1, (size_t)out.space.size, file), (size_t)out.space.size);
    fclose(file);
    int64_t rejected = rig.fake.n_rejects;
    qetl_fake_space_free(&out);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    rig_close(&rig);
    return rejected;
}

/* What the source says of a place behind so many rows: which files there are, and how many. */
struct place {
    uint64_t files;
    int64_t rows;
};

static struct place place_of(int64_t rows)
{
    struct rig rig;
    struct qetl_source_info info = {.struct_size = sizeof info};
    struct qetl_demand demand = {.struct_size = sizeof demand, .max_rows = 1024};
    struct qetl_item item = {.struct_size = sizeof item};
    struct place place;
    const struct qetl_source *s = parquet_source.source;
    rig_open(&rig, &parquet_source, READ);
    cr_assert_eq(s->describe(rig.self, &info), QETL_OK);
    cr_assert_eq(s->open(rig.self, (struct qetl_blob){"", 0}, NULL), QETL_OK);
    cr_assert_eq(s->next(rig.self, &demand, &item), QETL_BATCH);
    cr_assert_eq(item.position.size, sizeof place);
    memcpy(&place, item.position.data, sizeof place);
    cr_assert_eq(place.rows, item.batch.length);
    qetl_array_release(&item.batch);
    qetl_schema_release(&info.schema);
    rig_close(&rig);
    place.rows = rows;
    return place;
}

/* Reads column c from a position on (rows to pass over); answers how many values there are. */
static int64_t read_back(int64_t position, const char *format, int64_t *values)
{
    struct rig rig;
    struct qetl_source_info info = {.struct_size = sizeof info};
    struct qetl_demand demand = {.struct_size = sizeof demand, .max_rows = 1024};
    struct qetl_item item = {.struct_size = sizeof item};
    struct place place = position ? place_of(position) : (struct place){0};
    struct qetl_blob at = {&place, sizeof place};
    const struct qetl_source *s = parquet_source.source;
    int64_t n = 0;
    int32_t status;
    rig_open(&rig, &parquet_source, READ);
    cr_assert_eq(s->describe(rig.self, &info), QETL_OK);
    cr_expect_str_eq(info.schema.children[0]->format, format);
    cr_assert_eq(s->open(rig.self, (struct qetl_blob){"", 0}, position ? &at : NULL), QETL_OK);
    while ((status = s->next(rig.self, &demand, &item)) == QETL_BATCH) {
        struct qetl_column all, c;
        cr_assert_eq(qetl_column_open(&all, &info.schema, &item.batch), QETL_OK);
        cr_assert_eq(qetl_column_child(&all, 0, &c), QETL_OK);
        for (int64_t i = 0; i < item.batch.length; i++)
            values[n++] = c.kind == QETL_KIND_INTERVAL ? qetl_column_interval(&c, i).nanoseconds
                                                       : qetl_column_int(&c, i);
        qetl_array_release(&item.batch);
    }
    cr_expect_eq(status, QETL_END);
    qetl_schema_release(&info.schema);
    rig_close(&rig);
    return n;
}

/* What is written of 1, 2 and 86,400,000 in one unit, and read in another. */
static void expect_scaled(const char *written, const char *read, int64_t factor, int64_t divisor)
{
    static const int64_t values[] = {0, 86400000, 172800000};
    int64_t got[8];
    cr_expect_eq(write_out(written, 3, values), 0, "%s", written);
    cr_assert_eq(read_back(0, read, got), 3, "%s", written);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(got[i], values[i] * factor / divisor, "%s: %lld", written, (long long)got[i]);
}

Test(parquet, units_of_time_become_those_that_parquet_has)
{
    expect_scaled("tss:", "tsu:", 1000000, 1);
    expect_scaled("tsm:", "tsu:", 1000, 1);
    expect_scaled("tsu:", "tsu:", 1, 1);
    expect_scaled("tsn:", "tsn:", 1, 1);
    expect_scaled("tsm:Europe/Oslo", "tsu:UTC", 1000, 1);
    expect_scaled("tdm", "tdD", 1, 86400000);
}

Test(parquet, rows_that_it_cannot_hold_are_rejected_and_no_others)
{
    static const int64_t beyond[] = {1, INT64_MAX, 3, INT64_MIN, 5};
    static const int64_t nanos[] = {1000, 1001, 3000};
    static const int64_t intervals[] = {1000000, 1, -1000000, 2000000};
    int64_t got[8];
    cr_expect_eq(write_out("tss:", 5, beyond), 2);
    cr_assert_eq(read_back(0, "tsu:", got), 3);
    cr_expect(got[0] == 1000000 && got[1] == 3000000 && got[2] == 5000000);
    cr_expect_eq(write_out("tsn:UTC", 3, nanos), 1);
    cr_assert_eq(read_back(0, "tsu:UTC", got), 2);
    cr_expect(got[0] == 1 && got[1] == 3);
    cr_expect_eq(write_out("tin", 4, intervals), 2);
    cr_assert_eq(read_back(0, "tin", got), 2);
    cr_expect(got[0] == 1000000 && got[1] == 2000000);
}

Test(parquet, goes_on_from_a_position)
{
    int64_t values[5000], got[5000];
    for (int64_t i = 0; i < 5000; i++)
        values[i] = i * 7;
    cr_expect_eq(write_out("l", 5000, values), 0);
    cr_expect_eq(read_back(0, "l", got), 5000);
    cr_expect_arr_eq(got, values, sizeof values);
    cr_assert_eq(read_back(3333, "l", got), 5000 - 3333);
    cr_expect_arr_eq(got, values + 3333, (5000 - 3333) * sizeof *got);
}

Test(parquet, what_was_begun_and_not_finished_leaves_nothing)
{
    static const int64_t values[] = {1, 2};
    struct rig rig;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_fake_space out;
    rig_open(&rig, &parquet_format, WRITE);
    batch_make(&rig, "l", 2, values, &schema, &batch);
    qetl_fake_space_init(&out);
    cr_assert_eq(parquet_format.format->open_encode(rig.self, &schema), QETL_OK);
    cr_assert_eq(parquet_format.format->encode(rig.self, &batch, &out.space), QETL_OK);
    parquet_format.interrupt(rig.self);
    cr_expect_eq(parquet_format.format->finish(rig.self, &out.space), QETL_E_CANCELLED);
    qetl_fake_space_free(&out);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    rig_close(&rig);
}

Test(parquet, an_interrupt_counts_from_the_beginning)
{
    static const int64_t value = 1;
    struct rig rig;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_fake_space out;
    cr_expect_eq(write_out("l", 1, &value), 0);
    rig_open(&rig, &parquet_format, WRITE);
    batch_make(&rig, "l", 1, &value, &schema, &batch);
    qetl_fake_space_init(&out);
    parquet_format.interrupt(rig.self); /* nothing is open that could be ended */
    cr_assert_eq(parquet_format.format->open_encode(rig.self, &schema), QETL_OK);
    cr_expect_eq(parquet_format.format->encode(rig.self, &batch, &out.space), QETL_E_CANCELLED);
    qetl_fake_space_free(&out);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    rig_close(&rig);

    qetl_fake_host_init(&rig.fake, READ);
    rig.component = &parquet_source;
    rig.self = calloc(1, parquet_source.state_size);
    cr_assert_eq(parquet_source.create(rig.self, &rig.fake.host, rig.fake.ctx, READ), QETL_OK);
    parquet_source.interrupt(rig.self);
    cr_expect_eq(parquet_source.start(rig.self), QETL_E_CANCELLED);
    rig_close(&rig);
}

/* ---- Writers at a time, which share a database ---- */

struct writer {
    struct rig rig;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_fake_space out;
};

static void writer_open(struct writer *w, int64_t value)
{
    rig_open(&w->rig, &parquet_format, WRITE);
    batch_make(&w->rig, "l", 1, &value, &w->schema, &w->batch);
    qetl_fake_space_init(&w->out);
    cr_assert_eq(parquet_format.format->open_encode(w->rig.self, &w->schema), QETL_OK, "%s",
                 qetl_fake_host_message(&w->rig.fake));
}

static void writer_encode(struct writer *w)
{
    cr_assert_eq(parquet_format.format->encode(w->rig.self, &w->batch, &w->out.space), QETL_OK,
                 "%s", qetl_fake_host_message(&w->rig.fake));
}

static void writer_close(struct writer *w, int64_t n, int64_t value)
{
    int64_t got[16] = {0};
    cr_assert_eq(parquet_format.format->finish(w->rig.self, &w->out.space), QETL_OK, "%s",
                 qetl_fake_host_message(&w->rig.fake));
    FILE *file = fopen("out.parquet", "wb");
    cr_assert(file && fwrite(w->out.space.data, (size_t)w->out.space.size, 1, file) == 1);
    fclose(file);
    cr_expect_eq(read_back(0, "l", got), n);
    for (int64_t i = 0; i < n; i++)
        cr_expect_eq(got[i], value);
    qetl_fake_space_free(&w->out);
    qetl_array_release(&w->batch);
    qetl_schema_release(&w->schema);
    rig_close(&w->rig);
}

Test(parquet, writers_at_a_time_keep_their_rows_apart_and_none_needs_the_first)
{
    struct writer a = {0}, b = {0}, c = {0};
    writer_open(&a, 1);
    writer_open(&b, 2);
    for (int i = 0; i < 3; i++) {
        writer_encode(&a);
        writer_encode(&b);
    }
    writer_close(&a, 3, 1);
    writer_encode(&b);
    writer_open(&c, 3);
    writer_encode(&c);
    writer_close(&b, 4, 2);
    writer_close(&c, 1, 3);
    writer_open(&a, 4); /* the database of the others is gone */
    writer_encode(&a);
    writer_close(&a, 1, 4);
}
