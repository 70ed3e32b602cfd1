/* SPDX-License-Identifier: Apache-2.0 */
/* route: the first match wins, and only those tried before it can reject a row. */
#include "transform_rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static int32_t open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "n", "integer", "1|0|5|100|~|2|1|5|1|5|0|100|3");
    rig_column(&rig, 0, "t", "text", "a|b|c|d|e|f|g|h|i|j|k|l|m");
    return rig_bind(&rig);
}

Test(route, first_match_wins)
{
    cr_assert_eq(open("{\"routes\": {\"a\": \"n < 3\", \"b\": \"n < 50\", \"c\": \"t = 'd'\"}}"),
                 0);
    cr_expect_eq(rig.binder.n_columns, 6);
    cr_expect_eq(rig.binder.n_reads, 2);
    cr_expect(rig.binder.rows[0] == QETL_ROWS_SUBSET && rig.binder.rows[2] == QETL_ROWS_SUBSET);
    cr_expect_str_eq(rig_process(&rig, 0, 0, 13),
                     "rows 6 filtered 2 map 0,1,5,6,8,10; rows 4 port 1 map 2,7,9,12; "
                     "rows 1 port 2 map 3");
    cr_expect_eq(rig_answer(&rig), QETL_OUTPUT);
    cr_expect_str_eq(rig_process(&rig, 0, 2, 1), "rows 1 port 1");
    cr_expect_str_eq(rig_process(&rig, 0, 4, 1), "rows 0 filtered 1");
    cr_expect_eq(rig_answer(&rig), QETL_NEED_INPUT);
    cr_expect_str_eq(rig_process(&rig, 0, 3, 10),
                     "rows 4 filtered 2 map 2,3,5,7; rows 3 port 1 map 4,6,9; rows 1 port 2 map 0");
    transform_rig_close(&rig);
}

Test(route, a_default_takes_the_rest_but_what_was_rejected)
{
    cr_assert_eq(open("{\"routes\": {\"a\": \"t = 'b'\", \"b\": \"100 / n > 30\"}, "
                      "\"default\": \"rest\"}"),
                 0);
    cr_expect_str_eq(rig_process(&rig, 0, 0, 13),
                     "rows 1 map 1; rows 5 port 1 map 0,5,6,8,12; rows 6 port 2 map 2,3,4,7,9,11");
    cr_expect_eq(rig.fake.n_rejects, 1, "row 10; row 1 has its output before n is divided by");
    cr_expect_eq(rig.fake.rejects[0].row, 10);
    transform_rig_close(&rig);
}

static void expect_mistake(const char *config, const char *message, const char *option)
{
    cr_expect_eq(open(config), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake), message);
    cr_expect_str_eq(rig.fake.errors[0].option, option);
    transform_rig_close(&rig);
}

Test(route, mistakes)
{
    expect_mistake("{\"routes\": {}}", "`routes` is empty", "/routes");
    expect_mistake("{\"routes\": {\"a\": \"n + 1\"}}",
                   "the condition is of type integer, not boolean: n + 1", "/routes/a");
    expect_mistake("{\"routes\": {\"a\": \"n > 1\"}, \"default\": \"a\"}",
                   "output \"a\" has a condition, and cannot be the default too", "/default");
}
