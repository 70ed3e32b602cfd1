/* SPDX-License-Identifier: Apache-2.0 */
/* What helpers say to the host: errors, log lines, options; the entry's answer; and the fake host.
 */
#include "fake_host.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(sdk_host, errors_reach_the_host)
{
    struct qetl_fake_host fake;
    qetl_fake_host_init(&fake, NULL);
    int32_t status =
        qetl_fail(fake.env, QETL_E_CONFIG, "/path", "write one", "no path in %s:%d", "a.yaml", 7);
    cr_expect_eq(status, QETL_E_CONFIG);
    cr_assert_eq(fake.n_errors, 1);
    cr_expect_str_eq(fake.errors[0].message, "no path in a.yaml:7");
    cr_expect_str_eq(fake.errors[0].suggestion, "write one");
    cr_expect_str_eq(fake.errors[0].option, "/path");
    cr_expect_null(fake.errors[0].vendor_code);
    qetl_logf(fake.env, QETL_LOG_INFO, "%d files", 3);
    cr_expect_eq(qetl_fail((struct qetl_env){0}, QETL_E_DATA, NULL, NULL, "x"), QETL_E_DATA);
    cr_expect_eq(qetl_fail_throttled(fake.env, 1500, "/url", "HTTP %d", 429), QETL_E_THROTTLED);
    cr_expect_eq(fake.errors[fake.n_errors - 1].retry_after_ms, 1500);
    cr_expect_str_eq(qetl_fake_host_message(&fake), "HTTP 429");
    cr_expect_eq(qetl_fail_throttled((struct qetl_env){0}, 1, NULL, "x"), QETL_E_THROTTLED);
    qetl_fake_host_reset(&fake);
    cr_expect_str_eq(qetl_fake_host_message(&fake), "");
    cr_expect_eq(qetl_fake_host_free(&fake), 0);
}

Test(sdk_host, a_long_message_is_cut_between_characters)
{
    struct qetl_fake_host fake;
    qetl_fake_host_init(&fake, NULL);
    for (int pad = 0; pad < 4; pad++) {
        char text[4000] = "xxx";
        text[pad] = 0;
        while (strlen(text) < 3000)
            strcat(text, "\xf0\x9f\x98\x80");
        qetl_fail(fake.env, QETL_E_DATA, NULL, NULL, "%s", text);
        const char *message = qetl_fake_host_message(&fake);
        cr_expect(strlen(message) > 2000 && strlen(message) < 3000);
        cr_expect(qetl_utf8_valid(message, (int64_t)strlen(message)), "pad %d", pad);
        cr_expect_eq((strlen(message) - (size_t)pad) % 4, 0);
    }
    qetl_fake_host_free(&fake);
}

Test(sdk_host, options_by_pointer)
{
    struct qetl_fake_host fake;
    qetl_fake_host_init(&fake, "{\"t\":\"x\",\"i\":-5,\"r\":2.5,\"b\":true,\"n\":null,"
                               "\"l\":[1,[\"in\"]],\"o\":{\"a/b\":1,\"c~d\":2}}");
    cr_expect_str_eq(qetl_option_text(fake.env, "/t"), "x");
    cr_expect_null(qetl_option_text(fake.env, "/i"));
    cr_expect_eq(qetl_option_int(fake.env, "/i"), -5);
    cr_expect_eq(qetl_option_real(fake.env, "/r"), 2.5);
    cr_expect_eq(qetl_option_real(fake.env, "/i"), -5);
    cr_expect(qetl_option_bool(fake.env, "/b"));
    cr_expect_not(qetl_option_bool(fake.env, "/t"));
    cr_expect(qetl_option_given(fake.env, "/b"));
    cr_expect_not(qetl_option_given(fake.env, "/n"));
    cr_expect_not(qetl_option_given(fake.env, "/nothing/here"));
    cr_expect_eq(qetl_option_kind(fake.env, "/n"), QETL_OPTION_NULL);
    cr_expect_eq(qetl_option_kind(fake.env, ""), QETL_OPTION_OBJECT);
    cr_expect_eq(qetl_option_count(fake.env, "/l"), 2);
    cr_expect_eq(qetl_option_count(fake.env, "/t"), -1);
    cr_expect_str_eq(qetl_option_text(fake.env, "/l/1/0"), "in");
    cr_expect_eq(qetl_option_int(fake.env, "/o/a~1b"), 1);
    cr_expect_eq(qetl_option_int(fake.env, "/o/c~0d"), 2);
    cr_expect_str_eq(qetl_option_key(fake.env, "/o", 1), "c~d");
    cr_expect_null(qetl_option_key(fake.env, "/o", 2));
    struct qetl_env none = {0};
    cr_expect_eq(qetl_option_kind(none, "/t"), QETL_OPTION_ABSENT);
    cr_expect_eq(qetl_option_count(none, "/l"), -1);
    qetl_fake_host_free(&fake);
}

