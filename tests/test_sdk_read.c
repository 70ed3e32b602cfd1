/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: nested, sliced, moved, and layouts that only come from elsewhere. */
#include "fake_host.h"

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

TestSuite(sdk_read, .init = setup, .fini = teardown);

static void expect_valid(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    char message[256];
    cr_assert_eq(qetl_array_validate(schema, array, message, sizeof message), QETL_OK, "%s",
                 message);
}

static void builder_open(struct qetl_builder *b, const char *format, int64_t capacity)
{
    struct ArrowSchema field = {.format = format};
    cr_assert_eq(qetl_builder_open(b, fake.env, &field, capacity), QETL_OK, "%s", format);
}

static void check_text(const struct qetl_column *c, int64_t i, const char *data, size_t size)
{
    struct qetl_text text = qetl_column_text(c, i);
    cr_assert(text.size == (int64_t)size && !memcmp(text.data, data, size), "row %ld: %.*s",
              (long)i, (int)text.size, text.data);
}

/* [[1,2],NULL,[],[3]] in column l, beside column t. */
static void nested_make(struct ArrowSchema *schema, struct ArrowArray *batch)
{
    struct ArrowSchema list;
    struct ArrowArray children[2], values;
    struct qetl_builder b;
    qetl_schema_init_struct(schema);
    qetl_schema_init_field(&list, "l", "+l");
    qetl_schema_add(&list, "item", "l");
    qetl_schema_append(schema, &list);
    qetl_schema_add(schema, "t", "vu");
    builder_open(&b, "l", 4);
    for (int i = 1; i <= 3; i++)
        qetl_builder_int(&b, i);
    cr_assert_eq(qetl_builder_close(&b, &values), QETL_OK);
    int32_t *offsets = fake.host.buffer_alloc(fake.ctx, 5 * sizeof *offsets);
    memcpy(offsets, (int32_t[]){0, 2, 2, 2, 3}, 5 * sizeof *offsets);
    uint8_t *validity = fake.host.buffer_alloc(fake.ctx, 1);
    *validity = 0x0d;
    cr_assert_eq(qetl_array_list(fake.env, 4, 1, validity, offsets, &values, &children[0]),
                 QETL_OK);
    cr_expect_null(values.release, "the values were moved");
    builder_open(&b, "vu", 4);
    for (int i = 0; i < 4; i++)
        qetl_builder_text(&b, "abcd" + i, 1);
    cr_assert_eq(qetl_builder_close(&b, &children[1]), QETL_OK);
    cr_assert_eq(qetl_array_struct(fake.env, 4, 2, children, batch), QETL_OK);
    cr_expect(!children[0].release && !children[1].release);
}

Test(sdk_read, lists_and_structs)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_column row, list, item, text;
    int64_t first, count;
    nested_make(&schema, &batch);
    expect_valid(&schema, &batch);
    cr_assert_eq(qetl_column_open(&row, &schema, &batch), QETL_OK);
    cr_assert_eq(qetl_column_child(&row, 0, &list), QETL_OK);
    cr_assert_eq(qetl_column_child(&row, 1, &text), QETL_OK);
    cr_assert_eq(qetl_column_child(&list, 0, &item), QETL_OK);
    cr_expect_eq(qetl_column_child(&row, 2, &item), QETL_E_DATA);
    cr_assert_eq(qetl_column_child(&list, 0, &item), QETL_OK);
    qetl_column_list(&list, 3, &first, &count);
    cr_expect(first == 2 && count == 1 && qetl_column_int(&item, first) == 3);
    cr_expect(qetl_column_is_null(&list, 1) && !qetl_column_is_null(&list, 2));
    check_text(&text, 2, "c", 1);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
}

Test(sdk_read, a_sliced_struct_shifts_its_children)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct qetl_column row, list, text;
    int64_t first, count;
    nested_make(&schema, &batch);
    batch.offset = 2;
    batch.length = 2;
    expect_valid(&schema, &batch);
    cr_assert_eq(qetl_column_open(&row, &schema, &batch), QETL_OK);
    cr_assert_eq(qetl_column_child(&row, 0, &list), QETL_OK);
    cr_assert_eq(qetl_column_child(&row, 1, &text), QETL_OK);
    cr_expect_eq(text.length, 2);
    check_text(&text, 1, "d", 1);
    qetl_column_list(&list, 1, &first, &count);
    cr_expect(first == 2 && count == 1);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
}

Test(sdk_read, a_child_may_be_moved_out)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    nested_make(&schema, &batch);
    struct ArrowArray child = *batch.children[1];
    batch.children[1]->release = NULL;
    qetl_array_release(&batch);
    struct qetl_column text;
    cr_assert_eq(qetl_column_open(&text, schema.children[1], &child), QETL_OK);
    check_text(&text, 0, "a", 1);
    qetl_array_release(&child);
    qetl_array_release(&child);
    qetl_array_release(NULL);
    qetl_schema_release(&schema);
}

/* Layouts that only come from elsewhere: offsets of 32 and 64 bits, and dictionaries. */
Test(sdk_read, offsets_and_dictionaries_are_read)
{
    _Alignas(16) static const int32_t narrow[] = {0, 1, 1, 6};
    _Alignas(16) static const int64_t wide[] = {0, 1, 1, 6};
    _Alignas(16) static const char bytes[] = "ahello";
    _Alignas(16) static const uint8_t validity[] = {0x5}, indices[] = {9, 2, 0, 1};
    const void *narrow_buffers[] = {validity, narrow, bytes}, *wide_buffers[] = {NULL, wide, bytes};
    const void *index_buffers[] = {NULL, indices};
    struct ArrowArray text = {
        .length = 3, .null_count = 1, .n_buffers = 3, .buffers = narrow_buffers};
    struct ArrowArray large = {.length = 2, .offset = 1, .n_buffers = 3, .buffers = wide_buffers};
    struct ArrowArray coded = {
        .length = 3, .offset = 1, .n_buffers = 2, .buffers = index_buffers, .dictionary = &text};
    struct ArrowSchema u = {.format = "u"}, z = {.format = "Z"};
    struct ArrowSchema dictionary = {.format = "C", .dictionary = &u};
    struct qetl_column c;
    cr_assert_eq(qetl_column_open(&c, &u, &text), QETL_OK);
    check_text(&c, 0, "a", 1);
    cr_expect(qetl_column_is_null(&c, 1));
    check_text(&c, 2, "hello", 5);
    cr_assert_eq(qetl_column_open(&c, &z, &large), QETL_OK);
    check_text(&c, 0, "", 0);
    check_text(&c, 1, "hello", 5);
    cr_expect_eq(c.kind, QETL_KIND_BINARY);
    cr_assert_eq(qetl_column_open(&c, &dictionary, &coded), QETL_OK);
    check_text(&c, 0, "hello", 5);
    check_text(&c, 1, "a", 1);
    cr_expect(!qetl_column_is_null(&c, 1) && qetl_column_is_null(&c, 2), "a null in the values");
    dictionary.format = "u";
    cr_expect_eq(qetl_column_open(&c, &dictionary, &coded), QETL_E_UNSUPPORTED);
    dictionary.format = "C";
    coded.dictionary = NULL;
    cr_expect_eq(qetl_column_open(&c, &dictionary, &coded), QETL_E_DATA);
    text.n_buffers = 2;
    cr_expect_eq(qetl_column_open(&c, &u, &text), QETL_E_DATA);
}
