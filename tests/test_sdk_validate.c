/* SPDX-License-Identifier: Apache-2.0 */
/* Validation: each wrong thing is found and named, and what is right passes. */
#include "fake_host.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void no_release(struct ArrowArray *array)
{
    array->release = NULL;
}

static void no_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* expected: a piece of the message, or NULL where all is right. */
static void expect_finding(const struct ArrowSchema *schema, const struct ArrowArray *array,
                           const char *expected)
{
    char message[256] = "";
    int32_t status = qetl_array_validate(schema, array, message, sizeof message);
    cr_expect_eq(status, expected ? QETL_E_DATA : QETL_OK, "%s", message);
    if (expected)
        cr_expect(strstr(message, expected), "\"%s\" lacks \"%s\"", message, expected);
    cr_expect_eq(qetl_array_validate(schema, array, NULL, 0), status);
}

struct view {
    int32_t size;
    char rest[12];
};

static struct view far_view(const char *data, int32_t size, int32_t buffer, int32_t offset)
{
    struct view view = {.size = size};
    memcpy(view.rest, data, 4);
    memcpy(view.rest + 4, &buffer, 4);
    memcpy(view.rest + 8, &offset, 4);
    return view;
}

/* Column x of three views: inlined "ab", null, and 14 bytes in a data buffer of 20. */
struct views {
    _Alignas(16) struct view views[3];
    _Alignas(16) char data[20];
    _Alignas(16) int64_t sizes[1];
    _Alignas(16) uint8_t validity[1];
    const void *buffers[4];
    struct ArrowArray array;
    struct ArrowSchema schema;
};

static void views_init(struct views *v)
{
    memset(v, 0, sizeof *v);
    memcpy(v->data, "0123456789abcdefghij", 20);
    v->views[0] = (struct view){2, "ab"};
    v->views[1] = (struct view){-77, "garbage"};
    v->views[2] = far_view(v->data + 6, 14, 0, 6);
    v->sizes[0] = 20;
    v->validity[0] = 0x05;
    v->buffers[0] = v->validity;
    v->buffers[1] = v->views;
    v->buffers[2] = v->data;
    v->buffers[3] = v->sizes;
    v->array = (struct ArrowArray){
        .length = 3, .null_count = 1, .n_buffers = 4, .buffers = v->buffers, .release = no_release};
    v->schema = (struct ArrowSchema){.format = "vu", .name = "x", .release = no_schema_release};
}

Test(sdk_validate, views)
{
    struct views v;
    views_init(&v);
    expect_finding(&v.schema, &v.array, NULL);
    v.array.null_count = -1;
    expect_finding(&v.schema, &v.array, NULL);
    views_init(&v);
    memset(&v.views[0], 0, sizeof v.views[0]);
    v.views[2] = far_view(v.data, 20, 0, 0);
    expect_finding(&v.schema, &v.array, NULL);
    views_init(&v);
    v.views[0].rest[11] = 'z';
    expect_finding(&v.schema, &v.array, "row 0: the view is not padded");
    views_init(&v);
    v.views[2].size = 15;
    expect_finding(&v.schema, &v.array, "row 2: the view reaches 21 in a buffer of 20");
    views_init(&v);
    v.views[2] = far_view(v.data, 14, 1, 0);
    expect_finding(&v.schema, &v.array, "names buffer 1 of 1");
    views_init(&v);
    v.views[2] = far_view(v.data, 14, -1, 0);
    expect_finding(&v.schema, &v.array, "names buffer -1 of 1");
    views_init(&v);
    v.views[2] = far_view(v.data, 14, 0, -1);
    expect_finding(&v.schema, &v.array, "the view reaches");
    views_init(&v);
    v.views[2].rest[3] = 'z';
    expect_finding(&v.schema, &v.array, "prefix differs");
    views_init(&v);
    v.views[2].size = -1;
    expect_finding(&v.schema, &v.array, "size -1 is negative");
    views_init(&v);
    v.sizes[0] = -20;
    expect_finding(&v.schema, &v.array, "size -20 is wrong");
    views_init(&v);
    v.buffers[2] = NULL;
    expect_finding(&v.schema, &v.array, "data buffer 0 is missing");
    views_init(&v);
    v.buffers[3] = NULL;
    expect_finding(&v.schema, &v.array, "the sizes of the data buffers are missing");
    views_init(&v);
    v.array.n_buffers = 2;
    expect_finding(&v.schema, &v.array, "2 buffers where the type has 3");
}

Test(sdk_validate, utf8_of_text_but_not_of_binary)
{
    struct views v;
    views_init(&v);
    v.data[19] = (char)0xff;
    expect_finding(&v.schema, &v.array, "row 2 is not valid UTF-8");
    v.schema.format = "vz";
    expect_finding(&v.schema, &v.array, NULL);
    views_init(&v);
    v.views[0].rest[1] = (char)0xc3;
    expect_finding(&v.schema, &v.array, "row 0 is not valid UTF-8");
}

