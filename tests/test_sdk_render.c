/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical text of values: spelled out, and held against printf, gmtime and a JSON parser. */
#include "fake_host.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

static struct qetl_fake_host fake;
static struct qetl_fake_space space;

static void setup(void)
{
    qetl_fake_host_init(&fake, NULL);
    qetl_fake_space_init(&space);
}

static void teardown(void)
{
    qetl_fake_space_free(&space);
    qetl_fake_host_close(&fake);
}

TestSuite(sdk_render, .init = setup, .fini = teardown);

/* The text of row i, valid until the next call. */
static const char *rendered(const struct qetl_column *c, int64_t i)
{
    space.space.size = 0;
    cr_assert_eq(qetl_render(c, i, &space.space), QETL_OK);
    cr_assert_eq(qetl_space_put(&space.space, "", 1), QETL_OK);
    return (const char *)space.space.data;
}

static void no_release(struct ArrowArray *array)
{
    array->release = NULL;
}

static void no_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* One value of eight bytes at most, as a column of one row. */
static const char *rendered_number(const char *format, int64_t value)
{
    struct ArrowSchema field = {.format = format};
    _Alignas(16) int64_t storage[2] = {value, 0};
    const void *buffers[] = {NULL, storage};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    struct qetl_column c;
    cr_assert_eq(qetl_column_open(&c, &field, &array), QETL_OK, "%s", format);
    return rendered(&c, 0);
}

static const char *rendered_decimal(qetl_int128 value, int32_t precision, int32_t scale)
{
    char format[QETL_TYPE_FORMAT_MAX];
    snprintf(format, sizeof format, "d:%d,%d", precision, scale);
    struct ArrowSchema field = {.format = format};
    const void *buffers[] = {NULL, &value};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    struct qetl_column c;
    cr_assert_eq(qetl_column_open(&c, &field, &array), QETL_OK, "%s", format);
    return rendered(&c, 0);
}

Test(sdk_render, integers_and_booleans)
{
    cr_expect_str_eq(rendered_number("b", 1), "true");
    cr_expect_str_eq(rendered_number("b", 0), "false");
    cr_expect_str_eq(rendered_number("c", -128), "-128");
    cr_expect_str_eq(rendered_number("C", 255), "255");
    cr_expect_str_eq(rendered_number("l", INT64_MIN), "-9223372036854775808");
    cr_expect_str_eq(rendered_number("L", -1), "18446744073709551615");
    cr_expect_str_eq(rendered_number("l", 0), "0");
}

Test(sdk_render, integers_as_printf)
{
    uint64_t state = 2;
    for (int i = 0; i < 20000; i++) {
        char text[32];
        int64_t value = (int64_t)random_next(&state) >> random_below(&state, 64);
        snprintf(text, sizeof text, "%lld", (long long)value);
        cr_assert_str_eq(rendered_number("l", value), text);
        snprintf(text, sizeof text, "%llu", (unsigned long long)value);
        cr_assert_str_eq(rendered_number("L", value), text);
        snprintf(text, sizeof text, "%d", (int)(int16_t)value);
        cr_assert_str_eq(rendered_number("s", value), text);
    }
}

Test(sdk_render, decimals_keep_their_scale)
{
    cr_expect_str_eq(rendered_decimal(1050, 12, 2), "10.50");
    cr_expect_str_eq(rendered_decimal(-5, 12, 2), "-0.05");
    cr_expect_str_eq(rendered_decimal(0, 12, 2), "0.00");
    cr_expect_str_eq(rendered_decimal(7, 12, 0), "7");
    cr_expect_str_eq(rendered_decimal(-7, 12, -3), "-7000");
    cr_expect_str_eq(rendered_decimal(0, 12, -3), "0");
    cr_expect_str_eq(rendered_decimal(1, 38, 38), "0.00000000000000000000000000000000000001");
    qetl_int128 most = 0;
    for (int i = 0; i < 38; i++)
        most = most * 10 + 9;
    cr_expect_str_eq(rendered_decimal(-most, 38, 0), "-99999999999999999999999999999999999999");
    cr_expect_str_eq(rendered_decimal(most, 38, 38), "0.99999999999999999999999999999999999999");
    cr_expect_str_eq(rendered_decimal(most, 38, 1), "9999999999999999999999999999999999999.9");
}

