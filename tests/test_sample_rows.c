/* SPDX-License-Identifier: Apache-2.0 */
/* sample_rows: a row's place decides, however the rows are cut into batches. */
#include "transform_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 10000 };

static struct rig rig;

static void open(const char *config)
{
    char *values = malloc(ROWS * 2);

    for (int i = 0; i < ROWS; i++)
        memcpy(values + 2 * i, i + 1 < ROWS ? "1|" : "1", 2);
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "n", "integer", values);
    free(values);
    cr_assert_eq(rig_bind(&rig), 0);
    cr_expect_eq(rig.binder.distribution, QETL_DISTRIBUTION_SINGLE);
}

/* Marks the rows that stay, fed in batches of that size. */
static int64_t sample(const char *config, int64_t batch, bool kept[ROWS])
{
    int64_t count = 0;

    open(config);
    memset(kept, 0, ROWS);
    for (int64_t at = 0; at < ROWS; at += batch) {
        int64_t rows = ROWS - at < batch ? ROWS - at : batch;
        rig_process(&rig, 0, at, rows);
        cr_assert_eq(rig.out.rows + rig.out.rows_filtered, rows);
        for (int64_t i = 0; i < rig.out.rows; i++)
            kept[at + (rig.out.row_map ? rig.out.row_map[i] : i)] = true;
        count += rig.out.rows;
    }
    transform_rig_close(&rig);
    return count;
}

Test(sample_rows, every_nth)
{
    static bool kept[ROWS];

    for (int64_t batch = 1; batch < ROWS; batch = batch * 3 + 2) {
        cr_assert_eq(sample("{\"every\": 7, \"offset\": 5, \"seed\": 0}", batch, kept), 1428);
        for (int i = 0; i < ROWS; i++)
            cr_assert_eq(kept[i], i % 7 == 5, "%d", i);
    }
    cr_assert_eq(sample("{\"every\": 1, \"offset\": 0, \"seed\": 0}", 333, kept), ROWS);
    cr_assert_eq(sample("{\"every\": 3, \"offset\": 9998, \"seed\": 0}", 333, kept), 1);
    cr_assert(kept[9998]);
}

Test(sample_rows, a_fraction_is_the_same_in_every_cut)
{
    static bool first[ROWS], other[ROWS];
    int64_t n = sample("{\"fraction\": 0.25, \"seed\": 3, \"offset\": 0}", ROWS, first), both = 0;

    cr_expect(n > 2350 && n < 2650, "%lld of 10000 rows", (long long)n);
    for (int64_t batch = 1; batch < ROWS; batch = batch * 5 + 1) {
        cr_assert_eq(sample("{\"fraction\": 0.25, \"seed\": 3, \"offset\": 0}", batch, other), n);
        cr_assert_eq(memcmp(first, other, ROWS), 0);
    }
    sample("{\"fraction\": 0.25, \"seed\": 4, \"offset\": 0}", ROWS, other);
    for (int i = 0; i < ROWS; i++)
        both += first[i] && other[i];
    cr_expect(both > 500 && both < 750, "seeds are independent: %lld rows in both",
              (long long)both);
    cr_expect_eq(sample("{\"fraction\": 1, \"seed\": 4, \"offset\": 0}", 777, other), ROWS);
    cr_expect_eq(sample("{\"fraction\": 0, \"seed\": 4, \"offset\": 0}", 777, other), 0);
}

static void expect_mistake(const char *config, const char *message)
{
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;

    transform_rig_open(&rig, "{\"every\": 1, \"offset\": 0, \"seed\": 0}");
    component = rig.component;
    qetl_fake_host_init(&fake, config);
    self = calloc(1, component->state_size);
    cr_expect_eq(component->create(self, &fake.host, fake.ctx, config), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_fake_host_message(&fake), message);
    component->destroy(self);
    free(self);
    qetl_fake_host_free(&fake);
    transform_rig_close(&rig);
}

Test(sample_rows, mistakes)
{
    expect_mistake("{\"offset\": 0, \"seed\": 0}",
                   "neither `every` nor `fraction` says which rows to keep");
    expect_mistake("{\"every\": 2, \"fraction\": 0.5}",
                   "`every` and `fraction` exclude each other");
    expect_mistake("{\"every\": 2, \"offset\": 0, \"seed\": 1}", "`seed` goes with `fraction`");
    expect_mistake("{\"fraction\": 0.5, \"offset\": 1}", "`offset` goes with `every`");
}

static void cut_anywhere(const char *config)
{
    static bool whole[ROWS];
    sample(config, ROWS, whole);
    for (int64_t cut = 0; cut < ROWS; cut += 1234) {
        struct rig saved;
        open(config);
        rig_process(&rig, 0, 0, cut);
        cr_assert_eq(rig_save(&rig), QETL_OK);
        saved = rig;
        transform_rig_close(&rig);
        open(config);
        cr_assert_eq(rig_restore(&rig, &saved), QETL_OK);
        rig_process(&rig, 0, cut, ROWS - cut);
        int64_t next = 0;
        for (int64_t i = cut; i < ROWS; i++)
            if (whole[i])
                cr_assert_eq(rig.out.row_map[next++], i - cut);
        cr_expect_eq(next, rig.out.rows);
        transform_rig_close(&rig);
    }
}

Test(sample_rows, goes_on_where_it_was_saved)
{
    cut_anywhere("{\"every\": 7, \"offset\": 5, \"seed\": 0}");
    cut_anywhere("{\"fraction\": 0.3, \"seed\": 11}");
}
