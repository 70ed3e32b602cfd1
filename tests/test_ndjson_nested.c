/* SPDX-License-Identifier: Apache-2.0 */
/* The format ndjson: objects and lists as structs and lists. */
#include "ndjson_rig.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- inference ---- */

static char *inferred(const char *options, const char *data)
{
    struct rig rig;
    ndjson_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    char *type = qetl_type_text(rig.schema.children[0]);
    ndjson_rig_close(&rig);
    return type;
}

Test(ndjson_nested, types_are_inferred)
{
    static const struct {
        const char *data, *expected;
    } cases[] = {
        {"{\"a\":{\"x\":1,\"y\":\"t\"}}\n{\"a\":{\"z\":true,\"x\":1.5}}",
         "struct(x decimal(38,1), y text, z boolean)"},
        {"{\"a\":[1,2,null]}\n{\"a\":null}", "bigint[]"},
        {"{\"a\":[[1],[]]}", "bigint[][]"},
        {"{\"a\":[{\"b\":[]},{\"b\":[{\"c\":1}]}]}", "struct(b struct(c bigint)[])[]"},
        {"{\"a\":[]}", "json[]"},
        {"{\"a\":[null]}", "json[]"},
        {"{\"a\":{}}", "json"},
        {"{\"a\":{}}\n{\"a\":{\"x\":1}}", "struct(x bigint)"},
        {"{\"a\":{\"x\":null}}", "struct(x json)"},
        {"{\"a\":{\"x\":1}}\n{\"a\":5}", "json"},
        {"{\"a\":{\"x\":1}}\n{\"a\":[1]}", "json"},
        {"{\"a\":[1,\"t\"]}", "json[]"},
        {"{\"a\":{\"x\":1}}\n{\"a\":{\"x\":\"t\"}}", "struct(x json)"},
        {"{\"a\":{\"x\":1}}\n{\"a\":{\"x\":{\"y\":1}}}", "struct(x json)"},
        {"{\"a\":{\"x y\":1,\"\\u0062\":2}}", "struct(\"x y\" bigint, b bigint)"},
        {"{\"a\":{\"x\\u0000\":1}}", "json"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        EXPECT_TEXT(inferred(NULL, cases[i].data), cases[i].expected);
        char *flat = inferred("{\"nested\":\"json\"}", cases[i].data);
        cr_expect_str_eq(flat, "json", "%s", cases[i].data);
        free(flat);
    }
    EXPECT_TEXT(inferred("{\"types\":{\"a\":\"Struct(b date[])\"}}", "{\"a\":1}"),
                "struct(b date[])");
}

Test(ndjson_nested, objects_with_many_keys_are_maps)
{
    for (int n = 256; n <= 257; n++) {
        char data[8192] = "{\"a\":{";
        for (int i = 0; i < n; i++)
            sprintf(data + strlen(data), "%s\"k%d\":%d", i ? "," : "", i, i);
        strcat(data, "}}");
        char *type = inferred(NULL, data);
        cr_expect_eq(!strcmp(type, "json"), n > 256, "%d keys: %.60s", n, type);
        free(type);
    }
}

/* ---- what fits ---- */

/* Values of the column a, declared or inferred from all of the data, as JSON again. */
static char *decoded(const char *type, uint32_t form, const char *data)
{
    char options[300] = "{}";
    struct rig rig;
    if (type)
        snprintf(options, sizeof options, "{\"types\":{\"a\":\"%s\"}}", type);
    ndjson_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, form);
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

Test(ndjson_nested, values_are_taken_apart)
{
    static const struct {
        const char *type, *data, *expected;
    } cases[] = {
        {NULL, "{\"a\":{\"x\":1,\"y\":\"\\u00e9\"}}\n{\"a\": { \"y\" : null } }\n{\"a\":{}}\n{}",
         "={\"x\":1,\"y\":\"\xc3\xa9\"}|\n={\"x\":null,\"y\":null}|\n={\"x\":null,\"y\":null}|\n"
         "~|\n"},
        {NULL, "{\"a\":[1, 2 ,null]}\n{\"a\":[ ]}\n{\"a\":null}", "=[1,2,null]|\n=[]|\n~|\n"},
        {NULL, "{\"a\":[{\"k\":\"a long text that is not inlined\"},{}]}",
         "=[{\"k\":\"a long text that is not inlined\"},{\"k\":null}]|\n"},
        {"json[]", "{\"a\":[1,\"t\",{\"x\": [ 1 ]},null]}", "=[1,\"t\",{\"x\": [ 1 ]},null]|\n"},
        {"decimal(5,2)[]", "{\"a\":[1,2.5,\"3.25\"]}", "=[1.00,2.50,3.25]|\n"},
        {"struct(t timestamp, d date, b binary, f real, u tinyint unsigned, s smallint, y boolean)",
         "{\"a\":{\"t\":\"2024-01-31T12:00:00\",\"d\":\"2024-02-29\",\"b\":\"AQ\\u0049=\","
         "\"f\":0.1,\"u\":255,\"s\":-32768,\"y\":false}}",
         "={\"t\":\"2024-01-31T12:00:00\",\"d\":\"2024-02-29\",\"b\":\"AQI=\",\"f\":0.1,"
         "\"u\":255,\"s\":-32768,\"y\":false}|\n"},
        {"text[]", "{\"a\":[\"x\",5,true]}", "=[\"x\",\"5\",\"true\"]|\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        EXPECT_TEXT(decoded(cases[i].type, QETL_FORM_VALUE, cases[i].data), cases[i].expected);
}

Test(ndjson_nested, what_does_not_fit_is_rejected_with_its_place)
{
    static const struct {
        const char *type, *value, *code, *place;
    } cases[] = {
        {"struct(b integer[])", "{\"b\":[1,\"x\"]}", "bad_number", "column \"a\" at b[]: "},
        {"struct(b struct(c text))", "{\"b\":{\"d\":1}}", "unknown_key", "at b: "},
        {"struct(b struct(c text))", "{\"b\":{\"\\u0064\":1}}", "unknown_key", "at b: "},
        {"integer[][]", "[[1],2]", "bad_shape", "at []: a list is expected, not 2"},
        {"struct(b text)", "[1]", "bad_shape", "column \"a\": an object is expected, not [1]"},
        {"struct(b date)", "{\"b\":\"2024-02-30\"}", "bad_date", "at b: "},
        {"struct(b date)", "{\"b\":{\"x\":1}}", "bad_shape", "at b: "},
        {"struct(b tinyint)", "{\"b\":128}", "bad_number", "at b: "},
        {"struct(b text)", "{\"b\":1,\"b\":2}", "duplicate_key", "the key \"b\" twice"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (int form = 0; form < 3; form++) {
            char data[200], options[100];
            struct rig rig;
            static const uint32_t forms[] = {QETL_FORM_VALUE, QETL_FORM_CHECKED, QETL_FORM_LEXICAL};
            snprintf(data, sizeof data, "{\"a\":null}\n{\"a\":%s}\n{\"a\":null}", cases[i].value);
            snprintf(options, sizeof options, "{\"types\":{\"a\":\"%s\"}}", cases[i].type);
            ndjson_rig_open(&rig, options);
            rig_infer(&rig, data, strlen(data));
            rig_want(&rig, forms[form]);
            rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
            cr_assert_eq(rig.fake.n_rejects, 1, "%s", cases[i].value);
            cr_expect_eq(rig.rows, 2);
            cr_expect_str_eq(rig.fake.rejects[0].code, cases[i].code);
            cr_expect(strstr(rig.fake.rejects[0].message, cases[i].place), "%s",
                      rig.fake.rejects[0].message);
            ndjson_rig_close(&rig);
        }
}

Test(ndjson_nested, an_inferred_shape_binds_only_where_it_is_read)
{
    struct rig rig;
    const char *first = "{\"a\":{\"x\":1}}\n", *rest = "{\"a\":{\"y\":2}}\n{\"a\":\"t\"}\n";
    for (int form = 0; form < 2; form++) {
        ndjson_rig_open(&rig, NULL);
        rig_infer(&rig, first, strlen(first));
        rig_want(&rig, form ? QETL_FORM_LEXICAL : QETL_FORM_VALUE);
        rig_objects(&rig, first, rest);
        EXPECT_TEXT(rig_take(&rig), form ? "={\"x\":1}|\n={\"y\":2}|\n=\"t\"|\n"
                                         : "={\"x\":1}|\n!unknown_key:{\"a\":{\"y\":2}}\n"
                                           "!bad_shape:{\"a\":\"t\"}\n");
        ndjson_rig_close(&rig);
    }
}

Test(ndjson_nested, one_column_in_two_forms)
{
    struct rig rig;
    const char *data = "{\"a\":[\"\\n\", \"b\"]}\n{\"a\":[\"\\t\",1]}\n{\"a\":null}\n";
    ndjson_rig_open(&rig, "{\"types\":{\"a\":\"text[]\"}}");
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_VALUE);
    rig.n_wants = 3;
    rig.wants = realloc(rig.wants, 3 * sizeof *rig.wants);
    rig.wants[1] = rig.wants[2] = rig.wants[0];
    rig.wants[1].form = QETL_FORM_LEXICAL;
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    EXPECT_TEXT(rig_take(&rig), "=[\"\\n\",\"b\"]|=[\"\\n\", \"b\"]|=[\"\\n\",\"b\"]|\n"
                                "=[\"\\t\",\"1\"]|=[\"\\t\",1]|=[\"\\t\",\"1\"]|\n~|~null|~|\n");
    ndjson_rig_close(&rig);
}

/* ---- random shapes, random values of them, through structs and lists and back ---- */

static uint64_t seed = 20261122;

enum { SHAPES = 40 };
static struct shape {
    int kind; /* 0 … 3: a scalar; 4: a list; 5: an object */
    int child, n;
} shapes[SHAPES];
static int n_shapes;

static int shape_make(int depth)
{
    int at = n_shapes++, kind = (int)random_below(&seed, depth < 4 && n_shapes < 30 ? 6 : 4);
    shapes[at] = (struct shape){.kind = depth ? kind : 5};
    if (shapes[at].kind < 4)
        return at;
    shapes[at].n = shapes[at].kind == 4 ? 1 : 1 + (int)random_below(&seed, 3);
    int children[3];
    for (int i = 0; i < shapes[at].n; i++)
        children[i] = shape_make(depth + 1);
    shapes[at].child =
        children[0] | children[1 % shapes[at].n] << 8 | children[2 % shapes[at].n] << 16;
    return at;
}

static void blanks_put(FILE *out)
{
    fprintf(out, "%.*s", (int)random_below(&seed, 3), "  ");
}

static void value_put(FILE *out, int at);

static void members_put(FILE *out, const struct shape *shape)
{
    int n = shape->kind == 4 ? (int)random_below(&seed, 4) : shape->n, put = 0;
    int first = (int)random_below(&seed, 3);
    for (int i = 0; i < n; i++) {
        int k = shape->kind == 5 ? (i + first) % n : 0;
        if (shape->kind == 5 && random_below(&seed, 5) == 0)
            continue;
        fputs(put++ ? "," : "", out);
        blanks_put(out);
        if (shape->kind == 5)
            fprintf(out, random_below(&seed, 9) ? "\"key %d\":" : "\"\\u006bey %d\" :", k);
        value_put(out, shape->child >> 8 * k & 255);
        blanks_put(out);
    }
}

static void value_put(FILE *out, int at)
{
    static const char *const texts[] = {"", "x", "a text that is not inlined", "\\u00e9\\n\\\"",
                                        "\xe6\x80\xa5"};
    const struct shape *shape = &shapes[at];
    if (random_below(&seed, 8) == 0) {
        fputs("null", out);
        return;
    }
    switch (shape->kind) {
    case 0:
        fprintf(out, "%lld", (long long)random_below(&seed, 2000) - 1000);
        break;
    case 1:
        fprintf(out, "%lld.%02lld", (long long)random_below(&seed, 200),
                (long long)random_below(&seed, 100));
        break;
    case 2:
        fprintf(out, "\"%s\"", texts[random_below(&seed, 5)]);
        break;
    case 3:
        fputs(random_below(&seed, 2) ? "true" : "false", out);
        break;
    default:
        fputs(shape->kind == 4 ? "[" : "{", out);
        members_put(out, shape);
        fputs(shape->kind == 4 ? "]" : "}", out);
    }
}

/* A key that is missing has become null. */
static bool same(const json_t *got, const json_t *expected)
{
    const char *key;
    json_t *value;
    if (!expected || json_is_null(expected))
        return json_is_null(got);
    if (json_is_number(expected))
        return json_is_number(got) && json_number_value(got) == json_number_value(expected);
    if (json_is_array(expected)) {
        bool equal = json_array_size(got) == json_array_size(expected);
        for (size_t i = 0; equal && i < json_array_size(expected); i++)
            equal = same(json_array_get(got, i), json_array_get(expected, i));
        return equal;
    }
    if (!json_is_object(expected))
        return json_equal(got, expected);
    json_object_foreach ((json_t *)expected, key, value)
        if (!json_object_get(got, key) && !json_is_null(value))
            return false;
    json_object_foreach ((json_t *)got, key, value)
        if (!same(value, json_object_get(expected, key)))
            return false;
    return true;
}

static void round_trip(int round)
{
    char *data, *line_got, *line_expected, *rest_got, *rest;
    size_t size;
    FILE *out = open_memstream(&data, &size);
    struct rig rig;
    n_shapes = 0;
    shape_make(0);
    for (int i = 0; i < 60; i++) {
        fputs("{\"a\":", out);
        value_put(out, 0);
        fputs("}\n", out);
    }
    fclose(out);
    ndjson_rig_open(&rig, NULL);
    rig.kernel = kernel_at(round % ndjson_kernels_count);
    rig_infer(&rig, data, size);
    rig_want_and_encode(&rig, QETL_FORM_VALUE);
    rig_run(&rig, data, size, round % 3 ? SIZE_MAX : 0, (unsigned)round);
    cr_assert_eq(rig.rows, 60, "%lld of\n%s\n%s", (long long)rig.rows, data,
                 rig.rejected ? rig.fake.rejects[0].message : "");
    char *text = rig_take(&rig);
    rest_got = text;
    rest = data;
    while ((line_expected = strsep(&rest, "\n")) && *line_expected) {
        line_got = strsep(&rest_got, "\n");
        json_t *got = json_loads(line_got, 0, NULL), *expected = json_loads(line_expected, 0, NULL);
        cr_assert(got && expected && same(got, expected), "%s\nbecame\n%s", line_expected,
                  line_got);
        json_decref(got);
        json_decref(expected);
    }
    ndjson_rig_close(&rig);
    free(text);
    free(data);
}

Test(ndjson_nested, random_values_come_back)
{
    for (int round = 0; round < 150; round++)
        round_trip(round);
}
