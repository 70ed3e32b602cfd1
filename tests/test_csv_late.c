/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that are fetched behind a filter: as they would have come with the rest, for the rows
 * that are left. */
#include "csv_rig.h"

#include <criterion/criterion.h>
#include <string.h>

static struct rig rig;
static uint8_t *chunk;

TestSuite(csv_late, .timeout = 60);

static const char data[] = "a,b,c\n"
                           "1,short,\"a long text, in quotes\"\n"
                           "2,a text that is longer,\n"
                           "bad,never,seen\n"
                           "3,\"with \"\"doubled\"\" quotes inside\",x\r\n"
                           "4,,last\n";

/* Opens for a as a value, b and c late, and decodes all rows. */
static void decode(struct qetl_decoded *decoded)
{
    const struct qetl_want wants[] = {
        {.column = 0, .form = QETL_FORM_VALUE},
        {.column = 1, .form = QETL_FORM_LEXICAL, .flags = QETL_WANT_LATE},
        {.column = 2, .form = QETL_FORM_CHECKED, .flags = QETL_WANT_LATE}};
    static uint8_t room[sizeof data + 64];
    size_t header = strlen("a,b,c\n");
    csv_rig_open(&rig, "{\"types\": {\"a\": \"bigint\"}}");
    rig_infer(&rig, data, strlen(data));
    cr_assert_eq(rig.status, 0);
    cr_assert_eq(
        rig.component->format->open_decode(rig.decoder, &rig.schema, rig.prologue, 3, wants), 0);
    chunk = rig.fake.host.buffer_alloc(rig.fake.ctx, sizeof room);
    memcpy(chunk, data + header, strlen(data) - header);
    struct qetl_chunk of = {.struct_size = sizeof of,
                            .data = chunk,
                            .size = (int64_t)(strlen(data) - header),
                            .buffer = chunk,
                            .tail_room = 64};
    *decoded = (struct qetl_decoded){.struct_size = sizeof *decoded};
    cr_assert_eq(rig.component->format->decode(rig.decoder, &of, decoded), 0);
}

static void close(struct qetl_decoded *decoded)
{
    qetl_array_release(&decoded->batch);
    rig.fake.host.buffer_free(chunk);
    csv_rig_close(&rig);
}

static void expect_text(const struct ArrowArray *late, int64_t column, int64_t row,
                        const char *text)
{
    struct ArrowSchema field;
    struct qetl_column c;
    cr_assert_eq(qetl_schema_init_field(&field, "t", "vu"), 0);
    cr_assert_eq(qetl_column_open(&c, &field, late->children[column]), 0);
    struct qetl_text found = qetl_column_text(&c, row);
    cr_expect_eq(found.size, (int64_t)strlen(text), "%lld, %lld", (long long)column,
                 (long long)row);
    cr_expect_eq(memcmp(found.data, text, (size_t)found.size), 0, "%lld, %lld", (long long)column,
                 (long long)row);
    cr_expect_eq(qetl_column_is_null(&c, row), !*text);
    qetl_schema_release(&field);
}

Test(csv_late, decode_answers_the_early_columns_alone)
{
    struct qetl_decoded decoded;
    decode(&decoded);
    cr_expect_eq(decoded.batch.n_children, 1);
    cr_expect_eq(decoded.rows, 4);
    cr_expect_eq(decoded.records, 5);
    close(&decoded);
}

Test(csv_late, rows_are_those_of_the_map)
{
    struct qetl_decoded decoded;
    struct ArrowArray late;
    const int32_t map[] = {0, 2, 2};
    decode(&decoded);
    cr_assert_eq(rig.component->format->decode_late(rig.decoder, 3, map, &late), 0);
    cr_expect_eq(late.n_children, 2);
    cr_expect_eq(late.length, 3);
    expect_text(&late, 0, 0, "short");
    expect_text(&late, 0, 1, "with \"doubled\" quotes inside");
    expect_text(&late, 0, 2, "with \"doubled\" quotes inside");
    expect_text(&late, 1, 0, "a long text, in quotes");
    expect_text(&late, 1, 1, "x");
    qetl_array_release(&late);
    close(&decoded);
}

Test(csv_late, without_a_map_all_rows_come_and_again)
{
    struct qetl_decoded decoded;
    struct ArrowArray late;
    decode(&decoded);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(rig.component->format->decode_late(rig.decoder, 4, NULL, &late), 0);
        cr_expect_eq(late.length, 4);
        expect_text(&late, 0, 1, "a text that is longer");
        expect_text(&late, 1, 1, "");
        expect_text(&late, 0, 3, "");
        expect_text(&late, 1, 3, "last");
        qetl_array_release(&late);
    }
    close(&decoded);
}

Test(csv_late, of_no_rows_there_is_nothing)
{
    struct qetl_decoded decoded;
    struct ArrowArray late;
    const int32_t none[1] = {0};
    decode(&decoded);
    cr_assert_eq(rig.component->format->decode_late(rig.decoder, 0, none, &late), 0);
    cr_expect_eq(late.length, 0);
    qetl_array_release(&late);
    close(&decoded);
}
