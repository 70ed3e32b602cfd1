/* SPDX-License-Identifier: Apache-2.0 */
/* limit: which rows go on, and when nothing more is wanted. */
#include "transform_rig.h"

#include <criterion/criterion.h>

static struct rig rig;

static void open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "n", "integer", "1|2|3|4|5");
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_str_eq(rig_bound(&rig), "=0.0 subset");
    cr_expect_eq(rig.binder.distribution, QETL_DISTRIBUTION_SINGLE);
}

static void expect(int64_t first, int64_t count, const char *text, int32_t answer)
{
    cr_expect_str_eq(rig_process(&rig, 0, first, count), text);
    cr_expect_eq(rig_answer(&rig), answer, "%d", rig_answer(&rig));
}

Test(limit, ends_with_the_last_row)
{
    open("{\"rows\": 3, \"offset\": 0}");
    expect(0, 2, "rows 2", QETL_OUTPUT);
    expect(2, 3, "rows 1 filtered 2 map 0", QETL_END);
    transform_rig_close(&rig);
    open("{\"rows\": 5, \"offset\": 0}");
    expect(0, 5, "rows 5", QETL_END);
    transform_rig_close(&rig);
}

Test(limit, passes_over_an_offset_across_batches)
{
    open("{\"rows\": 2, \"offset\": 3}");
    expect(0, 2, "rows 0 filtered 2", QETL_NEED_INPUT);
    expect(0, 2, "rows 1 filtered 1 map 1", QETL_OUTPUT);
    expect(0, 5, "rows 1 filtered 4 map 0", QETL_END);
    transform_rig_close(&rig);
    open("{\"rows\": 2, \"offset\": 1}");
    expect(0, 5, "rows 2 filtered 3 map 1,2", QETL_END);
    transform_rig_close(&rig);
}

Test(limit, none)
{
    open("{\"rows\": 0, \"offset\": 0}");
    expect(0, 5, "rows 0 filtered 5", QETL_END);
    transform_rig_close(&rig);
}

/* Wherever it is cut, the same rows go on. */
Test(limit, goes_on_where_it_was_saved)
{
    static const char config[] = "{\"rows\": 3, \"offset\": 4}";
    for (int cut = 0; cut < 7; cut++) {
        int64_t rows = 0;
        struct rig saved;
        open(config);
        for (int i = 0; i < cut; i++) {
            rig_process(&rig, 0, i % 5, 1);
            rows += rig.out.rows;
        }
        cr_assert_eq(rig_save(&rig), QETL_OK);
        saved = rig;
        transform_rig_close(&rig);
        open(config);
        cr_assert_eq(rig_restore(&rig, &saved), QETL_OK);
        for (int i = cut; i < 7; i++) {
            cr_expect_neq(rig_answer(&rig), QETL_END, "cut at %d", cut);
            rig_process(&rig, 0, i % 5, 1);
            rows += rig.out.rows;
            cr_expect_eq(rig.out.rows, i >= 4);
        }
        cr_expect_eq(rig_answer(&rig), QETL_END);
        cr_expect_eq(rows, 3);
        transform_rig_close(&rig);
    }
}

Test(limit, a_state_that_is_none_changes_nothing)
{
    static const char config[] = "{\"rows\": 3, \"offset\": 0}";
    struct rig saved;
    open(config);
    expect(0, 2, "rows 2", QETL_OUTPUT);
    cr_assert_eq(rig_save(&rig), QETL_OK);
    saved = rig;
    transform_rig_close(&rig);
    open(config);
    for (size_t i = 0; i < saved.state_size; i++) {
        saved.state[i] ^= 1;
        cr_expect_eq(rig_restore(&rig, &saved), QETL_E_UNSUPPORTED);
        saved.state[i] ^= 1;
    }
    saved.state_version++;
    cr_expect_eq(rig_restore(&rig, &saved), QETL_E_UNSUPPORTED);
    expect(0, 3, "rows 3", QETL_END);
    transform_rig_close(&rig);
}
