/* SPDX-License-Identifier: Apache-2.0 */
/* Gather against printing the rows one by one, for every layout. */
#include "data/gather.h"
#include "sdk_random.h"
#include "toy_array.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdlib.h>

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

TestSuite(gather, .init = begin, .fini = end, .timeout = 120);

static struct qetl_vector *vector_make(const struct ArrowSchema *layout, int64_t length,
                                       int64_t offset, enum toy_nulls nulls, uint64_t *random)
{
    struct ArrowArray array;
    toy_array_make(layout, length, offset, nulls, random, &array);
    struct qetl_vector *vector = qetl_vector_new(&array);
    cr_assert_not_null(vector);
    return vector;
}

static char **print_all(const struct ArrowSchema *layout, const struct ArrowArray *array,
                        const int32_t *map, int64_t rows, bool spelled)
{
    char **lines = calloc((size_t)rows + 1, sizeof *lines);
    for (int64_t i = 0; i < rows; i++)
        lines[i] = toy_array_print(layout, array, map ? map[i] : i, spelled);
    return lines;
}

static void lines_free(char **lines)
{
    for (char **line = lines; *line; line++)
        free(*line);
    free(lines);
}

/* Each input is gone when its output is looked at: what is referred to must be held. */
static void check(const struct ArrowSchema *layout, int64_t length, int64_t rows, int64_t offset,
                  enum toy_nulls nulls, uint64_t *random)
{
    struct qetl_vector *from = vector_make(layout, length, offset, nulls, random);
    int32_t *map = malloc(((size_t)rows + 1) * sizeof *map);
    for (int64_t i = 0; i < rows; i++)
        map[i] = (int32_t)random_below(random, length);
    bool spelled = nulls != TOY_NULLS_GARBAGE;
    char **expected = print_all(layout, &from->array, map, rows, spelled);
    struct qetl_vector *out = qetl_gather(pool, layout, from, map, rows);
    cr_assert_not_null(out);
    cr_expect_eq(out->array.length, rows);
    if (nulls != TOY_NULLS_GARBAGE && !layout->dictionary && layout->format[0] == 'v' &&
        rows < length / 4)
        cr_expect_eq(from->refs, 1, "a small rest of a large batch must let it go");
    qetl_vector_unref(from);
    char **found = print_all(layout, &out->array, NULL, rows, spelled);
    for (int64_t i = 0; i < rows; i++)
        cr_assert_str_eq(found[i], expected[i], "%s, row %lld of %lld from %lld, offset %lld",
                         layout->format, (long long)i, (long long)rows, (long long)length,
                         (long long)offset);
    lines_free(expected);
    lines_free(found);
    free(map);
    qetl_vector_unref(out);
}

static void check_layout(const struct ArrowSchema *layout)
{
    uint64_t random = 7;
    for (int round = 0; round < 120; round++) {
        int64_t length = 1 + random_below(&random, 80);
        int64_t rows = random_below(&random, round % 2 ? length / 4 + 1 : 2 * length);
        check(layout, length, rows, random_below(&random, 11), (enum toy_nulls)(round % 4),
              &random);
    }
}

Test(gather, of_plain_layouts_is_exact)
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

Test(gather, of_nested_layouts_is_exact)
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

Test(gather, of_dictionaries_shares_the_values)
{
    static const char *const indices[] = {"c", "S", "i", "l"};
    struct ArrowSchema text = {.format = "u", .name = ""}, view = {.format = "vu", .name = ""};
    for (int i = 0; i < 8; i++) {
        const struct ArrowSchema layout = {
            .format = indices[i % 4], .name = "", .dictionary = i < 4 ? &text : &view};
        check_layout(&layout);
    }
}

