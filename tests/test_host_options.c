/* SPDX-License-Identifier: Apache-2.0 */
/* qetl.options/1: what stands where in the options, whatever is asked. */
#include "host/host.h"
#include "host/instance.h"

#include <criterion/criterion.h>
#include <string.h>

static struct qetl_ctx ctx;
static const struct qetl_options *options;

static void begin(void)
{
    ctx.options =
        json_loads("{\"text\":\"x\\u00e9\",\"int\":-7,\"real\":2.5,\"yes\":true,\"no\":false,"
                   "\"null\":null,\"list\":[1,\"two\",[3],{\"k\":4}],"
                   "\"object\":{\"b\":1,\"a\":2,\"a/b\":3,\"m~n\":4,\"\":5},\"\":6,"
                   "\"big\":9223372036854775807}",
                   0, NULL);
    options = qetl_host_table.get_extension(&ctx, QETL_EXT_OPTIONS);
    cr_assert(ctx.options && options);
}

static void end(void)
{
    json_decref(ctx.options);
}

TestSuite(host_options, .init = begin, .fini = end, .timeout = 60);

Test(host_options, kinds_are_told_apart)
{
    static const struct {
        const char *pointer;
        int32_t kind;
    } cases[] = {{"", QETL_OPTION_OBJECT},        {"/text", QETL_OPTION_TEXT},
                 {"/int", QETL_OPTION_INT},       {"/real", QETL_OPTION_REAL},
                 {"/yes", QETL_OPTION_BOOL},      {"/no", QETL_OPTION_BOOL},
                 {"/null", QETL_OPTION_NULL},     {"/list", QETL_OPTION_LIST},
                 {"/object", QETL_OPTION_OBJECT}, {"/none", QETL_OPTION_ABSENT},
                 {"/list/0", QETL_OPTION_INT},    {"/list/2/0", QETL_OPTION_INT},
                 {"/list/3/k", QETL_OPTION_INT},  {"/list/4", QETL_OPTION_ABSENT},
                 {"/text/x", QETL_OPTION_ABSENT}, {"text", QETL_OPTION_ABSENT},
                 {"/", QETL_OPTION_INT},          {"/object/", QETL_OPTION_INT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(options->kind(&ctx, cases[i].pointer), cases[i].kind, "'%s'",
                     cases[i].pointer);
}

Test(host_options, values_are_read)
{
    cr_expect_str_eq(options->text(&ctx, "/text"), "xé");
    cr_expect_null(options->text(&ctx, "/int"));
    cr_expect_null(options->text(&ctx, "/none"));
    cr_expect_eq(options->integer(&ctx, "/int"), -7);
    cr_expect_eq(options->integer(&ctx, "/big"), INT64_MAX);
    cr_expect_eq(options->integer(&ctx, "/text"), 0);
    cr_expect_eq(options->real(&ctx, "/real"), 2.5);
    cr_expect_eq(options->real(&ctx, "/int"), -7.0, "an integer is a number");
    cr_expect_eq(options->real(&ctx, "/text"), 0.0);
    cr_expect_eq(options->boolean(&ctx, "/yes"), 1);
    cr_expect_eq(options->boolean(&ctx, "/no"), 0);
    cr_expect_eq(options->boolean(&ctx, "/int"), 0);
}

Test(host_options, entries_are_counted_and_named)
{
    cr_expect_eq(options->count(&ctx, "/list"), 4);
    cr_expect_eq(options->count(&ctx, "/object"), 5);
    cr_expect_eq(options->count(&ctx, "/text"), -1);
    cr_expect_eq(options->count(&ctx, "/none"), -1);
    static const char *const keys[] = {"b", "a", "a/b", "m~n", ""};
    for (int i = 0; i < 5; i++)
        cr_expect_str_eq(options->key(&ctx, "/object", i), keys[i], "in the user's order");
    cr_expect_null(options->key(&ctx, "/object", 5));
    cr_expect_null(options->key(&ctx, "/list", 0));
}

Test(host_options, pointers_are_unescaped)
{
    cr_expect_eq(options->integer(&ctx, "/object/a~1b"), 3);
    cr_expect_eq(options->integer(&ctx, "/object/m~0n"), 4);
    cr_expect_eq(options->integer(&ctx, "/object/a/b"), 0);
    cr_expect_eq(options->kind(&ctx, "/object/m~01n"), QETL_OPTION_ABSENT, "not ~1 after ~0");
}

/* An index is digits, and nothing else: what is no index is not the first entry. */
Test(host_options, what_is_no_index_finds_nothing)
{
    static const char *const pointers[] = {"/list/x",
                                           "/list/",
                                           "/list/-1",
                                           "/list/1x",
                                           "/list/ 1",
                                           "/list/+1",
                                           "/list/18446744073709551616"};
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
        cr_expect_eq(options->kind(&ctx, pointers[i]), QETL_OPTION_ABSENT, "'%s'", pointers[i]);
}

Test(host_options, a_key_may_be_long)
{
    char key[5001], pointer[5010] = "/";
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = 0;
    json_t *options_before = ctx.options;
    ctx.options = json_pack("{s:i}", key, 7);
    strcat(pointer, key);
    cr_expect_eq(options->integer(&ctx, pointer), 7);
    pointer[sizeof key - 1] = 0;
    cr_expect_eq(options->kind(&ctx, pointer), QETL_OPTION_ABSENT, "one letter less");
    key[4999] = '~';
    json_object_set_new(ctx.options, key, json_integer(8));
    strcpy(pointer + 5000, "~0");
    cr_expect_eq(options->integer(&ctx, pointer), 8);
    json_decref(ctx.options);
    ctx.options = options_before;
}
