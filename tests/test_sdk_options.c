/* SPDX-License-Identifier: Apache-2.0 */
/* Options into a struct: each type, each fallback, each range, and what is said of a wrong one. */
#include "fake_host.h"

#include <criterion/criterion.h>

struct settings {
    struct qetl_env env;
    const char *url, *mode;
    int64_t size;
    double share;
    bool deep;
    int32_t order;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct qetl_option_field table[] = {
    {"/url", QETL_OPTION_TEXT, FIELD(url), NULL, NULL},
    {"/mode", QETL_OPTION_TEXT, FIELD(mode), "fast", "fast|slow"},
    {"/size", QETL_OPTION_INT, FIELD(size), "100", "1..1000"},
    {"/share", QETL_OPTION_REAL, FIELD(share), "0.25", "0..1.5"},
    {"/deep", QETL_OPTION_BOOL, FIELD(deep), "true", NULL},
    {"/order", QETL_OPTION_WORD, FIELD(order), "down", "up|down|none"},
};
enum { N_OPTIONS = sizeof table / sizeof *table };

static struct qetl_fake_host fake;
static struct settings settings;

static int32_t read_with(const struct qetl_option_field *options, int64_t n, const char *parent,
                         const char *config)
{
    qetl_fake_host_init(&fake, config);
    memset(&settings, 0x5a, sizeof settings);
    return qetl_options_read_at(fake.env, parent, options, n, &settings);
}

static void done(void)
{
    cr_expect_eq(qetl_fake_host_free(&fake), 0);
}

Test(sdk_options, what_is_not_said_is_filled_in)
{
    cr_assert_eq(read_with(table, N_OPTIONS, "", "{\"url\": \"u\", \"size\": null}"), QETL_OK);
    cr_expect_str_eq(settings.url, "u");
    cr_expect_str_eq(settings.mode, "fast");
    cr_expect_eq(settings.size, 100);
    cr_expect_eq(settings.share, 0.25);
    cr_expect_eq(settings.deep, true);
    cr_expect_eq(settings.order, 1);
    done();
}

Test(sdk_options, what_is_said_counts)
{
    cr_assert_eq(read_with(table, N_OPTIONS, "",
                           "{\"url\": \"v\", \"mode\": \"slow\", \"size\": 1000, \"share\": 1, "
                           "\"deep\": false, \"order\": \"none\"}"),
                 QETL_OK);
    cr_expect_str_eq(settings.url, "v");
    cr_expect_str_eq(settings.mode, "slow");
    cr_expect_eq(settings.size, 1000);
    cr_expect_eq(settings.share, 1);
    cr_expect_eq(settings.deep, false);
    cr_expect_eq(settings.order, 2);
    done();
}

Test(sdk_options, one_within_a_list)
{
    cr_assert_eq(read_with(&table[2], 1, "/parts/1", "{\"parts\": [{\"size\": 3}, {\"size\": 7}]}"),
                 QETL_OK);
    cr_expect_eq(settings.size, 7);
    done();
    cr_expect_eq(read_with(&table[2], 1, "/parts/0", "{\"parts\": [{\"size\": 0}]}"),
                 QETL_E_CONFIG);
    cr_expect_str_eq(fake.errors[0].option, "/parts/0/size");
    done();
}

static void expect_error(const char *config, const char *option, const char *message,
                         const char *mend)
{
    cr_expect_eq(read_with(table, N_OPTIONS, "", config), QETL_E_CONFIG, "%s", config);
    cr_assert_eq(fake.n_errors, 1);
    cr_expect_str_eq(fake.errors[0].option, option);
    cr_expect_str_eq(fake.errors[0].message, message);
    cr_expect_str_eq(fake.errors[0].suggestion, mend);
    done();
}

Test(sdk_options, a_wrong_one_is_named)
{
    expect_error("{}", "/url",
                 "the plugin needs the option /url, which is missing, and which its manifest does "
                 "not require",
                 "write it into the pipeline file if `qetl plugin info` shows it; else mend the "
                 "plugin: declare it in the manifest, as required or with a default");
    expect_error("{\"url\": 5}", "/url", "the option /url cannot be a whole number",
                 "it is a text");
    expect_error("{\"url\": \"u\", \"mode\": \"sl\"}", "/mode", "the option /mode cannot be \"sl\"",
                 "it is a text: fast|slow");
    expect_error("{\"url\": \"u\", \"order\": \"\"}", "/order", "the option /order cannot be \"\"",
                 "it is a text: up|down|none");
    expect_error("{\"url\": \"u\", \"size\": 0}", "/size", "the option /size cannot be 0",
                 "it is a whole number: 1..1000");
    expect_error("{\"url\": \"u\", \"size\": 1001}", "/size", "the option /size cannot be 1001",
                 "it is a whole number: 1..1000");
    expect_error("{\"url\": \"u\", \"size\": 1.5}", "/size",
                 "the option /size cannot be a real number", "it is a whole number: 1..1000");
    expect_error("{\"url\": \"u\", \"share\": -0.5}", "/share", "the option /share cannot be -0.5",
                 "it is a number: 0..1.5");
    expect_error("{\"url\": \"u\", \"share\": 1.75}", "/share", "the option /share cannot be 1.75",
                 "it is a number: 0..1.5");
    expect_error("{\"url\": \"u\", \"deep\": \"yes\"}", "/deep",
                 "the option /deep cannot be a text", "it is true or false");
}

Test(sdk_options, ends_may_be_open)
{
    static const struct qetl_option_field open[] = {
        {"/size", QETL_OPTION_INT, FIELD(size), "0", "..5"},
        {"/size", QETL_OPTION_INT, FIELD(size), "0", "-3.."},
        {"/share", QETL_OPTION_REAL, FIELD(share), "1", "0.5.."},
    };
    cr_expect_eq(read_with(&open[0], 1, "", "{\"size\": -9223372036854775808}"), QETL_OK);
    cr_expect_eq(settings.size, INT64_MIN);
    done();
    cr_expect_eq(read_with(&open[0], 1, "", "{\"size\": 6}"), QETL_E_CONFIG);
    done();
    cr_expect_eq(read_with(&open[1], 1, "", "{\"size\": -3}"), QETL_OK);
    done();
    cr_expect_eq(read_with(&open[1], 1, "", "{\"size\": -4}"), QETL_E_CONFIG);
    done();
    cr_expect_eq(read_with(&open[2], 1, "", "{\"share\": 1e300}"), QETL_OK);
    done();
    cr_expect_eq(read_with(&open[2], 1, "", "{\"share\": 0.25}"), QETL_E_CONFIG);
    done();
}

Test(sdk_options, a_wrong_table_is_the_plugins_fault)
{
    static const struct qetl_option_field wrong[] = {
        {"size", QETL_OPTION_INT, FIELD(size), "0", NULL},
        {"/size", 77, FIELD(size), "0", NULL},
        {"/size", QETL_OPTION_INT, FIELD(size), "many", NULL},
        {"/size", QETL_OPTION_INT, FIELD(size), "99999999999999999999", NULL},
        {"/size", QETL_OPTION_INT, FIELD(size), "1", "1-5"},
        {"/share", QETL_OPTION_REAL, FIELD(share), "1", "..x"},
        {"/deep", QETL_OPTION_BOOL, FIELD(deep), "yes", NULL},
        {"/order", QETL_OPTION_WORD, FIELD(order), "up", NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(read_with(&wrong[i], 1, "", "{}"), QETL_E_FATAL, "%zu", i);
        cr_expect_eq(fake.n_errors, 1);
        done();
    }
}
