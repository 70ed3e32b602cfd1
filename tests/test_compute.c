/* SPDX-License-Identifier: Apache-2.0 */
/* compute: what is carried past, what is made, in which order, and which rows are rejected. */
#include "transform_rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static void open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "id", "text", "a|b|c|d");
    rig_column(&rig, 0, "q", "integer", "1|2|~|0");
    rig_column(&rig, 0, "p", "decimal(8,2)", "1050|9990|100|200");
}

Test(compute, new_columns_see_those_above_them)
{
    open("{\"set\": {\"total\": \"q * p\", \"twice\": \"total * 2\", \"q\": \"q + 1\","
         " \"again\": \"q\", \"name\": \"id\"}}");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_bound(&rig),
                     "id=0.0 q:integer p=0.2 total:decimal(18,2) twice:decimal(28,2) again:integer "
                     "name=0.0 subset");
    cr_expect_eq(rig.binder.n_reads, 2);
    cr_expect_str_eq(rig_process(&rig, 0, 0, 4),
                     "rows 4 | q: 2,3,~,1 | total: 10.50,199.80,~,0.00 | twice: "
                     "21.00,399.60,~,0.00 | again: 2,3,~,1");
    cr_expect_str_eq(rig_process(&rig, 0, 1, 2),
                     "rows 2 | q: 3,~ | total: 199.80,~ | twice: 399.60,~ | again: 3,~");
    transform_rig_close(&rig);
}

Test(compute, lineage_goes_through_other_steps)
{
    open("{\"set\": {\"total\": \"q * p\", \"twice\": \"total * 2\", \"one\": \"1\"}}");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_eq(rig.binder.columns[4].n_inputs, 2);
    cr_expect(rig.binder.columns[4].inputs[0] == 1 && rig.binder.columns[4].inputs[1] == 2);
    cr_expect_eq(rig.binder.columns[5].n_inputs, 0);
    transform_rig_close(&rig);
}

Test(compute, nothing_but_names_keeps_all_rows_without_a_call)
{
    open("{\"set\": {\"name\": \"id\", \"id\": \"q\"}}");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_bound(&rig), "id=0.1 q=0.1 p=0.2 name=0.0 keep");
    cr_expect_eq(rig.binder.n_reads, 0);
    transform_rig_close(&rig);
}

Test(compute, a_failing_row_is_rejected_once)
{
    open("{\"set\": {\"x\": \"10 / q\", \"y\": \"20 / q\", \"z\": \"5 / (q - 2)\"}}");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_process(&rig, 0, 0, 4), "rows 2 map 0,2 | x: 10,~ | y: 20,~ | z: -5,~");
    cr_assert_eq(rig.fake.n_rejects, 2);
    cr_expect_eq(rig.fake.rejects[0].row, 3);
    cr_expect_str_eq(rig.fake.rejects[0].message, "10 / 0, in 10 / q (character 1 of `set/x`)");
    cr_expect_eq(rig.fake.rejects[1].row, 1);
    cr_expect_str_eq(rig.fake.rejects[1].code, "division_by_zero");
    cr_expect_str_eq(rig_process(&rig, 0, 3, 1), "rows 0");
    cr_expect_eq(rig_answer(&rig), QETL_NEED_INPUT);
    transform_rig_close(&rig);
}

Test(compute, mistakes)
{
    open("{\"set\": {}}");
    cr_expect_eq(rig_bind(&rig), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake), "`set` is empty");
    transform_rig_close(&rig);
    open("{\"set\": {\"a/b\": \"q + nope\"}}");
    cr_expect_eq(rig_bind(&rig), QETL_E_CONFIG);
    cr_expect_str_eq(rig.fake.errors[0].option, "/set/a~1b");
    transform_rig_close(&rig);
}