Test(sdk_validate, lexical_columns)
{
    struct views v;
    struct ArrowSchema field;
    views_init(&v);
    qetl_schema_init_field(&field, "x", "vu");
    qetl_schema_set_metadata(&field, "qetl:lexical", "csv");
    expect_finding(&field, &v.array, "does not name its qetl:type");
    qetl_schema_set_metadata(&field, "qetl:type", "bigint");
    expect_finding(&field, &v.array, "row 1: the view's size -77 is negative");
    v.views[1] = (struct view){2, "NA"};
    expect_finding(&field, &v.array, NULL);
    v.views[1].rest[0] = (char)0xff;
    expect_finding(&field, &v.array, "row 1 is not valid UTF-8");
    qetl_schema_release(&field);
    qetl_schema_init_field(&field, "x", "vz");
    qetl_schema_set_metadata(&field, "qetl:lexical", "csv");
    expect_finding(&field, &v.array, "instead of vu");
    qetl_schema_release(&field);
}

Test(sdk_validate, headers)
{
    struct views v;
    views_init(&v);
    v.array.null_count = 2;
    expect_finding(&v.schema, &v.array, "null_count is 2, but 1 values are null");
    v.array.null_count = 0;
    expect_finding(&v.schema, &v.array, "null_count is 0, but 1");
    v.buffers[0] = NULL;
    v.array.null_count = 1;
    expect_finding(&v.schema, &v.array, "null_count is 1, but 0");
    views_init(&v);
    v.array.length = -1;
    expect_finding(&v.schema, &v.array, "must not be negative");
    views_init(&v);
    v.array.offset = INT64_MAX;
    expect_finding(&v.schema, &v.array, "beyond 63 bits");
    views_init(&v);
    v.buffers[1] = (char *)v.views + 8;
    expect_finding(&v.schema, &v.array, "buffer 1 at");
    views_init(&v);
    v.buffers[1] = NULL;
    expect_finding(&v.schema, &v.array, "buffer 1 is missing");
    views_init(&v);
    v.schema.format = "q";
    expect_finding(&v.schema, &v.array, "the Arrow format q is not in use");
    views_init(&v);
    v.array.n_children = 1;
    expect_finding(&v.schema, &v.array, "children without an array");
    views_init(&v);
    v.array.buffers = NULL;
    expect_finding(&v.schema, &v.array, "buffers without an array");
    views_init(&v);
    v.array.release = NULL;
    expect_finding(&v.schema, &v.array, "the array is released");
    views_init(&v);
    v.schema.release = NULL;
    expect_finding(&v.schema, &v.array, "the schema is released");
}

/* A column of offsets o over 6 bytes, rows 0 … n-1. */
static void expect_offsets(const char *format, const void *offsets, int64_t length,
                           const char *expected)
{
    _Alignas(16) static const char bytes[] = "ab\xc3\xa4zz";
    const void *buffers[] = {NULL, offsets, bytes};
    struct ArrowArray array = {
        .length = length, .n_buffers = 3, .buffers = buffers, .release = no_release};
    struct ArrowSchema schema = {.format = format, .name = "x", .release = no_schema_release};
    expect_finding(&schema, &array, expected);
}

Test(sdk_validate, offsets_of_text)
{
    _Alignas(16) static const int32_t good[] = {0, 2, 4, 6}, back[] = {0, 4, 2, 6};
    _Alignas(16) static const int32_t below[] = {-1, 2}, split[] = {0, 3, 6};
    _Alignas(16) static const int32_t empty[] = {2, 2, 4};
    _Alignas(16) static const int64_t wide[] = {0, 2, 6}, wide_back[] = {4, 2};
    expect_offsets("u", good, 3, NULL);
    expect_offsets("z", split, 2, NULL);
    expect_offsets("u", empty, 2, NULL);
    expect_offsets("U", wide, 2, NULL);
    expect_offsets("u", back, 3, "row 1: offset 4 is followed by 2");
    expect_offsets("u", below, 1, "the first offset -1 is negative");
    expect_offsets("u", split, 2, "row 0 is not valid UTF-8");
    expect_offsets("U", wide_back, 1, "row 0: offset 4 is followed by 2");
    expect_offsets("u", NULL, 0, NULL);
}

