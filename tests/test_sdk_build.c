/* SPDX-License-Identifier: Apache-2.0 */
/* Builders, arrays and readers: what was built is read back, whatever its layout. */
#include "fake_host.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

static struct qetl_fake_host fake;

static void setup(void)
{
    qetl_fake_host_init(&fake, NULL);
}

static void teardown(void)
{
    qetl_fake_host_close(&fake);
}

TestSuite(sdk_build, .init = setup, .fini = teardown);

static void expect_valid(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    char message[256];
    cr_assert_eq(qetl_array_validate(schema, array, message, sizeof message), QETL_OK, "%s",
                 message);
}

static void builder_open(struct qetl_builder *b, const char *format, int64_t capacity)
{
    struct ArrowSchema field = {.format = format};
    cr_assert_eq(qetl_builder_open(b, fake.env, &field, capacity), QETL_OK, "%s", format);
}

static struct qetl_column builder_read(struct qetl_builder *b, struct ArrowSchema *schema,
                                       const char *format, struct ArrowArray *array)
{
    struct qetl_column column;
    cr_assert_eq(qetl_schema_init_field(schema, "x", format), QETL_OK);
    cr_assert_eq(qetl_builder_close(b, array), QETL_OK);
    expect_valid(schema, array);
    cr_assert_eq(qetl_column_open(&column, schema, array), QETL_OK);
    return column;
}

/* A layout's range: both ends are kept, one beyond is refused and leaves nothing. */
Test(sdk_build, integers_of_every_width)
{
    static const struct {
        const char *format;
        int64_t least;
        uint64_t most;
    } cases[] = {{"c", INT8_MIN, INT8_MAX},        {"C", 0, UINT8_MAX},
                 {"s", INT16_MIN, INT16_MAX},      {"S", 0, UINT16_MAX},
                 {"i", INT32_MIN, INT32_MAX},      {"I", 0, UINT32_MAX},
                 {"l", INT64_MIN, INT64_MAX},      {"L", 0, UINT64_MAX},
                 {"tdD", INT32_MIN, INT32_MAX},    {"tdm", INT64_MIN, INT64_MAX},
                 {"ttm", INT32_MIN, INT32_MAX},    {"ttu", INT64_MIN, INT64_MAX},
                 {"tsu:UTC", INT64_MIN, INT64_MAX}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct qetl_builder b;
        struct ArrowSchema schema;
        struct ArrowArray array;
        builder_open(&b, cases[k].format, 0);
        cr_expect_eq(qetl_builder_int(&b, cases[k].least), QETL_OK);
        cr_expect_eq(qetl_builder_null(&b), QETL_OK);
        cr_expect_eq(qetl_builder_uint(&b, cases[k].most), QETL_OK);
        if (cases[k].least > INT64_MIN)
            cr_expect_eq(qetl_builder_int(&b, cases[k].least - 1), QETL_E_DATA, "%s",
                         cases[k].format);
        if (cases[k].most < UINT64_MAX)
            cr_expect_eq(qetl_builder_uint(&b, cases[k].most + 1), QETL_E_DATA);
        if (cases[k].most < INT64_MAX)
            cr_expect_eq(qetl_builder_int(&b, (int64_t)cases[k].most + 1), QETL_E_DATA);
        cr_expect_eq(qetl_builder_real(&b, 1), QETL_E_UNSUPPORTED);
        cr_expect_eq(qetl_builder_text(&b, "1", 1), QETL_E_UNSUPPORTED);
        struct qetl_column c = builder_read(&b, &schema, cases[k].format, &array);
        cr_assert_eq(c.length, 3);
        cr_expect_eq(qetl_column_int(&c, 0), cases[k].least);
        cr_expect(qetl_column_is_null(&c, 1) && !qetl_column_is_null(&c, 0));
        cr_expect_eq(qetl_column_uint(&c, 2), cases[k].most);
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
}

/* Full to the last byte: a value written too wide would run over the end. */
Test(sdk_build, buffers_filled_to_the_end)
{
    static const char *const formats[] = {"c", "S", "i", "I", "l", "f", "g", "d:9,1", "vu"};
    for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++) {
        struct qetl_builder b;
        struct ArrowSchema schema;
        struct ArrowArray array;
        bool real = strchr("fg", formats[k][0]), text = formats[k][0] == 'v';
        builder_open(&b, formats[k], 64);
        for (int i = 0; i < 256; i++) {
            int32_t status = real                   ? qetl_builder_real(&b, i % 100)
                             : text                 ? qetl_builder_text(&b, "abc", 3)
                             : formats[k][0] == 'd' ? qetl_builder_decimal(&b, i % 100)
                                                    : qetl_builder_int(&b, i % 100);
            cr_assert_eq(status, QETL_OK);
            cr_assert(i % 64 || b.capacity >= i);
        }
        cr_expect_eq(b.capacity, 256, "the test must fill it");
        struct qetl_column c = builder_read(&b, &schema, formats[k], &array);
        for (int i = 0; i < 256 && !text; i++)
            cr_assert_eq(qetl_column_real(&c, i), formats[k][0] == 'd' ? i % 100 / 10.0 : i % 100);
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
}

Test(sdk_build, booleans_and_nulls_across_growth)
{
    struct qetl_builder b;
    struct ArrowSchema schema;
    struct ArrowArray array;
    builder_open(&b, "b", 3);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(i % 7 == 3 ? qetl_builder_null(&b) : qetl_builder_bool(&b, i % 3 == 0),
                     QETL_OK);
    struct qetl_column c = builder_read(&b, &schema, "b", &array);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(qetl_column_is_null(&c, i), i % 7 == 3);
        if (i % 7 != 3)
            cr_assert_eq(qetl_column_int(&c, i), i % 3 == 0);
    }
    qetl_array_release(&array);
    qetl_schema_release(&schema);
}

