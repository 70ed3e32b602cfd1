/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of the sink `postgres`: the bytes are those that the same rows have one by one, whatever
 * their columns, and what is refused one by one is not measured. */
#include "../plugins/sinks/postgres_sink/block.h"
#include "fake_host.h"
#include "sdk_random.h"

#include <criterion/criterion.h>

static struct qetl_fake_host fake;

static void setup(void)
{
    qetl_fake_host_init(&fake, NULL);
}

static void teardown(void)
{
    qetl_fake_host_close(&fake);
}

TestSuite(postgres_sink_block, .init = setup, .fini = teardown);

/* ---- Columns ---- */

enum { MOST_COLUMNS = 6, KEPT_OFF = 3 };

/* A column of rows, and of a table: scale is that of a numeric, or digits of a fraction. */
struct kind {
    const char *format;
    enum value_way way;
    int32_t typmod;
};

static const struct kind kinds[] = {
    {"s", VALUE_INT2, -1},
    {"i", VALUE_INT4, -1},
    {"l", VALUE_INT8, -1},
    {"i", VALUE_INT8, -1},
    {"l", VALUE_INT4, -1},
    {"I", VALUE_INT4, -1},
    {"L", VALUE_INT8, -1},
    {"l", VALUE_OID, -1},
    {"f", VALUE_FLOAT4, -1},
    {"g", VALUE_FLOAT8, -1},
    {"b", VALUE_BOOL, -1},
    {"d:18,2", VALUE_DECIMAL, -1},
    {"d:18,2", VALUE_DECIMAL, (18 << 16 | 1) + 4}, /* numeric(18,1) */
    {"tdD", VALUE_DATE, -1},
    {"tdD", VALUE_TIMESTAMP, -1},
    {"ttu", VALUE_TIME, -1},
    {"tsu:", VALUE_TIMESTAMP, -1},
    {"tsu:", VALUE_TIMESTAMP, 3},
    {"tsn:", VALUE_TIMESTAMP, -1},
    {"vu", VALUE_BYTES, -1},
    {"vz", VALUE_BYTES, -1},
    {"vu", VALUE_JSONB, -1},
    {"vu", VALUE_UUID, -1},
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* Of what a column holds; wild: up to what some of them refuse. */
static int64_t number_make(uint64_t *seed, bool wild)
{
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT32_MIN, INT32_MAX,
                                    INT16_MIN, INT16_MAX,     -1,        0};
    if (wild && random_below(seed, 4) == 0)
        return edges[random_below(seed, (int64_t)(sizeof edges / sizeof edges[0]))];
    return wild ? (int64_t)random_next(seed) : 10 * random_below(seed, 3000);
}

static int32_t value_add(struct qetl_builder *b, const struct kind *kind, uint64_t *seed, bool wild)
{
    static const char letters[] = "a text, \tof some letters\\\n that is as long as it has to be";
    static const char uuid[] = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    int64_t value = number_make(seed, wild);
    switch (*kind->format) {
    case 'v':
        return kind->way == VALUE_UUID && !(wild && random_below(seed, 100) == 0)
                   ? qetl_builder_text(b, uuid, sizeof uuid - 1)
                   : qetl_builder_text(b, letters, random_below(seed, sizeof letters));
    case 'b':
        return qetl_builder_bool(b, value & 1);
    case 'f':
    case 'g':
        return qetl_builder_real(b, (double)value / 10);
    case 'd':
        return qetl_builder_decimal(b, value);
    case 'I':
    case 'L':
        return qetl_builder_uint(b, (uint64_t)value);
    case 't': /* no finer than any column */
        return qetl_builder_int(b, wild || kind->format[1] == 'd' ? value : 1000 * value);
    default:
        return qetl_builder_int(b, value);
    }
}

/* Some more rows than are read, so that columns begin behind the first. */
static void column_make(const struct kind *kind, int64_t rows, uint64_t *seed, bool wild,
                        struct ArrowArray *out)
{
    struct qetl_builder b;
    struct ArrowSchema field = {.format = kind->format};
    bool nulls = random_below(seed, 2);
    cr_assert_eq(qetl_builder_open(&b, fake.env, &field, rows + KEPT_OFF), QETL_OK, "%s",
                 kind->format);
    for (int64_t i = 0; i < rows + KEPT_OFF; i++) {
        bool null = nulls && random_below(seed, 3) == 0;
        int32_t status = null ? QETL_E_DATA : value_add(&b, kind, seed, wild);
        if (status) /* too large for the column */
            cr_assert_eq(null || wild ? qetl_builder_null(&b) : status, QETL_OK, "%s",
                         kind->format);
    }
    cr_assert_eq(qetl_builder_close(&b, out), QETL_OK);
    qetl_builder_free(&b);
}

struct table {
    struct ArrowArray arrays[MOST_COLUMNS];
    struct ArrowSchema fields[MOST_COLUMNS];
    struct value values[MOST_COLUMNS];
    int64_t n_values, rows;
};

static void table_make(struct table *t, uint64_t *seed, bool wild)
{
    *t = (struct table){.n_values = 1 + random_below(seed, MOST_COLUMNS),
                        .rows = 1 + random_below(seed, BLOCK_ROWS)};
    for (int64_t k = 0; k < t->n_values; k++) {
        const struct kind *kind = &kinds[random_below(seed, N_KINDS)];
        struct value *v = &t->values[k];
        column_make(kind, t->rows, seed, wild, &t->arrays[k]);
        t->fields[k].format = kind->format;
        v->way = kind->way;
        v->typmod = kind->typmod;
        v->type_name = "its type";
        v->key = wild && random_below(seed, 20) == 0;
        cr_assert_eq(qetl_column_open(&v->column, &t->fields[k], &t->arrays[k]), QETL_OK);
        v->column.offset += KEPT_OFF;
    }
}