/* Digits and the point are put where they belong by hand, from printf's halves. */
Test(sdk_render, decimals_as_printf)
{
    uint64_t state = 4;
    for (int i = 0; i < 50000; i++) {
        uint64_t high = random_next(&state) % 10000000000000000000ULL >> random_below(&state, 64);
        uint64_t low = random_next(&state) % 10000000000000000000ULL;
        int scale = (int)random_below(&state, 39);
        char digits[48], expected[64];
        qetl_int128 value = (qetl_int128)high * 10000000000000000000ULL + low;
        snprintf(digits, sizeof digits, "%039d", 0);
        snprintf(digits + 1, sizeof digits - 1, "%019llu%019llu", (unsigned long long)high,
                 (unsigned long long)low);
        int first = 0;
        while (digits[first] == '0' && first < 38 - scale)
            first++;
        snprintf(expected, sizeof expected, "-%.*s%s%s", 39 - scale - first, digits + first,
                 scale ? "." : "", digits + 39 - scale);
        cr_assert_str_eq(rendered_decimal(-value, 38, scale), value ? expected : expected + 1);
        cr_assert_str_eq(rendered_decimal(value, 38, scale), expected + 1);
    }
}

Test(sdk_render, reals_and_binary)
{
    double value = 0.1;
    int64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    cr_expect_str_eq(rendered_number("g", bits), "0.1");
    float narrow = 0.1f;
    bits = 0;
    memcpy(&bits, &narrow, sizeof narrow);
    cr_expect_str_eq(rendered_number("f", bits), "0.1");
    struct qetl_builder b;
    struct ArrowSchema field = {.format = "vz"};
    struct ArrowArray array;
    struct qetl_column c;
    qetl_builder_open(&b, fake.env, &field, 1);
    qetl_builder_text(&b, "\x00\xff\x1a", 3);
    qetl_builder_null(&b);
    qetl_builder_close(&b, &array);
    cr_assert_eq(qetl_column_open(&c, &field, &array), QETL_OK);
    cr_expect_str_eq(rendered(&c, 0), "\\x00ff1a");
    cr_expect_str_eq(rendered(&c, 1), "");
    qetl_array_release(&array);
}

Test(sdk_render, dates_and_times_spelled_out)
{
    cr_expect_str_eq(rendered_number("tdD", 0), "1970-01-01");
    cr_expect_str_eq(rendered_number("tdD", 19753), "2024-01-31");
    cr_expect_str_eq(rendered_number("tdD", 2932896), "9999-12-31");
    cr_expect_str_eq(rendered_number("tdD", 2932897), "10000-01-01");
    cr_expect_str_eq(rendered_number("tdD", -719162), "0001-01-01");
    cr_expect_str_eq(rendered_number("tdD", -719163), "0001-12-31 BC");
    cr_expect_str_eq(rendered_number("tdD", -735160), "0044-03-15 BC");
    cr_expect_str_eq(rendered_number("tdD", INT32_MAX), "5881580-07-11");
    cr_expect_str_eq(rendered_number("tdD", INT32_MIN), "5877642-06-23 BC");
    cr_expect_str_eq(rendered_number("tdm", -1), "1969-12-31");
    cr_expect_str_eq(rendered_number("ttu", 45296789000), "12:34:56.789");
    cr_expect_str_eq(rendered_number("ttu", 0), "00:00:00");
    cr_expect_str_eq(rendered_number("ttu", 86400000000), "24:00:00");
    cr_expect_str_eq(rendered_number("ttu", -1500000), "-00:00:01.5");
    cr_expect_str_eq(rendered_number("tts", 3661), "01:01:01");
    cr_expect_str_eq(rendered_number("ttn", 1), "00:00:00.000000001");
    cr_expect_str_eq(rendered_number("tsu:", 1706704496789000), "2024-01-31 12:34:56.789");
    cr_expect_str_eq(rendered_number("tsu:UTC", 1706704496789000), "2024-01-31 12:34:56.789+00");
    cr_expect_str_eq(rendered_number("tsu:", 0), "1970-01-01 00:00:00");
    cr_expect_str_eq(rendered_number("tsu:", -1), "1969-12-31 23:59:59.999999");
    cr_expect_str_eq(rendered_number("tss:", -86400), "1969-12-31 00:00:00");
    cr_expect_str_eq(rendered_number("tsm:UTC", -63517824000000), "0044-03-15 00:00:00+00 BC");
    cr_expect_str_eq(rendered_number("tsu:", INT64_MIN), "290309-12-21 19:59:05.224192 BC");
    cr_expect_str_eq(rendered_number("tss:", INT64_MIN), "292277022658-01-27 08:29:52 BC");
    cr_expect_str_eq(rendered_number("tss:UTC", INT64_MAX), "292277026596-12-04 15:30:07+00");
    cr_expect_str_eq(rendered_number("tsn:", INT64_MIN), "1677-09-21 00:12:43.145224192");
}