Test(sdk_build, reals)
{
    struct qetl_builder b;
    struct ArrowSchema schema;
    struct ArrowArray array;
    builder_open(&b, "g", 1);
    qetl_builder_real(&b, 0.1);
    qetl_builder_real(&b, -INFINITY);
    struct qetl_column c = builder_read(&b, &schema, "g", &array);
    cr_expect_eq(qetl_column_real(&c, 0), 0.1);
    cr_expect_eq(qetl_column_real(&c, 1), -INFINITY);
    qetl_array_release(&array);
    qetl_schema_release(&schema);
    builder_open(&b, "f", 1);
    cr_expect_eq(qetl_builder_real(&b, 1e300), QETL_E_DATA);
    cr_expect_eq(qetl_builder_int(&b, 1), QETL_E_UNSUPPORTED);
    qetl_builder_real(&b, 0.5);
    qetl_builder_real(&b, NAN);
    c = builder_read(&b, &schema, "f", &array);
    cr_expect_eq(qetl_column_real(&c, 0), 0.5);
    cr_expect(isnan(qetl_column_real(&c, 1)));
    qetl_array_release(&array);
    qetl_schema_release(&schema);
}

static qetl_int128 nines(int digits)
{
    qetl_int128 value = 0;
    while (digits-- > 0)
        value = value * 10 + 9;
    return value;
}

