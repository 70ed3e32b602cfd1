/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every type as letters hold them: what is written is read as the same value. */
#include "data/letter_value.h"
#include "dlq/value_read.h"
#include "host/instance.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct qetl_instance_env env;
static struct qetl_node node;
static struct qetl_ctx *ctx;

static void log_nothing(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

static void begin(void)
{
    static const struct qetl_component component;
    env = (struct qetl_instance_env){.pool = qetl_pool_new(16 << 20), .log = log_nothing};
    node = (struct qetl_node){.id = "test", .use = {.options = json_object()}};
    ctx = qetl_instance_new(&env, &node, &node.use, &component);
    cr_assert_not_null(ctx);
}

static void end(void)
{
    qetl_instance_free(ctx);
    json_decref(node.use.options);
    qetl_pool_free(env.pool);
}

TestSuite(letter_value, .init = begin, .fini = end, .timeout = 60);

/* The JSON of a value that was read from JSON; NULL: it was refused. */
static json_t *through(const char *type, const json_t *value)
{
    struct ArrowSchema field = {0};
    struct ArrowArray array = {0};
    struct qetl_builder builder;
    struct qetl_column column;
    json_t *out = NULL;
    cr_assert_eq(qetl_type_field(type, "v", &field), 0, "%s", type);
    cr_assert_eq(qetl_builder_open(&builder, qetl_instance_sdk_env(ctx), &field, 1), 0, "%s", type);
    if (!qetl_value_read(value, &field, &builder)) {
        cr_assert_eq(qetl_builder_close(&builder, &array), 0);
        cr_assert_eq(array.length, 1);
        cr_assert_eq(qetl_column_open(&column, &field, &array), 0);
        out = qetl_letter_value(&column, 0);
    }
    qetl_builder_free(&builder);
    qetl_array_release(&array);
    qetl_schema_release(&field);
    return out;
}

static void same(const char *type, const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cr_assert_not_null(value, "%s", text);
    json_t *back = through(type, value);
    char *shown = back ? json_dumps(back, JSON_ENCODE_ANY) : NULL;
    cr_expect(json_equal(value, back), "%s %s: %s", type, text, shown ? shown : "refused");
    free(shown);
    json_decref(back);
    json_decref(value);
}

Test(letter_value, comes_back_as_it_was)
{
    static const char *const values[][2] = {
        {"boolean", "true"},
        {"boolean", "false"},
        {"smallint", "-32768"},
        {"integer", "2147483647"},
        {"bigint", "-9223372036854775808"},
        {"bigint", "9007199254740993"},
        {"bigint unsigned", "9223372036854775807"},
        {"bigint unsigned", "\"18446744073709551615\""},
        {"smallint unsigned", "65535"},
        {"real", "\"1.1\""},
        {"double", "\"0.1\""},
        {"double", "\"1.7976931348623157e+308\""},
        {"double", "\"-0\""},
        {"decimal(12,2)", "\"-1234567890.10\""},
        {"decimal(38,10)", "\"1234567890123456789012345678.0123456789\""},
        {"text", "\"a \\u0000 \\u00e4 \\ud83d\\ude00\""},
        {"text", "\"\""},
        {"text", "{\"base64\": \"/wAB\"}"},
        {"json", "\"{\\\"a\\\": [1]}\""},
        {"binary", "\"/wAB\""},
        {"binary", "\"\""},
        {"date", "\"2026-11-21\""},
        {"date", "\"0001-01-01\""},
        {"date", "\"9999-12-31\""},
        {"time", "\"23:59:59.999999\""},
        {"timestamp", "\"2026-11-21 15:28:02.000001\""},
        {"timestamp", "\"1969-12-31 23:59:59.999999\""},
        {"timestamp with time zone", "\"2026-11-21T15:28:02.5Z\""},
        {"integer[]", "[1, null, -3]"},
        {"text[]", "[]"},
        {"struct(a integer, b text[])", "{\"a\": 1, \"b\": [\"x\", null]}"},
        {"struct(a decimal(5,2), b struct(c date))",
         "{\"a\": \"1.50\", \"b\": {\"c\": \"2020-02-29\"}}"},
        {"struct(a integer)[]", "[{\"a\": 1}, null, {\"a\": null}]"},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        same(values[i][0], "null");
        json_t *value = json_loads(values[i][1], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        json_t *once = through(values[i][0], value),
               *twice = once ? through(values[i][0], once) : NULL;
        char *shown = once ? json_dumps(once, JSON_ENCODE_ANY) : NULL;
        cr_expect(once && json_equal(once, twice), "%s %s is refused", values[i][0], values[i][1]);
        if (strncmp(values[i][0], "time", 4) != 0)
            cr_expect(json_equal(once, value), "%s %s: %s", values[i][0], values[i][1], shown);
        free(shown);
        json_decref(twice);
        json_decref(once);
        json_decref(value);
    }
}

Test(letter_value, what_is_typed_is_checked)
{
    static const char *const typed[][3] = {
        {"bigint", "\"42\"", "42"},
        {"boolean", "\"true\"", "true"},
        {"decimal(5,2)", "7", "\"7.00\""},
        {"text", "7", "\"7\""},
        {"timestamp with time zone", "\"2026-01-01T00:00:00+01:00\"", NULL},
    };
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        json_t *value = json_loads(typed[i][1], JSON_DECODE_ANY, NULL);
        json_t *wanted = typed[i][2] ? json_loads(typed[i][2], JSON_DECODE_ANY, NULL) : NULL;
        json_t *got = through(typed[i][0], value);
        cr_expect(wanted ? json_equal(got, wanted) : got != NULL, "%s %s", typed[i][0],
                  typed[i][1]);
        json_decref(got);
        json_decref(wanted);
        json_decref(value);
    }
}

Test(letter_value, what_is_of_another_type_is_refused)
{
    static const char *const wrong[][2] = {
        {"bigint", "\"x\""},
        {"bigint", "1.5"},
        {"bigint", "[1]"},
        {"smallint", "40000"},
        {"bigint unsigned", "-1"},
        {"boolean", "\"maybe\""},
        {"decimal(5,2)", "\"1234\""},
        {"date", "\"2026-02-30\""},
        {"time", "\"25:00\""},
        {"integer[]", "\"x\""},
        {"integer[]", "[1, \"x\"]"},
        {"struct(a integer)", "[1]"},
        {"binary", "\"not base64\""},
        {"text", "{\"base64\": \"*\"}"},
        {"text", "{\"base64\": 7}"},
        {"double", "\"1e\""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *value = json_loads(wrong[i][1], JSON_DECODE_ANY, NULL);
        json_t *got = through(wrong[i][0], value);
        char *shown = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL;
        cr_expect_null(got, "%s %s: %s", wrong[i][0], wrong[i][1], shown ? shown : "");
        free(shown);
        json_decref(got);
        json_decref(value);
    }
}
