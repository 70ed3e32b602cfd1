/* SPDX-License-Identifier: Apache-2.0 */
/* union: names, widened types, what an input lacks, and what stays untouched. */
#include "../plugins/transforms/union/widen.h"
#include "transform_rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static void open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "id", "text", "a|b");
    rig_column(&rig, 0, "n", "integer", "1|~");
    rig_column(&rig, 0, "d", "decimal(6,2)", "150|275");
    rig_column(&rig, 1, "d", "bigint", "7|8|9");
    rig_column(&rig, 1, "id", "text", "x|y|z");
    rig_column(&rig, 1, "e", "date", "0|1|2");
    rig_column(&rig, 1, "n", "double", "0.5|1|~");
}

Test(union, columns_by_name_in_the_order_first_seen)
{
    open("{\"missing\": \"nulls\", \"on_conflict\": \"error\"}");
    cr_assert_eq(rig_bind(&rig), 0, "%s", qetl_fake_host_message(&rig.fake));
    cr_expect_str_eq(rig_bound(&rig), "=0.0 [0]=1.1 n:double d:decimal(21,2) =1.2 subset");
    cr_expect_str_eq(rig_process(&rig, 0, 0, 2), "rows 2 | n: 1,~ | d: 1.50,2.75");
    cr_expect_str_eq(rig_process(&rig, 1, 1, 2), "rows 2 | n: 1,~ | d: 8.00,9.00");
    transform_rig_close(&rig);
}

Test(union, made_columns_that_an_input_lacks_are_null)
{
    open("{\"missing\": \"nulls\", \"on_conflict\": \"error\"}");
    rig_column(&rig, 2, "n", "smallint", "3");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_process(&rig, 2, 0, 1), "rows 1 | n: 3 | d: ~");
    transform_rig_close(&rig);
}

Test(union, equal_inputs_need_no_call)
{
    transform_rig_open(&rig, "{\"missing\": \"error\", \"on_conflict\": \"error\"}");
    for (uint32_t p = 0; p < 3; p++) {
        rig_column(&rig, p, p == 1 ? "b" : "a", "text", "x");
        rig_column(&rig, p, p == 1 ? "a" : "b", p == 1 ? "text" : "text", "y");
        rig_column(&rig, p, "c", "integer[]", "1 2");
    }
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_bound(&rig),
                     "=0.0 [0]=1.1 [0]=2.0 =0.1 [1]=1.0 [1]=2.1 =0.2 [2]=1.2 [2]=2.2 keep");
    cr_expect_eq(rig.binder.n_reads, 0);
    transform_rig_close(&rig);
}

static void expect_mistake(const char *config, const char *type, const char *other,
                           const char *message)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "x", type, "");
    rig_column(&rig, 1, "x", other, "");
    cr_expect_eq(rig_bind(&rig), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake), message);
    transform_rig_close(&rig);
}

Test(union, mistakes)
{
    expect_mistake("{\"on_conflict\": \"error\"}", "text", "bigint",
                   "column \"x\" is text in input 1, but bigint in input 2");
    expect_mistake("{\"on_conflict\": \"text\"}", "integer[]", "bigint",
                   "column \"x\" is integer[] in input 1, but bigint in input 2");
    expect_mistake("{\"on_conflict\": \"text\"}", "integer[]", "bigint[]",
                   "column \"x\" is integer[] in input 1, but bigint[] in input 2");
    open("{\"missing\": \"error\", \"on_conflict\": \"error\"}");
    cr_expect_eq(rig_bind(&rig), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake),
                     "input 1 has no column \"e\", which input 2 has");
    transform_rig_close(&rig);
}

Test(union, conflicts_may_become_text)
{
    transform_rig_open(&rig, "{\"missing\": \"nulls\", \"on_conflict\": \"text\"}");
    rig_column(&rig, 0, "x", "decimal(6,2)", "150|~");
    rig_column(&rig, 1, "x", "text", "b|~");
    rig_column(&rig, 2, "x", "boolean", "t|f");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_bound(&rig), "x:text subset");
    cr_expect_str_eq(rig_process(&rig, 0, 0, 2), "rows 2 | x: 1.50,~");
    cr_expect_str_eq(rig_process(&rig, 1, 0, 2), "rows 2 | x: b,~");
    cr_expect_str_eq(rig_process(&rig, 2, 0, 2), "rows 2 | x: true,false");
    transform_rig_close(&rig);
}

/* Each pair, in either order. */
Test(union, types_are_widened)
{
    static const char *const rules[][3] = {{"c", "s", "s"},
                                           {"s", "l", "l"},
                                           {"C", "S", "S"},
                                           {"I", "L", "L"},
                                           {"C", "c", "s"},
                                           {"C", "s", "s"},
                                           {"S", "s", "i"},
                                           {"I", "i", "l"},
                                           {"I", "c", "l"},
                                           {"L", "l", "d:20,0"},
                                           {"L", "c", "d:20,0"},
                                           {"C", "l", "l"},
                                           {"c", "d:4,2", "d:5,2"},
                                           {"l", "d:4,2", "d:21,2"},
                                           {"L", "d:4,2", "d:22,2"},
                                           {"d:9,0", "d:4,4", "d:13,4"},
                                           {"d:9,2", "d:4,1", "d:9,2"},
                                           {"d:38,2", "d:38,1", "d:38,2"},
                                           {"d:38,10", "l", "d:38,10"},
                                           {"d:38,30", "l", "d:38,30"},
                                           {"f", "g", "g"},
                                           {"f", "i", "g"},
                                           {"d:5,1", "g", "g"},
                                           {"tdD", "tsu:", "tsu:"},
                                           {"tss:", "tsu:", "tsu:"},
                                           {"tsu:UTC", "tsm:CET", "tsu:UTC"},
                                           {"u", "vu", "vu"},
                                           {"tdD", "tdm", "tdD"},
                                           {"tts", "ttn", "ttu"},
                                           {"b", "i", NULL},
                                           {"b", "vu", NULL},
                                           {"tdD", "tsu:UTC", NULL},
                                           {"tdD", "ttu", NULL},
                                           {"vu", "tdD", NULL},
                                           {"vz", "vu", NULL},
                                           {"tsu:", "tsu:UTC", NULL},
                                           {"g", "tdD", NULL},
                                           {"d:5,1", "b", NULL}};

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        for (int turn = 0; turn < 2; turn++) {
            struct ArrowSchema other = {.format = rules[i][!turn]};
            char format[QETL_TYPE_FORMAT_MAX];
            snprintf(format, sizeof format, "%s", rules[i][turn]);
            enum union_fit fit = union_widen(format, &other);
            cr_expect_eq(fit, rules[i][2] ? UNION_WIDER : UNION_CONFLICT, "%s with %s",
                         rules[i][turn], rules[i][!turn]);
            if (rules[i][2])
                cr_expect_str_eq(format, rules[i][2], "%s with %s: %s", rules[i][turn],
                                 rules[i][!turn], format);
        }
}
