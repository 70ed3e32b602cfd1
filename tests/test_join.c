/* SPDX-License-Identifier: Apache-2.0 */
/* Joined arrays against printing the rows of their parts, for every layout. */
#include "data/join.h"
#include "sdk_random.h"
#include "toy_array.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdlib.h>

enum { PARTS_MOST = 8 };

static struct qetl_pool *pool;

static void begin(void)
{
    pool = qetl_pool_new(1 << 24);
}

static void end(void)
{
    cr_expect_eq(qetl_pool_in_use(pool), 0, "%lld bytes leaked", (long long)qetl_pool_in_use(pool));
    qetl_pool_free(pool);
}

TestSuite(join, .init = begin, .fini = end, .timeout = 120);

static void release_all(struct ArrowArray *arrays, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        arrays[i].release(&arrays[i]);
}

/* The parts are gone when the whole is looked at. Some of them have no NULLs, some no rows. */
static void check(const struct ArrowSchema *layout, int64_t n, enum toy_nulls nulls,
                  uint64_t *random)
{
    struct ArrowArray parts[PARTS_MOST], out;
    struct qetl_slice slices[PARTS_MOST] = {0};
    char *expected[PARTS_MOST * 40];
    bool spelled = nulls != TOY_NULLS_GARBAGE;
    int64_t rows = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t length = 1 + random_below(random, 39), from = random_below(random, length);
        enum toy_nulls some = random_below(random, 3) ? nulls : TOY_NULLS_NONE;
        toy_array_make(layout, length, random_below(random, 11), some, random, &parts[i]);
        slices[i] = (struct qetl_slice){&parts[i], from, random_below(random, length - from + 1)};
        for (int64_t k = 0; k < slices[i].rows; k++)
            expected[rows++] = toy_array_print(layout, &parts[i], from + k, spelled);
    }
    int32_t status = qetl_join(pool, layout, slices, n, &out);
    release_all(parts, n);
    cr_assert_eq(status, QETL_OK);
    cr_assert_eq(out.length, rows);
    for (int64_t i = 0; i < rows; i++) {
        char *found = toy_array_print(layout, &out, i, spelled);
        cr_assert_str_eq(found, expected[i], "%s, row %lld of %lld parts", layout->format,
                         (long long)i, (long long)n);
        free(found);
        free(expected[i]);
    }
    out.release(&out);
}

static void check_layout(const struct ArrowSchema *layout)
{
    uint64_t random = 11;
    for (int round = 0; round < 120; round++)
        check(layout, 1 + random_below(&random, 6), (enum toy_nulls)(round % 4), &random);
}

Test(join, of_plain_layouts_is_exact)
{
    static const char *const formats[] = {"n",      "b",   "c",   "C",   "s",    "S",       "i",
                                          "I",      "l",   "L",   "f",   "g",    "tdD",     "tdm",
                                          "tts",    "ttm", "ttu", "ttn", "tsu:", "tsu:UTC", "tin",
                                          "d:38,4", "u",   "U",   "z",   "Z",    "vu",      "vz"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const struct ArrowSchema layout = {.format = formats[i], .name = ""};
        check_layout(&layout);
    }
}

Test(join, of_nested_layouts_is_exact)
{
    struct ArrowSchema text = {.format = "vu", .name = ""}, number = {.format = "i", .name = ""},
                       flag = {.format = "b", .name = ""}, bytes = {.format = "z", .name = ""};
    struct ArrowSchema *of_list[] = {&text};
    struct ArrowSchema list = {.format = "+l", .name = "", .n_children = 1, .children = of_list};
    struct ArrowSchema *of_struct[] = {&number, &list, &flag, &bytes};
    struct ArrowSchema structure = {
        .format = "+s", .name = "", .n_children = 4, .children = of_struct};
    struct ArrowSchema *of_lists[] = {&structure};
    struct ArrowSchema lists = {.format = "+l", .name = "", .n_children = 1, .children = of_lists};
    check_layout(&list);
    check_layout(&structure);
    check_layout(&lists);
}

Test(join, of_dictionaries_is_refused)
{
    struct ArrowSchema text = {.format = "u", .name = ""};
    const struct ArrowSchema layout = {.format = "i", .name = "", .dictionary = &text};
    uint64_t random = 5;
    struct ArrowArray part, out;
    toy_array_make(&layout, 5, 0, TOY_NULLS_NONE, &random, &part);
    const struct qetl_slice slice = {&part, 0, 5};
    cr_expect_eq(qetl_join(pool, &layout, &slice, 1, &out), QETL_E_UNSUPPORTED);
    cr_expect_null(out.release);
    part.release(&part);
}