/* The C library's calendar, where it writes the same: years 1 to 9999. */
Test(sdk_render, timestamps_as_gmtime)
{
    uint64_t state = 6;
    for (int i = 0; i < 100000; i++) {
        time_t seconds = (time_t)random_below(&state, 315537897600) - 62135596800;
        char text[64];
        struct tm tm;
        gmtime_r(&seconds, &tm);
        snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        cr_assert_str_eq(rendered_number("tss:", seconds), text);
        cr_assert_str_eq(rendered_number("tsu:", seconds * 1000000), text);
        text[10] = 0;
        cr_assert_str_eq(rendered_number("tdm", seconds * 1000), text);
    }
}

/* Each day follows the one before, over more than two cycles of 400 years and both eras. */
Test(sdk_render, every_day_in_turn)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = -399, month = 1, day = 1;
    for (int64_t days = -865259; year <= 500; days++) {
        char text[32];
        snprintf(text, sizeof text, "%04d-%02d-%02d%s", year > 0 ? year : 1 - year, month, day,
                 year > 0 ? "" : " BC");
        cr_assert_str_eq(rendered_number("tdD", days), text);
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (++day > lengths[month - 1] + (month == 2 && leap)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
}

/* A struct of a list of text, a real, a decimal, a date, binary and a boolean. */
static void nested_schema(struct ArrowSchema *schema)
{
    struct ArrowSchema list;
    qetl_schema_init_struct(schema);
    qetl_schema_init_field(&list, "li\"st", "+l");
    qetl_schema_add(&list, "item", "vu");
    qetl_schema_append(schema, &list);
    qetl_schema_add(schema, "real", "g");
    qetl_schema_add(schema, "dec", "d:10,2");
    qetl_schema_add(schema, "day", "tdD");
    qetl_schema_add(schema, "bin", "vz");
    qetl_schema_add(schema, "yes", "b");
}

static void list_make(const struct ArrowSchema *field, struct ArrowArray *out)
{
    struct qetl_builder b;
    struct ArrowArray values;
    qetl_builder_open(&b, fake.env, field->children[0], 3);
    qetl_builder_text(&b, "\"ab\\c\n\t\x01/\x1f", 10);
    qetl_builder_null(&b);
    qetl_builder_text(&b, "\xc3\xa4\x7f \r\b\f", 7);
    cr_assert_eq(qetl_builder_close(&b, &values), QETL_OK);
    int32_t *offsets = fake.host.buffer_alloc(fake.ctx, 3 * sizeof *offsets);
    offsets[0] = 0;
    offsets[1] = 3;
    offsets[2] = 3;
    cr_assert_eq(qetl_array_list(fake.env, 2, 0, NULL, offsets, &values, out), QETL_OK);
}

static void nested_make(const struct ArrowSchema *schema, struct ArrowArray *batch)
{
    struct ArrowArray columns[6];
    struct qetl_builder b;
    list_make(schema->children[0], &columns[0]);
    for (int k = 1; k < 6; k++) {
        qetl_builder_open(&b, fake.env, schema->children[k], 2);
        if (k == 1)
            qetl_builder_real(&b, NAN);
        else if (k == 2)
            qetl_builder_decimal(&b, 150);
        else if (k == 3)
            qetl_builder_int(&b, 0);
        else if (k == 4)
            qetl_builder_text(&b, "\x01\x02", 2);
        else
            qetl_builder_bool(&b, true);
        qetl_builder_null(&b);
        cr_assert_eq(qetl_builder_close(&b, &columns[k]), QETL_OK);
    }
    cr_assert_eq(qetl_array_struct(fake.env, 2, 6, columns, batch), QETL_OK);
}

Test(sdk_render, nested_values_as_json)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_column row;
    nested_schema(&schema);
    nested_make(&schema, &batch);
    cr_assert_eq(qetl_column_open(&row, &schema, &batch), QETL_OK);
    const char *text = rendered(&row, 0);
    cr_expect_str_eq(text, "{\"li\\\"st\":[\"\\\"ab\\\\c\\n\\t\\u0001/\\u001f\",null,"
                           "\"\xc3\xa4\x7f \\r\\b\\f\"],\"real\":\"NaN\",\"dec\":1.50,"
                           "\"day\":\"1970-01-01\",\"bin\":\"AQI=\",\"yes\":true}");
    json_t *json = json_loads(text, 0, NULL);
    cr_assert_not_null(json);
    cr_expect_str_eq(json_string_value(json_object_get(json, "bin")), "AQI=");
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(json, "li\"st"), 0)),
                     "\"ab\\c\n\t\x01/\x1f");
    json_decref(json);
    cr_expect_str_eq(rendered(&row, 1), "{\"li\\\"st\":[],\"real\":null,\"dec\":null,"
                                        "\"day\":null,\"bin\":null,\"yes\":null}");
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
}

