/* SPDX-License-Identifier: Apache-2.0 */
/* explode: elements and their places, empty lists and NULLs, slices, long outputs in pieces. */
#include "transform_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct rig rig;

static int32_t open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "id", "integer", "1|2|3|4|5|6");
    rig_column(&rig, 0, "l", "integer[]", "7 8|[]|9|~|~ 4 5|6");
    rig_column(&rig, 0, "t", "text", "a,b|\"\"|,|~|one of more than twelve bytes,x|y");
    return rig_bind(&rig);
}

Test(explode, lists)
{
    cr_assert_eq(open("{\"column\": \"l\", \"ordinality\": \"n\", \"empty\": \"drop\"}"), 0);
    cr_expect_str_eq(rig_bound(&rig), "=0.0 l:integer n:bigint =0.2 expand");
    cr_expect_str_eq(rig_process(&rig, 0, 0, 6),
                     "rows 7 filtered 2 added 3 map 0,0,2,4,4,4,5 | l: 7,8,9,~,4,5,6 | n: "
                     "1,2,1,1,2,3,1");
    cr_expect_str_eq(rig_process(&rig, 0, 4, 2),
                     "rows 4 added 2 map 0,0,0,1 | l: ~,4,5,6 | n: 1,2,3,1");
    cr_expect_str_eq(rig_process(&rig, 0, 3, 1), "rows 0 filtered 1");
    cr_expect_eq(rig_answer(&rig), QETL_NEED_INPUT);
    transform_rig_close(&rig);
}

Test(explode, empty_lists_may_stay)
{
    cr_assert_eq(
        open("{\"column\": \"l\", \"as\": \"e\", \"ordinality\": \"n\", \"empty\": \"null\"}"), 0);
    cr_expect_str_eq(rig_process(&rig, 0, 0, 6),
                     "rows 9 added 3 map 0,0,1,2,3,4,4,4,5 | e: 7,8,~,9,~,~,4,5,6 | n: "
                     "1,2,~,1,~,1,2,3,1");
    cr_expect_str_eq(rig_process(&rig, 0, 3, 1), "rows 1 map 0 | e: ~ | n: ~");
    transform_rig_close(&rig);
}

Test(explode, text)
{
    cr_assert_eq(open("{\"column\": \"t\", \"separator\": \",\", \"ordinality\": \"n\", "
                      "\"empty\": \"drop\"}"),
                 0);
    cr_expect_str_eq(rig_bound(&rig), "=0.0 =0.1 t:text n:bigint expand");
    cr_expect_str_eq(rig_process(&rig, 0, 0, 6),
                     "rows 7 filtered 2 added 3 map 0,0,2,2,4,4,5 | t: a,b,,,one of more than "
                     "twelve bytes,x,y | n: 1,2,1,2,1,2,1");
    transform_rig_close(&rig);
    cr_assert_eq(open("{\"column\": \"t\", \"separator\": \" of \", \"empty\": \"null\"}"), 0);
    cr_expect_str_eq(rig_process(&rig, 0, 1, 5),
                     "rows 6 added 1 map 0,1,2,3,3,4 | t: ~,,,~,one,more than twelve bytes,x,y");
    transform_rig_close(&rig);
}

/* One list of 50,000 between two short ones leaves in several outputs. */
Test(explode, long_lists_leave_in_pieces)
{
    enum { LONG = 50000 };
    static char values[8 * LONG];
    size_t used = (size_t)sprintf(values, "1 2|0");
    int64_t rows = 0, added = 0, calls = 0, next = 0;

    for (int i = 1; i < LONG; i++)
        used += (size_t)sprintf(values + used, " %d", i);
    sprintf(values + used, "|3");
    for (int text = 0; text < 2; text++) {
        transform_rig_open(&rig,
                           text ? "{\"column\": \"x\", \"separator\": \" \", \"ordinality\": \"n\"}"
                                : "{\"column\": \"x\", \"ordinality\": \"n\"}");
        rig_column(&rig, 0, "x", text ? "text" : "integer[]", values);
        cr_assert_eq(rig_bind(&rig), 0);
        rows = added = calls = next = 0;
        struct ArrowArray batch, child = rig.columns[0][0];
        child.release = NULL;
        struct qetl_shared *shared;
        cr_assert_eq(qetl_shared_new(&child, &shared), 0);
        struct ArrowArray part;
        cr_assert_eq(
            qetl_shared_part(rig.fake.env, shared, qetl_shared_array(shared), 0, 3, NULL, &part),
            0);
        qetl_shared_free(shared);
        cr_assert_eq(qetl_array_struct(rig.fake.env, 3, 1, &part, &batch), 0);
        struct qetl_event event = {
            .struct_size = sizeof event, .kind = QETL_EVENT_BATCH, .batch = &batch, .rows = 3};
        const struct qetl_event *now = &event;
        int32_t answer;
        do {
            struct qetl_output out = {.struct_size = sizeof out};
            struct qetl_column number;
            answer = rig.component->transform->process(rig.self, now, &out);
            now = NULL;
            cr_assert(answer == QETL_MORE || answer == QETL_OUTPUT);
            cr_assert_eq(
                qetl_column_open(&number, &rig.binder.columns[1].field, out.batch.children[1]), 0);
            for (int64_t i = 0; i < out.rows; i++, next++) {
                int64_t wanted = next < 2 ? next + 1 : next < 2 + LONG ? next - 1 : 1;
                cr_assert_eq(out.row_map[i], next < 2 ? 0 : next < 2 + LONG ? 1 : 2);
                cr_assert_eq(qetl_column_int(&number, i), wanted);
            }
            rows += out.rows;
            added += out.rows_added;
            calls++;
            qetl_array_release(&out.batch);
        } while (answer == QETL_MORE);
        qetl_array_release(&batch);
        cr_expect_eq(rows, LONG + 3);
        cr_expect_eq(added, LONG);
        cr_expect_gt(calls, 3);
        transform_rig_close(&rig);
    }
}

static void expect_mistake(const char *config, const char *message, const char *option)
{
    cr_expect_eq(open(config), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake), message);
    cr_expect_str_eq(rig.fake.errors[0].option, option);
    transform_rig_close(&rig);
}

Test(explode, mistakes)
{
    expect_mistake("{\"column\": \"L\"}", "there is no column \"L\"", "/column");
    expect_mistake("{\"column\": \"t\"}", "column \"t\" is text, not a list", "/column");
    expect_mistake("{\"column\": \"id\"}", "column \"id\" is of type integer", "/column");
    expect_mistake("{\"column\": \"l\", \"separator\": \",\"}", "column \"l\" is of type integer[]",
                   "/separator");
    expect_mistake("{\"column\": \"l\", \"as\": \"t\"}",
                   "two columns of the output would be named \"t\"", "/as");
    expect_mistake("{\"column\": \"l\", \"ordinality\": \"l\"}",
                   "two columns of the output would be named \"l\"", "/ordinality");
}