static void table_free(struct table *t)
{
    for (int64_t k = 0; k < t->n_values; k++) {
        value_free(&t->values[k]);
        qetl_array_release(&t->arrays[k]);
    }
}

/* ---- Both ways ---- */

/* One by one; false: a value is refused. */
static bool singly(struct table *t, bool placed, struct wire *w)
{
    for (int64_t i = 0; i < t->rows; i++) {
        wire_int16(w, (int16_t)(t->n_values + placed));
        if (placed) {
            wire_int32(w, 8);
            wire_int64(w, i);
        }
        for (int64_t k = 0; k < t->n_values; k++)
            if (value_put(&t->values[k], w, i))
                return false;
    }
    return true;
}

static void by_blocks(struct block *b, struct wire *all, int64_t most)
{
    struct wire piece = {0};
    int64_t rows = 0, some;
    while ((some = block_put(b, &piece, most)) > 0) {
        int64_t size = (int64_t)piece.size;
        cr_assert(size <= most || some == 1, "%ld bytes in %ld rows", (long)size, (long)some);
        rows += some;
        wire_bytes(all, piece.data, piece.size);
        piece.size = 0;
    }
    cr_assert_eq(rows, b->rows);
    cr_assert_eq(b->done, b->rows);
    wire_free(&piece);
}

static void render_ready(struct table *t)
{
    struct ArrowSchema batch = {.format = "+s", .n_children = t->n_values};
    struct ArrowSchema *fields[MOST_COLUMNS];
    struct ArrowArray *arrays[MOST_COLUMNS];
    const void *none[1] = {NULL};
    for (int64_t k = 0; k < t->n_values; k++) {
        fields[k] = &t->fields[k];
        arrays[k] = &t->arrays[k];
        t->values[k].child = k;
    }
    batch.children = fields;
    struct ArrowArray all = {.length = t->rows,
                             .offset = KEPT_OFF,
                             .n_buffers = 1,
                             .buffers = none,
                             .n_children = t->n_values,
                             .children = arrays};
    struct qetl_column column;
    cr_assert_eq(qetl_column_open(&column, &batch, &all), QETL_OK);
    for (int64_t k = 0; k < t->n_values; k++)
        cr_assert_eq(value_attach(&t->values[k], &column), QETL_OK);
}

/* Whether the block was measured. */
static bool compare(struct table *t, uint64_t *seed)
{
    struct wire expected = {0}, got = {0};
    struct block b = {
        .values = t->values, .n_values = t->n_values, .placed = random_below(seed, 2)};
    render_ready(t);
    cr_assert(block_suits(t->values, t->n_values));
    bool fine = singly(t, b.placed, &expected);
    bool measured = block_measure(&b, 0, t->rows);
    cr_assert_eq(measured, fine, "measured: %d, one by one: %d", measured, fine);
    if (measured) {
        static const int64_t rooms[] = {1, 100, 1000, 65536};
        by_blocks(&b, &got, rooms[random_below(seed, 4)]);
        cr_assert_eq(got.size, expected.size);
        cr_assert_arr_eq(got.data, expected.data, expected.size);
    }
    wire_free(&expected);
    wire_free(&got);
    return measured;
}

static int64_t rounds(int64_t n, bool wild)
{
    uint64_t seed = 1 + wild;
    int64_t measured = 0;
    for (int64_t i = 0; i < n; i++) {
        struct table t;
        table_make(&t, &seed, wild);
        measured += compare(&t, &seed);
        table_free(&t);
    }
    return measured;
}

Test(postgres_sink_block, rows_have_the_bytes_that_they_have_one_by_one)
{
    cr_assert_eq(rounds(300, false), 300);
}

Test(postgres_sink_block, what_is_refused_is_not_measured)
{
    int64_t measured = rounds(1000, true);
    cr_assert(measured > 50 && measured < 950, "%ld", (long)measured);
}

/* ---- What comes from elsewhere ---- */

Test(postgres_sink_block, texts_of_a_dictionary)
{
    static const struct kind index = {"i", VALUE_INT4, -1}, text = {"vu", VALUE_BYTES, -1};
    uint64_t seed = 3;
    struct table t = {.n_values = 1, .rows = 200};
    struct ArrowArray words;
    struct ArrowSchema word = {.format = text.format};
    column_make(&text, 3000, &seed, false, &words);
    column_make(&index, t.rows, &seed, false, &t.arrays[0]);
    for (int64_t i = 0; i < t.rows + KEPT_OFF; i++)
        ((int32_t *)t.arrays[0].buffers[1])[i] = (int32_t)random_below(&seed, 3000);
    t.fields[0] = (struct ArrowSchema){.format = index.format, .dictionary = &word};
    t.arrays[0].dictionary = &words;
    t.values[0] = (struct value){.way = VALUE_BYTES, .typmod = -1, .type_name = "text"};
    cr_assert(compare(&t, &seed));
    t.arrays[0].dictionary = NULL;
    qetl_array_release(&words);
    table_free(&t);
}

Test(postgres_sink_block, what_may_be_long_and_has_to_be_rendered_does_not_suit)
{
    struct value v = {.way = VALUE_RENDERED, .column = {.kind = QETL_KIND_INT}};
    cr_assert_not(block_suits(&v, 1));
    v = (struct value){.way = VALUE_JSONB, .column = {.kind = QETL_KIND_LIST}};
    cr_assert_not(block_suits(&v, 1));
    v = (struct value){.way = VALUE_NUMERIC_TEXT, .column = {.kind = QETL_KIND_TEXT}};
    cr_assert_not(block_suits(&v, 1));
}