/* A space that ends too early, anywhere: the error comes back and the value leaves no bytes. */
Test(sdk_render, no_room_leaves_nothing)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_column row;
    nested_schema(&schema);
    nested_make(&schema, &batch);
    cr_assert_eq(qetl_column_open(&row, &schema, &batch), QETL_OK);
    int64_t whole = (int64_t)strlen(rendered(&row, 0));
    int refused = 0;
    for (int64_t limit = 3; limit < whole + 200; limit++) {
        struct qetl_fake_space tight;
        qetl_fake_space_init(&tight);
        tight.limit = limit;
        cr_assert_eq(qetl_space_put(&tight.space, "abc", 3), QETL_OK);
        int32_t status = qetl_render(&row, 0, &tight.space);
        refused += status != QETL_OK;
        cr_assert(status == QETL_OK || status == QETL_E_NO_MEMORY);
        cr_assert_eq(tight.space.size, status ? 3 : 3 + whole);
        qetl_fake_space_free(&tight);
    }
    cr_expect(refused >= whole);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
}

/* The deepest that is written, and one level more. */
Test(sdk_render, nesting_has_a_limit)
{
    enum { DEEPEST = 128 };
    static struct ArrowSchema fields[DEEPEST + 2], *field_of[DEEPEST + 2];
    static struct ArrowArray arrays[DEEPEST + 2], *array_of[DEEPEST + 2];
    static const void *no_buffers[1];
    for (int i = 0; i <= DEEPEST + 1; i++) {
        bool last = i == DEEPEST + 1;
        field_of[i] = &fields[i];
        array_of[i] = &arrays[i];
        fields[i] = (struct ArrowSchema){.format = last ? "n" : "+s",
                                         .name = "x",
                                         .n_children = !last,
                                         .children = last ? NULL : &field_of[i + 1]};
        arrays[i] = (struct ArrowArray){.length = 1,
                                        .n_buffers = !last,
                                        .buffers = no_buffers,
                                        .n_children = !last,
                                        .children = last ? NULL : &array_of[i + 1]};
    }
    struct qetl_column c;
    cr_assert_eq(qetl_column_open(&c, &fields[0], &arrays[0]), QETL_OK);
    cr_expect_eq(qetl_render(&c, 0, &space.space), QETL_E_UNSUPPORTED);
    cr_expect_eq(space.space.size, 0);
    cr_assert_eq(qetl_column_open(&c, &fields[1], &arrays[1]), QETL_OK);
    cr_expect_eq(qetl_render(&c, 0, &space.space), QETL_OK);
    char message[600];
    fields[0].release = no_schema_release;
    for (int i = 0; i <= DEEPEST + 1; i++)
        arrays[i].release = no_release;
    arrays[DEEPEST + 1].null_count = 1;
    cr_expect_eq(qetl_array_validate(&fields[0], &arrays[0], message, sizeof message), QETL_E_DATA);
    cr_expect(strstr(message, "nested deeper"), "%s", message);
    fields[1].release = no_schema_release;
    cr_expect_eq(qetl_array_validate(&fields[1], &arrays[1], message, sizeof message), QETL_OK);
}