Test(sdk_validate, nested_places_are_named)
{
    _Alignas(16) static int32_t offsets[] = {0, 1, 3};
    struct views v;
    views_init(&v);
    const void *list_buffers[] = {NULL, offsets}, *row_buffers[] = {NULL};
    struct ArrowArray *items[] = {&v.array}, *columns[1];
    struct ArrowSchema *item_fields[] = {&v.schema}, *fields[1];
    struct ArrowArray list = {.length = 2,
                              .n_buffers = 2,
                              .buffers = list_buffers,
                              .n_children = 1,
                              .children = items,
                              .release = no_release};
    struct ArrowSchema list_field = {.format = "+l",
                                     .name = "tags",
                                     .n_children = 1,
                                     .children = item_fields,
                                     .release = no_schema_release};
    columns[0] = &list;
    fields[0] = &list_field;
    struct ArrowArray row = {.length = 2,
                             .n_buffers = 1,
                             .buffers = row_buffers,
                             .n_children = 1,
                             .children = columns,
                             .release = no_release};
    struct ArrowSchema row_field = {.format = "+s",
                                    .name = "",
                                    .n_children = 1,
                                    .children = fields,
                                    .release = no_schema_release};
    expect_finding(&row_field, &row, NULL);
    v.data[19] = (char)0xff;
    expect_finding(&row_field, &row, "tags[]: row 2 is not valid UTF-8");
    v.data[19] = 'j';
    offsets[2] = 4;
    expect_finding(&row_field, &row, "tags: the last offset 4 is beyond the 3 elements");
    offsets[2] = 3;
    row.length = 3;
    expect_finding(&row_field, &row, "array: child 0 has 2 rows where 3 are needed");
    row.offset = 1;
    row.length = 2;
    expect_finding(&row_field, &row, "child 0 has 2 rows where 3 are needed");
    row.length = 1;
    expect_finding(&row_field, &row, NULL);
    list_buffers[1] = NULL;
    expect_finding(&row_field, &row, "tags: buffer 1 is missing");
    list.length = list.offset = 1;
    expect_finding(&list_field, &list, "array: buffer 1 is missing");
    list.length = 2;
    list.offset = 0;
    list_buffers[1] = offsets;
    v.array.length = 0;
    v.array.null_count = 0;
    expect_finding(&row_field, &row, "tags: the last offset 3 is beyond the 0 elements");
    v.array.length = 3;
    v.array.null_count = 1;
    row.n_children = 0;
    expect_finding(&row_field, &row, "0 children where the schema has 1");
    row.n_children = 1;
    v.array.release = NULL;
    expect_finding(&row_field, &row, "tags[]: the array is released");
    v.array.release = no_release;
    list.n_children = list_field.n_children = 0;
    expect_finding(&row_field, &row, "the type +l cannot have 0 children");
}

Test(sdk_validate, decimals_and_dictionaries)
{
    _Alignas(16) qetl_int128 values[] = {999, -999, 1000};
    _Alignas(16) int8_t indices[] = {0, 1, -1};
    _Alignas(16) uint8_t validity[] = {3};
    const void *decimal_buffers[] = {NULL, values}, *index_buffers[] = {validity, indices};
    struct ArrowArray decimals = {
        .length = 2, .n_buffers = 2, .buffers = decimal_buffers, .release = no_release};
    struct ArrowSchema field = {.format = "d:3,1", .name = "d", .release = no_schema_release};
    expect_finding(&field, &decimals, NULL);
    decimals.length = 3;
    expect_finding(&field, &decimals, "row 2 has more than 3 digits");
    decimals.length = 2;
    struct ArrowArray coded = {.length = 3,
                               .null_count = 1,
                               .n_buffers = 2,
                               .buffers = index_buffers,
                               .dictionary = &decimals,
                               .release = no_release};
    struct ArrowSchema coded_field = {
        .format = "c", .name = "k", .dictionary = &field, .release = no_schema_release};
    expect_finding(&coded_field, &coded, NULL);
    validity[0] = 7;
    coded.null_count = 0;
    expect_finding(&coded_field, &coded, "row 2: index -1 in a dictionary of 2 values");
    indices[2] = 2;
    expect_finding(&coded_field, &coded, "row 2: index 2 in a dictionary of 2 values");
    indices[2] = 1;
    values[0] = 5000;
    expect_finding(&coded_field, &coded, "{}: row 0 has more than 3 digits");
    values[0] = 5;
    coded_field.format = "g";
    expect_finding(&coded_field, &coded, "a dictionary's indices have the format g");
    coded_field.format = "c";
    coded.dictionary = NULL;
    expect_finding(&coded_field, &coded, "in only one of schema and array");
}

Test(sdk_validate, a_small_message_is_cut)
{
    struct views v;
    char message[8];
    views_init(&v);
    v.array.length = -1;
    cr_expect_eq(qetl_array_validate(&v.schema, &v.array, message, sizeof message), QETL_E_DATA);
    cr_expect_str_eq(message, "array: ");
}