Test(sdk_host, the_entry_answers_the_version_that_both_know)
{
    struct qetl_plugin plugin = {.struct_size = sizeof plugin, .abi = QETL_ABI_MAKE(1, 3)};
    const struct qetl_plugin *out = NULL;
    uint32_t abi = QETL_ABI_MAKE(1, 5);
    cr_expect_eq(qetl_plugin_answer(&plugin, &abi, &out), QETL_OK);
    cr_expect(abi == QETL_ABI_MAKE(1, 3) && out == &plugin);
    abi = QETL_ABI_MAKE(1, 0);
    cr_expect_eq(qetl_plugin_answer(&plugin, &abi, &out), QETL_OK);
    cr_expect_eq(abi, QETL_ABI_MAKE(1, 0));
    abi = QETL_ABI_MAKE(2, 0);
    out = NULL;
    cr_expect_eq(qetl_plugin_answer(&plugin, &abi, &out), QETL_E_UNSUPPORTED);
    cr_expect_null(out);
}

Test(sdk_host, the_fake_keeps_rejects_and_counts_buffers)
{
    struct qetl_fake_host fake;
    qetl_fake_host_init(&fake, NULL);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = 4,
                                 .column = 2,
                                 .code = "bad",
                                 .message = "it is",
                                 .bytes = "a,b",
                                 .bytes_size = 3};
    fake.host.reject(fake.ctx, &reject);
    cr_assert_eq(fake.n_rejects, 1);
    cr_expect_str_eq((char *)fake.rejects[0].bytes, "a,b");
    void *buffer = fake.host.buffer_alloc(fake.ctx, 10);
    fake.host.buffer_retain(buffer);
    fake.host.buffer_free(buffer);
    cr_expect_eq(fake.buffers_live, 1);
    fake.host.buffer_free(buffer);
    cr_expect_eq(fake.buffers_live, 0);
    fake.allocs_left = 0;
    cr_expect_null(fake.host.buffer_alloc(fake.ctx, 10));
    cr_expect_eq(qetl_fake_host_free(&fake), 0);
}

struct told {
    int calls;
    struct qetl_inspected what;
    char message[64];
};

static int32_t told_take(void *stream, const struct qetl_inspected *what)
{
    struct told *told = stream;
    told->calls++;
    told->what = *what;
    snprintf(told->message, sizeof told->message, "%s", what->message);
    return QETL_E_FATAL;
}

Test(sdk_host, what_an_inspection_says_is_one_line)
{
    struct told told = {0};
    const struct qetl_inspect_to to = {told_take, &told};
    cr_expect_eq(
        qetl_inspect_say(&to, QETL_INSPECT_LEFT, true, "a\nb", "mend", "%s has %d", "a\nb", 3),
        QETL_E_FATAL);
    cr_expect_eq(told.calls, 1);
    cr_expect_eq(told.what.struct_size, sizeof told.what);
    cr_expect_eq(told.what.kind, QETL_INSPECT_LEFT);
    cr_expect_eq(told.what.cleared, 1);
    cr_expect_str_eq(told.what.object, "a\nb");
    cr_expect_str_eq(told.what.mend, "mend");
    cr_expect_str_eq(told.message, "a?b has 3");
}
