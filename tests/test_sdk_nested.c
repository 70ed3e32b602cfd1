/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and structs: their names, their builders, what is read back from them, and as JSON. */
#include "fake_host.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdio.h>

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

TestSuite(sdk_nested, .init = setup, .fini = teardown);

static void expect_type(const char *sql, const char *expected)
{
    struct ArrowSchema field;
    int32_t status = qetl_type_field(sql, "f", &field);
    cr_expect_eq(status, expected ? QETL_OK : QETL_E_UNSUPPORTED, "%s: %d", sql, status);
    if (status)
        return;
    char *words = qetl_type_text(&field);
    cr_expect_str_eq(words, expected ? expected : "nothing", "%s", sql);
    cr_expect_str_eq(field.name, "f");
    free(words);
    qetl_schema_release(&field);
}

Test(sdk_nested, types)
{
    expect_type("int[]", "integer[]");
    expect_type(" INTEGER [ ] [] ", "integer[][]");
    expect_type("decimal(12, 2)[]", "decimal(12,2)[]");
    expect_type("json", "json");
    expect_type("timestamp with time zone", "timestamp with time zone");
    expect_type("struct(a integer, b text)", "struct(a integer, b text)");
    expect_type("Struct ( a struct(b decimal(3,1)[]) [] , c JSON)",
                "struct(a struct(b decimal(3,1)[])[], c json)");
    expect_type("struct(\"a b\" int, \"say \"\"x\"\"\" text, \"\" date, \"9\" time)",
                "struct(\"a b\" integer, \"say \"\"x\"\"\" text, \"\" date, \"9\" time)");
    expect_type("struct(9 int)", "struct(\"9\" integer)");
    static const char *const wrong[] = {"",
                                        "[]",
                                        "int[",
                                        "int]",
                                        "int[3]",
                                        "struct",
                                        "struct()",
                                        "struct(a)",
                                        "struct(a int",
                                        "struct(a int,)",
                                        "struct(a int, a text)",
                                        "struct(a int))",
                                        "struct(a int) b",
                                        "int,text",
                                        "struct(\"a int)",
                                        "list(int)",
                                        "struct(a nothing)"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_type(wrong[i], NULL);
}

Test(sdk_nested, types_have_an_end)
{
    char sql[4096] = "int";
    for (int i = 0; i < 1000; i++)
        strcat(sql, "[]");
    expect_type(sql, NULL);
    *sql = 0;
    for (int i = 0; i < 400; i++)
        strcat(sql, "struct(a ");
    expect_type(sql, NULL);
}

/* ---- a builder against a model: random values appended, and some taken back ---- */

struct model {
    char rows[400][256];
    int64_t n;
};

static uint64_t seed = 20261121;
static struct qetl_builder builder;
static struct ArrowSchema field;

static void element_add(struct qetl_builder *b, char *text, bool null)
{
    struct qetl_builder *number = qetl_builder_child(b, 0), *word = qetl_builder_child(b, 1);
    char at[64], value[32];
    if (null) {
        cr_assert_eq(qetl_builder_null(b), QETL_OK);
        strcat(text, "null");
        return;
    }
    int64_t n = (int64_t)(random_next(&seed) % 1000);
    snprintf(value, sizeof value, "text that is %lld long", (long long)n);
    cr_assert_eq(qetl_builder_int(number, n), QETL_OK);
    if (n % 5)
        cr_assert_eq(qetl_builder_text(word, value, (int64_t)strlen(value)), QETL_OK);
    else
        cr_assert_eq(qetl_builder_null(word), QETL_OK);
    cr_assert_eq(qetl_builder_struct(b), QETL_OK);
    snprintf(at, sizeof at, "{\"n\":%lld,\"w\":%s%s%s}", (long long)n, n % 5 ? "\"" : "",
             n % 5 ? value : "null", n % 5 ? "\"" : "");
    strcat(text, at);
}

static void row_add(char *text)
{
    *text = 0;
    if (random_next(&seed) % 7 == 0) {
        cr_assert_eq(qetl_builder_null(&builder), QETL_OK);
        strcpy(text, "null");
        return;
    }
    strcat(text, "[");
    for (uint64_t k = 0, n = random_next(&seed) % 4; k < n; k++) {
        if (k)
            strcat(text, ",");
        element_add(qetl_builder_child(&builder, 0), text, random_next(&seed) % 5 == 0);
    }
    strcat(text, "]");
    cr_assert_eq(qetl_builder_list(&builder), QETL_OK);
}

static void expect_rows(const struct model *model)
{
    struct ArrowArray array;
    struct qetl_column column;
    char message[200];
    int64_t nulls = 0;
    cr_assert_eq(qetl_builder_close(&builder, &array), QETL_OK);
    cr_assert_eq(array.length, model->n);
    cr_expect_eq(qetl_array_validate(&field, &array, message, sizeof message), QETL_OK, "%s",
                 message);
    cr_assert_eq(qetl_column_open(&column, &field, &array), QETL_OK);
    for (int64_t i = 0; i < model->n; i++) {
        bool null = !strcmp(model->rows[i], "null");
        nulls += null;
        space.space.size = 0;
        cr_assert_eq(qetl_render(&column, i, &space.space), QETL_OK);
        qetl_space_put(&space.space, "", 1);
        cr_expect_eq(qetl_column_is_null(&column, i), null);
        cr_expect_str_eq((char *)space.space.data, null ? "" : model->rows[i]);
    }
    cr_expect_eq(array.null_count, nulls);
    qetl_array_release(&array);
}

Test(sdk_nested, builder_against_a_model)
{
    static struct model model;
    cr_assert_eq(qetl_type_field("struct(n bigint, w text)[]", "f", &field), QETL_OK);
    cr_assert_eq(qetl_builder_open(&builder, fake.env, &field, 1), QETL_OK);
    for (int round = 0; round < 60; round++) {
        int64_t rows = (int64_t)(random_next(&seed) % 390);
        for (model.n = 0; model.n < rows;) {
            row_add(model.rows[model.n++]);
            if (random_next(&seed) % 9 == 0) {
                model.n -= (int64_t)(random_next(&seed) % (uint64_t)(model.n + 1)) % 20;
                qetl_builder_truncate(&builder, model.n);
            }
            /* elements of a row that is never finished */
            if (random_next(&seed) % 9 == 0) {
                char text[200] = "";
                element_add(qetl_builder_child(&builder, 0), text, false);
                qetl_builder_truncate(&builder, model.n);
            }
        }
        expect_rows(&model);
    }
    qetl_builder_free(&builder);
    qetl_schema_release(&field);
}

Test(sdk_nested, calls_that_do_not_fit)
{
    cr_assert_eq(qetl_type_field("integer[]", "f", &field), QETL_OK);
    cr_assert_eq(qetl_builder_open(&builder, fake.env, &field, 1), QETL_OK);
    cr_expect_eq(qetl_builder_struct(&builder), QETL_E_UNSUPPORTED);
    cr_expect_eq(qetl_builder_int(&builder, 1), QETL_E_UNSUPPORTED);
    cr_expect_eq(qetl_builder_text(&builder, "", 0), QETL_E_UNSUPPORTED);
    cr_expect_eq(qetl_builder_list(qetl_builder_child(&builder, 0)), QETL_E_UNSUPPORTED);
    qetl_builder_free(&builder);
    field.n_children = 0;
    cr_expect_eq(qetl_builder_open(&builder, fake.env, &field, 1), QETL_E_UNSUPPORTED);
    field.n_children = 1;
    qetl_schema_release(&field);
}

Test(sdk_nested, arrays_without_rows)
{
    static const char *const types[] = {"integer[]", "struct(a text, b struct(c date)[])"};
    for (size_t i = 0; i < 2; i++) {
        struct ArrowArray array;
        char message[200];
        cr_assert_eq(qetl_type_field(types[i], "f", &field), QETL_OK);
        cr_assert_eq(qetl_builder_open(&builder, fake.env, &field, 0), QETL_OK);
        cr_assert_eq(qetl_builder_close(&builder, &array), QETL_OK);
        cr_expect_eq(qetl_array_validate(&field, &array, message, sizeof message), QETL_OK, "%s",
                     message);
        qetl_array_release(&array);
        qetl_builder_free(&builder);
        qetl_schema_release(&field);
    }
}

Test(sdk_nested, times_and_json_inside)
{
    static const char *const expected =
        "{\"at\":\"1970-01-02T00:00:01.5Z\",\"on\":\"1970-01-01T00:00:00\",\"raw\":{\"x\": 1}}";
    struct ArrowArray array;
    struct qetl_column column;
    cr_assert_eq(qetl_type_field("struct(at timestamptz, \"on\" timestamp, raw json)", "f", &field),
                 QETL_OK);
    cr_assert_eq(qetl_builder_open(&builder, fake.env, &field, 0), QETL_OK);
    qetl_builder_int(qetl_builder_child(&builder, 0), 86401500000);
    qetl_builder_int(qetl_builder_child(&builder, 1), 0);
    qetl_builder_text(qetl_builder_child(&builder, 2), "{\"x\": 1}", 8);
    cr_assert_eq(qetl_builder_struct(&builder), QETL_OK);
    cr_assert_eq(qetl_builder_close(&builder, &array), QETL_OK);
    cr_assert_eq(qetl_column_open(&column, &field, &array), QETL_OK);
    cr_assert_eq(qetl_render(&column, 0, &space.space), QETL_OK);
    qetl_space_put(&space.space, "", 1);
    cr_expect_str_eq((char *)space.space.data, expected);
    qetl_array_release(&array);
    qetl_builder_free(&builder);
    qetl_schema_release(&field);
}