Test(sdk_build, decimals_keep_to_their_precision)
{
    for (int precision = 1; precision <= 38; precision++) {
        struct qetl_builder b;
        struct ArrowSchema schema;
        struct ArrowArray array;
        char format[QETL_TYPE_FORMAT_MAX];
        snprintf(format, sizeof format, "d:%d,%d", precision, precision / 2);
        builder_open(&b, format, 1);
        qetl_int128 most = nines(precision);
        cr_expect_eq(qetl_builder_decimal(&b, most), QETL_OK);
        cr_expect_eq(qetl_builder_decimal(&b, -most), QETL_OK);
        cr_expect_eq(qetl_builder_decimal(&b, most + 1), QETL_E_DATA);
        cr_expect_eq(qetl_builder_decimal(&b, -most - 1), QETL_E_DATA);
        struct qetl_column c = builder_read(&b, &schema, format, &array);
        cr_expect(qetl_column_decimal(&c, 0) == most && qetl_column_decimal(&c, 1) == -most);
        cr_expect_eq(c.scale, precision / 2);
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
}

Test(sdk_build, decimals_as_the_nearest_double)
{
    static const struct {
        int64_t value;
        const char *format, *text;
    } cases[] = {{1234, "d:12,2", "12.34"},
                 {-1, "d:38,38", "-1e-38"},
                 {0, "d:38,30", "0"},
                 {7, "d:5,-3", "7000"},
                 {INT64_MAX, "d:38,19", "0.9223372036854775807"},
                 {9007199254740993, "d:38,0", "9007199254740993"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qetl_builder b;
        struct ArrowSchema schema;
        struct ArrowArray array;
        builder_open(&b, cases[i].format, 1);
        cr_assert_eq(qetl_builder_decimal(&b, cases[i].value), QETL_OK);
        struct qetl_column c = builder_read(&b, &schema, cases[i].format, &array);
        cr_expect_eq(qetl_column_real(&c, 0), strtod(cases[i].text, NULL));
        cr_expect_eq(signbit(qetl_column_real(&c, 0)) != 0, cases[i].value < 0);
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
}

static void check_text(const struct qetl_column *c, int64_t i, const char *data, size_t size)
{
    struct qetl_text text = qetl_column_text(c, i);
    cr_assert(text.size == (int64_t)size && !memcmp(text.data, data, size), "row %ld: %.*s",
              (long)i, (int)text.size, text.data);
}

/* Text from everywhere: inlined, held by the builder, in the shared buffer; shared from the start
 * or after the builder has held some. */
Test(sdk_build, text_from_heap_and_shared_buffer)
{
    static const char *const alphabet =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint64_t state = 1;
    for (int round = 0; round < 200; round++) {
        struct qetl_builder b;
        struct ArrowSchema schema;
        struct ArrowArray array;
        struct {
            int64_t size, at;
            int how;
        } rows[300];
        char *chunk = fake.host.buffer_alloc(fake.ctx, 4096);
        for (int i = 0; i < 4096; i++)
            chunk[i] = alphabet[random_below(&state, 62)];
        builder_open(&b, "vu", random_below(&state, 100));
        int64_t n = random_below(&state, 300), share_at = random_below(&state, 3) * n / 2;
        for (int64_t i = 0; i < n; i++) {
            if (i == share_at)
                qetl_builder_share(&b, chunk);
            rows[i].how = (int)random_below(&state, 4);
            rows[i].size = random_below(&state, random_below(&state, 10) ? 20 : 300);
            rows[i].at = random_below(&state, 4096 - rows[i].size);
            const char *data = chunk + rows[i].at;
            int32_t status = rows[i].how == 0   ? qetl_builder_text(&b, data, rows[i].size)
                             : rows[i].how == 1 ? qetl_builder_null(&b)
                             : rows[i].how == 2 ? qetl_builder_null_spelled(&b, data, rows[i].size)
                                                : qetl_builder_view(&b, data, rows[i].size);
            cr_assert_eq(status, QETL_OK);
        }
        struct qetl_column c = builder_read(&b, &schema, "vu", &array);
        for (int64_t i = 0; i < n; i++) {
            cr_assert_eq(qetl_column_is_null(&c, i), rows[i].how == 1 || rows[i].how == 2);
            check_text(&c, i, chunk + rows[i].at, rows[i].how == 1 ? 0 : (size_t)rows[i].size);
        }
        cr_expect_null(b.shared);
        fake.host.buffer_free(chunk);
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
}

Test(sdk_build, short_text_needs_no_data_buffer)
{
    struct qetl_builder b;
    struct ArrowArray array;
    void *chunk = fake.host.buffer_alloc(fake.ctx, 100);
    memset(chunk, 'x', 100);
    for (int used = 0; used < 2; used++) {
        builder_open(&b, "vu", 0);
        qetl_builder_share(&b, chunk);
        cr_expect_eq(qetl_builder_view(&b, (char *)chunk + 7, 12), QETL_OK);
        if (used)
            cr_expect_eq(qetl_builder_text(&b, "longer than twelve", 18), QETL_OK);
        cr_assert_eq(qetl_builder_close(&b, &array), QETL_OK);
        cr_expect_eq(array.n_buffers, used ? 5 : 3, "%ld", (long)array.n_buffers);
        cr_expect(!used || !array.buffers[2], "the chunk is let go of");
        qetl_array_release(&array);
    }
    cr_expect_eq(fake.buffers_live, 1);
    fake.host.buffer_free(chunk);
}

Test(sdk_build, text_written_in_place)
{
    struct qetl_builder b;
    struct ArrowSchema schema;
    struct ArrowArray array;
    builder_open(&b, "vu", 0);
    for (int i = 0; i < 300; i++) {
        char *room = qetl_builder_text_room(&b, 100);
        cr_assert_not_null(room);
        memset(room, 'a' + i % 26, 100);
        if (i % 5)
            qetl_builder_text_put(&b, i % 40);
    }
    struct qetl_column c = builder_read(&b, &schema, "vu", &array);
    cr_assert_eq(c.length, 240);
    for (int i = 0, row = 0; i < 300; i++) {
        char expected[100];
        memset(expected, 'a' + i % 26, sizeof expected);
        if (i % 5)
            check_text(&c, row++, expected, (size_t)i % 40);
    }
    cr_expect(((const int64_t *)array.buffers[3])[0] < 300 * 40, "the heap holds what was put");
    qetl_array_release(&array);
    qetl_schema_release(&schema);
    builder_open(&b, "l", 0);
    cr_expect_null(qetl_builder_text_room(&b, 1));
    builder_open(&b, "vu", 0);
    fake.allocs_left = 0;
    cr_expect_null(qetl_builder_text_room(&b, 1));
    fake.allocs_left = 1;
    cr_expect_null(qetl_builder_text_room(&b, 1));
    fake.allocs_left = -1;
    qetl_builder_free(&b);
}

Test(sdk_build, a_builder_is_used_again_and_allocates_the_same)
{
    struct qetl_builder b;
    struct ArrowArray array;
    int64_t allocs[3];
    builder_open(&b, "vu", 10);
    for (int round = 0; round < 3; round++) {
        allocs[round] = fake.allocs;
        for (int i = 0; i < 5000; i++)
            qetl_builder_text(&b, "more than twelve bytes", 22);
        cr_assert_eq(qetl_builder_close(&b, &array), QETL_OK);
        cr_assert_eq(array.length, 5000);
        qetl_array_release(&array);
        allocs[round] = fake.allocs - allocs[round];
    }
    cr_expect_eq(allocs[1], 3, "views, heap, array: %ld", (long)allocs[1]);
    cr_expect_eq(allocs[2], 3);
    qetl_builder_text(&b, "left open, more than twelve", 27);
    qetl_builder_null(&b);
    qetl_builder_free(&b);
    qetl_builder_free(NULL);
}

Test(sdk_build, one_large_batch_is_not_remembered_for_ever)
{
    enum { LARGE = 8 << 20 };
    struct qetl_builder b;
    struct ArrowArray array;
    builder_open(&b, "vu", 10);
    for (int round = 0; round < 20; round++) {
        char *room = qetl_builder_text_room(&b, round ? 100 : LARGE);
        cr_assert(room);
        memset(room, 'x', round ? 100 : LARGE);
        qetl_builder_text_put(&b, round ? 100 : LARGE);
        cr_expect(round == 0 || b.heap_capacity >= 100);
        cr_expect(round < 15 || b.heap_capacity < LARGE / 100, "round %d: %ld", round,
                  (long)b.heap_capacity);
        cr_assert_eq(qetl_builder_close(&b, &array), QETL_OK);
        qetl_array_release(&array);
    }
    qetl_builder_free(&b);
}

Test(sdk_build, empty_arrays_of_every_type)
{
    static const char *const formats[] = {"b", "c", "l", "g", "d:5,2", "vu", "vz", "tdD", "tsu:"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct qetl_builder b;
        struct ArrowSchema schema;
        struct ArrowArray array;
        builder_open(&b, formats[i], 0);
        struct qetl_column c = builder_read(&b, &schema, formats[i], &array);
        cr_expect_eq(c.length, 0);
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
}

Test(sdk_build, formats_that_cannot_be_built)
{
    static const char *const formats[] = {"n", "u",   "Z", "+l",     "+w",
                                          "e", "w:4", "",  "d:40,1", "tsq:"};
    struct qetl_builder b;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct ArrowSchema field = {.format = formats[i]};
        cr_expect_eq(qetl_builder_open(&b, fake.env, &field, 1), QETL_E_UNSUPPORTED, "%s",
                     formats[i]);
    }
}

/* Each allocation fails once: an error each time, nothing lost, the builder still good. */
Test(sdk_build, out_of_memory_everywhere)
{
    for (int64_t allowed = 0; allowed < 12; allowed++) {
        struct qetl_builder b;
        struct ArrowArray array = {0};
        int32_t status = QETL_OK;
        builder_open(&b, "vu", 1);
        fake.allocs_left = allowed;
        for (int i = 0; i < 200 && !status; i++) {
            status = qetl_builder_text(&b, "a text of more than twelve bytes", 32);
            if (!status && i % 3 == 0)
                status = qetl_builder_null(&b);
            if (!status)
                status = qetl_builder_null_spelled(&b, "another one, also spelled out", 29);
        }
        if (!status)
            status = qetl_builder_close(&b, &array);
        fake.allocs_left = -1;
        cr_expect(status == QETL_OK || status == QETL_E_NO_MEMORY);
        cr_expect(allowed > 0 || status == QETL_E_NO_MEMORY);
        if (status)
            cr_assert_eq(qetl_builder_close(&b, &array), QETL_OK, "after %ld", (long)allowed);
        struct ArrowSchema field;
        qetl_schema_init_field(&field, "x", "vu");
        expect_valid(&field, &array);
        qetl_schema_release(&field);
        qetl_array_release(&array);
    }
}

Test(sdk_build, without_a_host_memory_is_malloc)
{
    struct qetl_env none = {0};
    struct ArrowSchema field;
    struct qetl_builder b;
    struct ArrowArray array;
    qetl_schema_init_field(&field, "x", "vu");
    cr_assert_eq(qetl_builder_open(&b, none, &field, 0), QETL_OK);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(qetl_builder_text(&b, "more than twelve bytes", 22), QETL_OK);
    cr_assert_eq(qetl_builder_null(&b), QETL_OK);
    cr_assert_eq(qetl_builder_close(&b, &array), QETL_OK);
    expect_valid(&field, &array);
    qetl_array_release(&array);
    qetl_schema_release(&field);
}