/* Above a quarter text is referred to, not copied. */
Test(gather, of_many_rows_shares_the_text)
{
    uint64_t random = 3;
    const struct ArrowSchema layout = {.format = "vu", .name = ""};
    struct qetl_vector *from = vector_make(&layout, 40, 0, TOY_NULLS_PLAIN, &random);
    int32_t map[40];
    for (int i = 0; i < 40; i++)
        map[i] = i;
    struct qetl_vector *most = qetl_gather(pool, &layout, from, map, 10);
    struct qetl_vector *few = qetl_gather(pool, &layout, from, map, 9);
    cr_assert(most && few);
    cr_expect_eq(most->array.buffers[2], from->array.buffers[2]);
    cr_expect_eq(from->refs, 2);
    cr_expect_neq(few->array.buffers[2], from->array.buffers[2]);
    cr_expect_eq(few->array.n_buffers, 4, "one text buffer, and its size");
    qetl_vector_unref(most);
    qetl_vector_unref(few);
    qetl_vector_unref(from);
}

/* 32 bit offsets hold 2 GiB: what is more must not wrap around. */
Test(gather, of_too_much_text_is_refused)
{
    enum { SIZE = 1 << 20, ROWS = 2100 };
    static int32_t map[ROWS];
    int32_t offsets[2] = {0, SIZE};
    char *text = calloc(1, SIZE);
    const void *buffers[3] = {NULL, offsets, text};
    struct ArrowArray array = {.length = 1, .n_buffers = 3, .buffers = buffers};
    const struct ArrowSchema layout = {.format = "u", .name = ""};
    struct qetl_vector *from = qetl_vector_new(&array);
    cr_expect_null(qetl_gather(pool, &layout, from, map, ROWS));
    qetl_vector_unref(from);
    free(text);
}

Test(gather, of_too_many_elements_is_refused)
{
    enum { SIZE = 1 << 20, ROWS = 2100 };
    static int32_t map[ROWS];
    int32_t offsets[2] = {0, SIZE};
    struct ArrowSchema number = {.format = "c", .name = ""};
    struct ArrowSchema *of_list[] = {&number};
    const struct ArrowSchema layout = {
        .format = "+l", .name = "", .n_children = 1, .children = of_list};
    char *values = calloc(1, SIZE);
    const void *child_buffers[2] = {NULL, values}, *buffers[2] = {NULL, offsets};
    struct ArrowArray child = {.length = SIZE, .n_buffers = 2, .buffers = child_buffers};
    struct ArrowArray *children[] = {&child};
    struct ArrowArray array = {
        .length = 1, .n_buffers = 2, .buffers = buffers, .n_children = 1, .children = children};
    struct qetl_vector *from = qetl_vector_new(&array);
    cr_expect_null(qetl_gather(pool, &layout, from, map, ROWS));
    qetl_vector_unref(from);
    free(values);
}

/* Rows without a source are NULL, whatever the layout. */
Test(gather, rows_of_minus_one_are_null)
{
    static const char *const formats[] = {"b", "c", "i", "l", "d:30,4", "vu", "u", "U", "g"};
    uint64_t random = 77;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (enum toy_nulls nulls = TOY_NULLS_NONE; nulls <= TOY_NULLS_PLAIN; nulls++) {
            struct ArrowSchema layout = {.format = formats[f], .name = "x"};
            struct qetl_vector *from = vector_make(&layout, 40, 3, nulls, &random);
            int32_t map[50];
            for (int i = 0; i < 50; i++)
                map[i] = (int32_t)random_below(&random, 41) - 1;
            map[0] = -1;
            struct qetl_vector *out = qetl_gather_nulls(pool, &layout, from, map, 50);
            cr_assert_not_null(out);
            for (int i = 0; i < 50; i++) {
                char *found = toy_array_print(&layout, &out->array, i, false);
                char *expected = map[i] < 0 ? strdup("NULL")
                                            : toy_array_print(&layout, &from->array, map[i], false);
                cr_expect_eq(strncmp(found, expected, map[i] < 0 ? 4 : 999), 0, "%s row %d: %s, %s",
                             formats[f], i, found, expected);
                free(found);
                free(expected);
            }
            qetl_vector_unref(out);
            qetl_vector_unref(from);
        }
}
