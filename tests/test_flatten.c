/* SPDX-License-Identifier: Apache-2.0 */
/* flatten: names, NULL structs, slices, structs within structs. */
#include "transform_rig.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct rig rig;

static int32_t open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "id", "integer", "1|2|3|4");
    rig_column(&rig, 0, "s", "struct(a integer, b text)", "1,x|~|~,y|4,~");
    rig_column(&rig, 0, "t", "struct(a double)", "0.5|1|~|2");
    return rig_bind(&rig);
}

Test(flatten, all_structs)
{
    cr_assert_eq(open("{\"separator\": \"_\", \"prefix\": true, \"depth\": 64}"), 0);
    cr_expect_str_eq(rig_bound(&rig), "=0.0 s_a:integer s_b:text t_a:double keep");
    cr_expect_str_eq(rig_process(&rig, 0, 0, 4),
                     "rows 4 | s_a: 1,~,~,4 | s_b: x,~,y,~ | t_a: 0.5,1,~,2");
    cr_expect_str_eq(rig_process(&rig, 0, 1, 2), "rows 2 | s_a: ~,~ | s_b: ~,y | t_a: 1,~");
    transform_rig_close(&rig);
}

Test(flatten, chosen_structs)
{
    cr_assert_eq(open("{\"columns\": [\"t\"], \"separator\": \".\", \"prefix\": false, \"depth\": "
                      "1}"),
                 0);
    cr_expect_str_eq(rig_bound(&rig), "=0.0 =0.1 a:double keep");
    cr_expect_str_eq(rig_process(&rig, 0, 3, 1), "rows 1 | a: 2");
    transform_rig_close(&rig);
}

Test(flatten, mistakes)
{
    cr_expect_eq(open("{\"separator\": \"\", \"prefix\": false, \"depth\": 64}"), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake),
                     "two columns of the output would be named \"a\"");
    transform_rig_close(&rig);
    cr_expect_eq(open("{\"columns\": [\"id\"], \"prefix\": true, \"depth\": 64}"), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake), "column \"id\" is of type integer");
    cr_expect_str_eq(rig.fake.errors[0].option, "/columns/0");
    transform_rig_close(&rig);
}

/* Three levels with NULLs at each, all sliced differently: what is NULL above is NULL below. */
Test(flatten, nulls_of_every_level_are_heard)
{
    enum { ROWS = 100 };
    struct ArrowSchema number, inner, outer;
    struct qetl_env env;
    struct ArrowArray leaf, middle, top;
    struct qetl_builder b;
    uint8_t *valid[2];
    const void *buffers[1];

    transform_rig_open(&rig, "{\"separator\": \"_\", \"prefix\": true, \"depth\": 64}");
    env = rig.fake.env;
    qetl_schema_init_field(&number, "n", "i");
    qetl_schema_init_field(&inner, "in", "+s");
    qetl_schema_init_field(&outer, "s", "+s");
    cr_assert_eq(qetl_builder_open(&b, env, &number, ROWS), 0);
    for (int i = 0; i < ROWS; i++)
        cr_assert_eq(i % 3 == 0 ? qetl_builder_null(&b) : qetl_builder_int(&b, i), 0);
    cr_assert_eq(qetl_builder_close(&b, &leaf), 0);
    for (int level = 0; level < 2; level++) {
        valid[level] = env.host->buffer_alloc(env.ctx, ROWS / 8 + 1);
        memset(valid[level], 0, ROWS / 8 + 1);
        for (int i = 0; i < ROWS; i++)
            valid[level][i >> 3] |= (uint8_t)((i % (5 + 2 * level) != 0) << (i & 7));
    }
    leaf.offset = 4;
    leaf.length = ROWS - 4;
    leaf.null_count = -1;
    buffers[0] = valid[0];
    cr_assert_eq(qetl_array_make(env, ROWS - 4, -1, 1, buffers, 1, &leaf, &middle), 0);
    middle.offset = 3;
    middle.length = ROWS - 7;
    buffers[0] = valid[1];
    cr_assert_eq(qetl_array_make(env, ROWS - 7, -1, 1, buffers, 1, &middle, &top), 0);
    qetl_schema_append(&inner, &number);
    qetl_schema_append(&outer, &inner);
    qetl_schema_init_struct(&rig.schemas[0]);
    qetl_schema_append(&rig.schemas[0], &outer);
    rig.columns[0][0] = top;
    rig.n_inputs = 1;
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_bound(&rig), "s_in_n:integer keep");
    const char *text = strstr(rig_process(&rig, 0, 2, 50), "s_in_n: ");
    cr_assert_not_null(text);
    text += 8;
    for (int i = 0; i < 50; i++) {
        int at_top = 2 + i, at_middle = at_top + 3, at_leaf = at_middle + 4;
        bool present = at_top % 7 && at_middle % 5 && at_leaf % 3;
        int found = *text == '~' ? -1 : atoi(text);
        cr_expect_eq(found, present ? at_leaf : -1, "row %d: %d", i, found);
        text += strcspn(text, ",") + 1;
    }
    transform_rig_close(&rig);
}
